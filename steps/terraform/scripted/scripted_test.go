package scripted_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/live"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/redact"
	"lockstep/steps/terraform/scripted"
)

func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	code := m.Run()
	scripted.Clean()
	os.Exit(code)
}

// program returns the path of a Terraform by name: "real" or "scripted".
func program(t *testing.T, name string) (path string, p *scripted.Program) {
	t.Helper()
	if name == "scripted" {
		p, err := scripted.Install(t.TempDir(), scripted.Script{Scenario: scripted.OK})
		if err != nil {
			t.Fatal(err)
		}
		return p.Path, p
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("terraform is required and not on PATH")
		}
		t.Skip("SKIPPED: terraform is not on PATH, so the scripted one was not compared with it")
	}
	return path, nil
}

// A site is a root module with its state, and the log of what was seen there.
type site struct {
	t    *testing.T
	dir  string
	root *cli.Root
	seen []string

	hooks map[int]string // line → address of the resource that it tells of
}

const head = "terraform {\n  backend \"local\" {}\n}\n"

func newSite(t *testing.T, path string) *site {
	s := &site{t: t, dir: t.TempDir()}
	work := filepath.Join(s.dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"HOME": s.dir, "PATH": os.Getenv("PATH"), "CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": filepath.Join(s.dir, "data"),
		"TF_CLI_CONFIG_FILE": os.DevNull,
	}
	bin, err := cli.Find(t.Context(), path, "", env)
	if err != nil {
		t.Fatal(err)
	}
	s.root = &cli.Root{Binary: bin, Dir: work, Env: env, Net: &redact.Net{}, Parallelism: 1}
	return s
}

func (s *site) write(main string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.root.Dir, "main.tf"), []byte(head+main), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// job returns a place that an apply can be kept in.
func (s *site) job() string { return filepath.Join(s.t.TempDir(), "kept") }

func (s *site) note(format string, args ...any) {
	s.seen = append(s.seen, fmt.Sprintf(format, args...))
}

// noteError writes down an error with what would differ from one machine to the
// next taken out.
func (s *site) noteError(what string, exit int, err error) {
	text := "none"
	if err != nil {
		text, _, _ = strings.Cut(strings.ReplaceAll(err.Error(), s.dir, "DIR"), " by ") // who holds a lock
	}
	s.note("%s: exit %d, stale %t, unknown %t, error %s", what, exit, errors.Is(err, engine.ErrStale), errors.Is(err, engine.ErrUnknown), text)
}

// message writes down of a message what Lockstep reads of it.
func (s *site) message(m cli.Message) {
	if m.Type == "log" {
		return // words for a person
	}
	s.note("  %s %s %s %s", m.Level, m.Type, m.Hook.Resource.Address, m.Hook.Action)
	if m.Hook.Resource.Address != "" {
		s.settle(m)
	}
	if m.Time.IsZero() {
		s.t.Errorf("%s without a time", m.Type)
	}
	if d := m.Diagnostic; d != nil {
		s.note("  %s: %s", d.Severity, d.Summary)
	}
	if m.Type == cli.TypeChangeSummary {
		s.note("  %s", m.Text)
	}
}

// settle moves the line of a hook before those of the hooks right before it whose
// address is greater: what does not depend on each other comes in any order.
func (s *site) settle(m cli.Message) {
	if s.hooks == nil {
		s.hooks = map[int]string{}
	}
	i := len(s.seen) - 1
	for s.hooks[i] = m.Hook.Resource.Address; s.hooks[i-1] > s.hooks[i]; i-- {
		s.seen[i-1], s.seen[i] = s.seen[i], s.seen[i-1]
		s.hooks[i-1], s.hooks[i] = s.hooks[i], s.hooks[i-1]
	}
}

// plan plans into a file and writes down what the plan says.
func (s *site) plan(file string, targets ...string) {
	s.t.Helper()
	changes, _, err := s.root.Plan(s.t.Context(), cli.PlanArgs{Out: file, Targets: targets}, s.message)
	s.noteError("plan", 0, err)
	s.note("changes: %t", changes)
	if err != nil {
		return
	}
	into := filepath.Join(s.dir, "plan.json")
	if err := s.root.Show(s.t.Context(), file, into); err != nil {
		s.t.Fatal(err)
	}
	doc, err := planfile.Read(into, &redact.Net{}, live.Shipped())
	if err != nil {
		s.t.Fatal(err)
	}
	from, err := planfile.SavedState(file)
	if err != nil {
		s.t.Fatal(err)
	}
	now, err := s.root.State(s.t.Context())
	if err != nil || from != now {
		s.t.Errorf("the plan was made from %+v, and the state is %+v, %v", from, now, err)
	}
	s.note("applyable %t, complete %t, limited %t", doc.Model.Applyable, doc.Model.Complete, doc.Limited)
	for i, r := range doc.Model.Resources {
		attributes, err := doc.Attributes(i)
		if err != nil {
			s.t.Fatal(err)
		}
		s.note("  %s: %s, because of %q", r.Address, r.Action, r.Reason)
		for _, a := range attributes {
			// Ids are made up, so only whether there is one can be compared.
			if a.Path.String() == "id" {
				a.Before, a.After = a.Before[:min(len(a.Before), 0)], a.After[:min(len(a.After), 0)]
			}
			s.note("    %s: %v → %v, unknown %t, same %t", a.Path, a.Before, a.After, a.Unknown, a.Same)
		}
	}
	s.graph(file, doc)
}

