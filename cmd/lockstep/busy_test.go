package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestClearWork_keepsTheOnlyCopyOfAState(t *testing.T) {
	for name, c := range map[string]struct {
		state   string // in the work folder, "" for none
		rescued string // in the folder of rescued states
		stays   bool
	}{
		"no state":      {},
		"the only copy": {state: "serial 2", rescued: "serial 1", stays: true},
		"rescued":       {state: "serial 2", rescued: "serial 2"},
	} {
		dir := t.TempDir()
		deep := filepath.Join(dir, workName, "r1", "terraform", "checkout-1", "tree")
		err := errors.Join(os.MkdirAll(deep, 0o700), os.MkdirAll(filepath.Join(dir, rescuedName), 0o700))
		if c.state != "" {
			err = errors.Join(err, os.WriteFile(filepath.Join(deep, "errored.tfstate"), []byte(c.state), 0o600))
		}
		if c.rescued != "" {
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, rescuedName, "x-errored.tfstate"), []byte(c.rescued), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
		note, err := clearWork(dir, "r1")
		_, gone := os.Stat(deep)
		if err != nil || (gone == nil) != c.stays || note.IsEmpty() == c.stays {
			t.Errorf("%s: %q %v, the folder: %v", name, note, err, gone)
		}
	}
	dir := t.TempDir()
	if _, err := clearWork(filepath.Join(dir, "in"), ".."); err != nil {
		t.Error(err)
	}
	if _, err := clearWork(dir, "never was"); err != nil {
		t.Error(err)
	}
}
