package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// A pair is two configurations of one project: what is applied, and what then
// gets planned. A stage in between leaves something over for the last one.
//
// Pairs are txtar archives. The folders of an archive are its stages, in order;
// all but the last are applied. The comment says what the pair is for, and may
// hold settings, one a line:
//
//	parallelism N         for the apply of the last stage
//	args STAGE ARGUMENT…  of the plan of a stage, such as -target=ADDRESS
//
// The file "forecast" is what is predicted for it: every action, and what becomes of live
// things.
type pair struct {
	name        string
	parallelism int
	stages      []stage
	golden      string // file to compare the forecast with, or ""
	forecast    string
}

type stage struct {
	name  string
	files map[string]string // by path in the stage
	args  []string
}

// terraform's usual number of slots.
const usualSlots = 10

func parsePair(name string, a *txtar.Archive) (pair, error) {
	p := pair{name: name, parallelism: usualSlots}
	at := map[string]int{}
	for _, f := range a.Files {
		if f.Name == forecastFile {
			p.forecast = string(f.Data)
			continue
		}
		dir, file, ok := strings.Cut(f.Name, "/")
		if !ok {
			return p, fmt.Errorf("%s: the file %s is in no stage", name, f.Name)
		}
		i, seen := at[dir]
		if !seen {
			i = len(p.stages)
			at[dir] = i
			p.stages = append(p.stages, stage{name: dir, files: map[string]string{}})
		}
		p.stages[i].files[file] = string(f.Data)
	}
	for line := range strings.Lines(string(a.Comment)) {
		switch f := strings.Fields(line); {
		case len(f) == 2 && f[0] == "parallelism":
			if _, err := fmt.Sscan(f[1], &p.parallelism); err != nil {
				return p, fmt.Errorf("%s: %q: %w", name, line, err)
			}
		case len(f) > 2 && f[0] == "args":
			i, ok := at[f[1]]
			if !ok {
				return p, fmt.Errorf("%s: there is no stage %s", name, f[1])
			}
			p.stages[i].args = f[2:]
		}
	}
	if len(p.stages) < 2 {
		return p, fmt.Errorf("%s: there have to be two stages", name)
	}
	return p, nil
}

const forecastFile = "forecast"

// writtenPairs reads the pairs that were written by hand.
func writtenPairs(t *testing.T) []pair {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "conformance", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var pairs []pair
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePair(strings.TrimSuffix(filepath.Base(file), ".txtar"), a)
		if err != nil {
			t.Fatal(err)
		}
		p.golden = file
		pairs = append(pairs, p)
	}
	return pairs
}

// Every module says where the provider is from; the root configures it unless a
// file of the stage does.
const (
	required = `terraform {
  required_providers {
    sandbox = { source = "sandbox.test/lockstep/sandbox" }
  }
}
`
	hurried            = "  hurry = true\n}\n"
	configuredProvider = `provider "sandbox" {
  endpoint   = "http://127.0.0.1:1"
  dns_server = "127.0.0.1:1"
  account    = "nobody"
  token      = "bm9uZQ=="
}
`
)

// write puts the configuration of a stage in place of the one that is there.
// Stages that only prepare the last one need not take their time.
func (s stage) write(root string, hurry bool) error {
	old, err := filepath.Glob(filepath.Join(root, "*.tf"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "modules")); err != nil {
		return err
	}
	files := map[string]string{"required.tf": required}
	if _, ok := s.files["provider.tf"]; !ok {
		files["provider.tf"] = configuredProvider
		if hurry {
			files["provider.tf"] = strings.TrimSuffix(configuredProvider, "}\n") + hurried
		}
	}
	for name, text := range s.files {
		files[name] = text
		files[path.Join(path.Dir(name), "required.tf")] = required
	}
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// hasModules reports whether Terraform has to look for modules.
func (s stage) hasModules() bool {
	for name := range s.files {
		if strings.Contains(name, "/") {
			return true
		}
	}
	return false
}

// setForecast writes what was predicted into the archive of the pair.
func (p pair) setForecast(text string) error {
	a, err := txtar.ParseFile(p.golden)
	if err != nil {
		return err
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == forecastFile })
	a.Files = append(a.Files, txtar.File{Name: forecastFile, Data: []byte(text)})
	return os.WriteFile(p.golden, txtar.Format(a), 0o644)
}