// graph writes down which nodes of resources come before which.
func (s *site) graph(file string, doc *planfile.File) {
	s.t.Helper()
	if doc.Model.IsEmpty() {
		return
	}
	dot, err := s.root.Graph(s.t.Context(), file)
	if err != nil {
		s.t.Fatal(err)
	}
	g, err := planfile.Graph(dot)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range slices.Sorted(slices.Values(g.Nodes)) {
		if strings.HasPrefix(n, "provider") || n == "root" {
			continue
		}
		var to []string
		for _, e := range g.Edges[n] {
			if !strings.HasPrefix(e, "provider") {
				to = append(to, e)
			}
		}
		slices.Sort(to)
		s.note("  node %s → %q", n, to)
	}
}

func (s *site) apply(ctx context.Context, file string, each func(cli.Message)) {
	s.t.Helper()
	exit, err := s.root.Apply(ctx, s.job(), file, func(m cli.Message) {
		s.message(m)
		if each != nil {
			each(m)
		}
	})
	s.noteError("apply", exit, err)
}

// state writes down the state, and checks that its serial moved or stayed.
func (s *site) state(moved bool, before planfile.StateID) planfile.StateID {
	s.t.Helper()
	raw, err := s.root.PullState(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	id, err := cli.StateID(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	if moved != (id.Serial > before.Serial) || before.Lineage != "" && id.Lineage != before.Lineage {
		s.t.Errorf("the state was %+v and is %+v", before, id)
	}
	s.note("state: lineage %t, serial moved %t, %d times terraform_data", id.Lineage != "", moved, strings.Count(raw, `"type": "terraform_data"`))
	return id
}

const (
	first  = "resource \"terraform_data\" \"a\" {\n  input = \"one\"\n}\nresource \"terraform_data\" \"b\" {\n  input      = \"two\"\n  depends_on = [terraform_data.a]\n}\n"
	second = "resource \"terraform_data\" \"a\" {\n  input = \"one, again\"\n}\nresource \"terraform_data\" \"c\" {\n  input = \"three\"\n}\n"
)

// ordinary goes through all that Lockstep does with Terraform.
func (s *site) ordinary() {
	t, ctx := s.t, s.t.Context()
	p, q := filepath.Join(s.dir, "p"), filepath.Join(s.dir, "q")
	settings := filepath.Join(s.dir, "backend.hcl")
	if err := os.WriteFile(settings, fmt.Appendf(nil, "path = %q\n", filepath.Join(s.dir, "live", "terraform.tfstate")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.write(first)
	s.noteError("init", 0, s.root.Init(ctx, []string{settings}, false))
	none := s.state(false, planfile.StateID{})
	s.plan(p)
	s.plan(q)
	s.apply(ctx, p, nil)
	one := s.state(true, none)
	s.apply(ctx, q, nil) // is stale by now
	s.state(false, one)
	s.plan(p) // of nothing
	s.write(second)
	s.plan(p)
	s.plan(q, "terraform_data.c")
	s.apply(ctx, q, nil)
	two := s.state(true, one)
	s.plan(p)
	s.apply(ctx, p, nil)
	s.state(true, two)
	s.noteError("workspace", 0, s.root.SelectWorkspace(ctx, "default"))
	err := s.root.SelectWorkspace(ctx, "blue")
	s.note("workspace blue: %v", err)
	err = s.root.Show(ctx, settings, filepath.Join(s.dir, "junk"))
	s.note("show of no plan fails: %t", err != nil)
	s.lockInfo("no lock is left")
}

// lockInfo writes down the names of lock files.
func (s *site) lockInfo(what string) {
	locks, err := filepath.Glob(filepath.Join(s.dir, "live", ".*.lock.info"))
	if err != nil {
		s.t.Fatal(err)
	}
	for i, l := range locks {
		locks[i] = filepath.Base(l)
	}
	s.note("%s: %q", what, locks)
}

// TestScripted_isLikeTheRealOne compares all that Lockstep reads, so that the
// double cannot drift from the program it stands for.
func TestScripted_isLikeTheRealOne(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, name := range []string{"real", "scripted"} {
		path, p := program(t, name)
		s := newSite(t, path)
		s.ordinary()
		seen[name] = s.seen
		if p == nil {
			continue
		}
		effects, err := p.Effects()
		if err != nil {
			t.Fatal(err)
		}
		var did []string
		for _, e := range effects {
			did = append(did, e.Address+" "+e.Action+" "+e.Input)
		}
		want := []string{"terraform_data.a create one", "terraform_data.b create two", "terraform_data.c create three", "terraform_data.b delete ", "terraform_data.a update one, again"}
		if !slices.Equal(did, want) {
			t.Errorf("it did %q", did)
		}
	}
	compare(t, seen)
}

func compare(t *testing.T, seen map[string][]string) {
	t.Helper()
	if len(seen["real"]) < 6 {
		t.Errorf("the real one shows only %q", seen["real"])
	}
	if !reflect.DeepEqual(seen["real"], seen["scripted"]) {
		for _, name := range slices.Sorted(maps.Keys(seen)) {
			t.Logf("%s:\n%s", name, strings.Join(seen[name], "\n"))
		}
		for i, line := range seen["real"] {
			if i >= len(seen["scripted"]) || seen["scripted"][i] != line {
				t.Errorf("line %d differs: the real one has %q", i+1, line)
				break
			}
		}
	}
}
