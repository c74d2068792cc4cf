package terraform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

func TestRescue_findsAnotherPlaceWhenTheFirstOneCannotBeWritten(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	blocked := filepath.Join(t.TempDir(), "rescued")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSession(Deps{Rescue: blocked}, engine.Run{ID: "r1", Runbook: &runbook.Runbook{}, Environment: &runbook.Environment{}})
	const printed = `{"lineage":"x"}`
	kept, err := s.rescueState(t.TempDir(), []byte(printed))
	if err != nil || !strings.HasPrefix(kept, os.Getenv("TMPDIR")) {
		t.Fatal(kept, err)
	}
	raw, err := os.ReadFile(kept)
	if err != nil || string(raw) != printed {
		t.Errorf("%q, %v", raw, err)
	}
	for _, path := range []string{kept, filepath.Dir(kept)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v: others may read it", path, info.Mode(), err)
		}
	}
}

func TestRescue_saysThatThereIsNoPlaceAndKeepsTheFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	blocked := filepath.Join(t.TempDir(), "rescued")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(erroredPath(dir), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSession(Deps{Rescue: blocked}, engine.Run{ID: "r1", Runbook: &runbook.Runbook{}, Environment: &runbook.Environment{}})
	if kept, err := s.rescueState(dir, nil); err == nil || kept != "" {
		t.Error(kept, err)
	}
	if _, err := os.Stat(erroredPath(dir)); err != nil {
		t.Error(err)
	}
}
