package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path of the module, and moduleRoot its folder.
const (
	module     = "lockstep"
	moduleRoot = "../.."
)

// mayImport says which top-level folders a top-level folder may import.
var mayImport = map[string][]string{
	"cmd":      {"cmd", "tui", "steps", "runbook", "runbooks"},
	"tui":      {"tui", "runbook"},
	"steps":    {"steps", "runbook"},
	"runbooks": {"runbooks", "runbook"},
	"runbook":  {"runbook"},
}

// home says in which folders a library may be imported, so that leaving it
// touches no other.
var home = map[string][]string{
	"github.com/charmbracelet/":                  {"tui"},
	"github.com/muesli/":                         {"tui"},
	"a.lockstep/quiet":                           {"tui"},
	"github.com/go-git/":                         {"steps", "runbooks/sandbox"},
	"github.com/hashicorp/terraform-":            {"steps", "runbooks/sandbox"},
	"github.com/hashicorp/hc-install":            {"steps", "runbooks/sandbox"},
	"github.com/nicholas-fedor/shoutrrr":         {"steps"},
	"github.com/miekg/dns":                       {"steps", "runbooks/sandbox"},
	"github.com/spf13/cobra":                     {"cmd"},
	"github.com/rogpeppe/go-internal/testscript": {},
}

// farFromCore are packages that the core must not even reach through others: it
// knows no terminal and no network, and starts no program.
var farFromCore = []string{"os/exec", "net/http", "golang.org/x/term", "github.com/charmbracelet/", "github.com/go-git/", "github.com/hashicorp/terraform-"}

// A goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	Deps       []string
}

// top returns the first element of the path inside the module, "" for a
// package of others.
func (p goPackage) top() string {
	rest, ok := strings.CutPrefix(p.ImportPath, module+"/")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// ours returns the packages of the module as they are built, without tests.
func ours(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Imports,Deps", "./...")
	cmd.Dir = moduleRoot
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.top() != "" {
			all = append(all, p)
		}
	}
	if len(all) < 10 {
		t.Fatalf("go list knows only %d packages of ours", len(all))
	}
	return all
}

func TestArrows_pointInward(t *testing.T) {
	for _, p := range ours(t) {
		allowed, known := mayImport[p.top()]
		if !known {
			t.Errorf("%s is in a folder nobody knows", p.ImportPath)
		}
		for _, i := range p.Imports {
			if to := (goPackage{ImportPath: i}).top(); to != "" && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
}

func TestArrows_librariesStayAtHome(t *testing.T) {
	for _, p := range ours(t) {
		inside := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, i := range p.Imports {
			for library, folders := range home {
				if strings.HasPrefix(i, library) && !slices.ContainsFunc(folders, func(f string) bool { return within(inside, f) }) {
					t.Errorf("%s imports %s, which belongs in %v", p.ImportPath, i, folders)
				}
			}
		}
		if p.top() != "runbook" {
			continue
		}
		for _, d := range p.Deps {
			for _, far := range farFromCore {
				if d == far || strings.HasSuffix(far, "/") && strings.HasPrefix(d, far) {
					t.Errorf("%s reaches %s", p.ImportPath, d)
				}
			}
		}
	}
}

// within reports whether a path is a folder or inside it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

func TestLayout_hasNoOtherFolders(t *testing.T) {
	for _, name := range topLevel(t) {
		switch _, known := mayImport[name]; {
		case known, strings.HasPrefix(name, "."):
		case slices.Contains([]string{"go.mod", "go.sum", "LICENSE", "README.md", "CHANGELOG.md"}, name):
		default:
			t.Errorf("%s has no place at the top", name)
		}
	}
}

// topLevel returns the names at the top that belong to the project: those git
// knows, or all where there is no git repository.
func topLevel(t *testing.T) []string {
	t.Helper()
	if out, err := exec.Command("git", "-C", moduleRoot, "ls-files", "-z").Output(); err == nil && len(out) > 0 {
		var names []string
		for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			name, _, _ := strings.Cut(path, "/")
			names = append(names, name)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	entries, err := os.ReadDir(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestLayout_packagesAreNamedForWhatTheyHold(t *testing.T) {
	for _, p := range ours(t) {
		switch name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]; name {
		case "util", "utils", "common", "helper", "helpers", "types", "misc", "manager":
			t.Errorf("%s: %q says nothing", p.ImportPath, name)
		}
	}
}

func TestLayout_filesStayReadable(t *testing.T) {
	const most = 500
	files := 0
	err := filepath.WalkDir(moduleRoot, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != moduleRoot:
			return fs.SkipDir
		case e.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		files++
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := 0
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			lines++
		}
		if lines > most {
			t.Errorf("%s has %d lines, more than %d", path, lines, most)
		}
		return s.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d files were looked at", files)
	}
}
