package origin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/git"
	"lockstep/steps/terraform/origin"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "lockstep-origin-home")
	if err != nil {
		panic(err)
	}
	for k, v := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "ana", "GIT_AUTHOR_EMAIL": "ana@example.org",
		"GIT_COMMITTER_NAME": "ana", "GIT_COMMITTER_EMAIL": "ana@example.org",
	} {
		os.Setenv(k, v)
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// A project is a git repository made for a test. Its commits have the names that
// the test gives them.
type project struct {
	t      testing.TB
	dir    string
	names  map[string]string // by hash
	line   []string          // hashes, oldest first; the first is the pin
	root   string
	inputs []string
	vars   []string // variable files
	drift  []string // addresses
}

// newProject makes a repository whose first commit, the pin, has the files, which
// are given as path and content in turn.
func newProject(t testing.TB, files ...string) *project {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") == "1" {
			t.Fatal("git is not on PATH")
		}
		t.Skip("git is not on PATH; no change is traced in a real history")
	}
	p := &project{t: t, dir: t.TempDir(), names: map[string]string{}, root: "env"}
	p.git("init", "-q", "-b", "main")
	p.commit("pin", files...)
	return p
}

func (p *project) git(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files and commits them. The content "-" removes the file.
func (p *project) commit(name string, files ...string) {
	p.t.Helper()
	for i := 0; i < len(files); i += 2 {
		full := filepath.Join(p.dir, files[i])
		if files[i+1] == "-" {
			if err := os.Remove(full); err != nil {
				p.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(files[i+1]), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	p.save(name)
}

// save commits the work tree as it is.
func (p *project) save(name string) {
	p.t.Helper()
	p.git("add", "-A")
	p.git("commit", "-q", "--allow-empty", "-m", name)
	h := p.git("rev-parse", "HEAD")
	p.names[h] = name
	p.line = append(p.line, h)
}

// A repository opens a git repository.
type repository string

func (r repository) History(context.Context) (origin.History, error) {
	return git.Open(&runbook.Environment{Repository: string(r), Branch: "main"}, string(r))
}

// trace returns for each change, written as "action address", the names of the
// commits or the words.
func (p *project) trace(changes ...string) []string {
	p.t.Helper()
	m := model(changes...)
	for _, d := range p.drift {
		m.Drift = append(m.Drift, plan.ResourceChange{Address: safe.Show(d)})
	}
	r := origin.Range{Pin: p.line[0], Commits: p.line[1:], VarFiles: p.vars}
	got, err := origin.Of(context.Background(), repository(p.dir), r, p.root, p.inputs, m)
	if err != nil {
		p.t.Fatal(err)
	}
	return describe(got, p.names)
}

// model makes a plan of changes that are written as
// "action [old address ->] address [attribute …]".
func model(changes ...string) *plan.Plan {
	m := &plan.Plan{}
	for i, c := range changes {
		f := strings.Fields(c)
		r := plan.ResourceChange{Index: i, Action: plan.Action(f[0])}
		if len(f) > 3 && f[2] == "->" {
			r.Previous, f = safe.Show(f[1]), f[2:]
		}
		r.Address, r.Replaces = safe.Show(f[1]), f[2:]
		m.Resources = append(m.Resources, r)
	}
	return m
}

func describe(got []plan.Origin, names map[string]string) []string {
	var out []string
	for _, o := range got {
		var words []string
		for _, c := range o.Commits {
			words = append(words, names[c])
		}
		if !o.Why.IsEmpty() {
			words = append(words, "("+o.Why.String()+")")
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// expect traces and compares; rows are change and origin in turn.
func (p *project) expect(rows ...string) {
	p.t.Helper()
	var changes, want []string
	for i := 0; i < len(rows); i += 2 {
		changes, want = append(changes, rows[i]), append(want, rows[i+1])
	}
	got := p.trace(changes...)
	if !slices.Equal(got, want) {
		var b strings.Builder
		for i := range changes {
			fmt.Fprintf(&b, "\n%s\n   is from %q\n   not from %q", changes[i], got[i], want[i])
		}
		p.t.Error(b.String())
	}
}

const (
	none    = "(no candidate commit touches it)"
	byInput = "(changed by an input, which is read from the head of the branch)"
	drifted = "(it was changed outside Terraform)"
)

func read(t testing.TB, p *project, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// editor returns a function that commits the replacement of a text in a file.
func (p *project) editor() func(name, file, old, new string) {
	return func(name, file, old, new string) {
		p.t.Helper()
		before := read(p.t, p, file)
		if strings.Count(before, old) != 1 {
			p.t.Fatalf("%q is in %s %d times", old, file, strings.Count(before, old))
		}
		p.commit(name, file, strings.Replace(before, old, new, 1))
	}
}
