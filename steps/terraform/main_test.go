package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// needTerraform skips a test, or fails it where tools are required.
func needTerraform(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("terraform is required and not on PATH")
		}
		t.Skip("SKIPPED: terraform is not on PATH, so nothing here was tested")
	}
}

// A project is a repository of files by commit, with a local state outside.
type project struct {
	t          *testing.T
	dir        string
	commits    map[string]map[string]string // commit → path → content
	env        *runbook.Environment
	environ    []string
	checkouts  int
	identities map[string]*runbook.Identity
	patches    string // folder
	learned    *durations.Learned
	treeSuffix string
}

const backendBlock = "terraform {\n  backend \"local\" {}\n}\n"

// newProject has one commit, "c1", with main.tf.
func newProject(t *testing.T, main string) *project {
	t.Helper()
	needTerraform(t)
	p := &project{t: t, dir: t.TempDir(), commits: map[string]map[string]string{}}
	p.commit("c1", main)
	p.env = &runbook.Environment{Name: "production", Terraform: runbook.Terraform{
		Directory: ".", Binary: "terraform", Parallelism: 10,
		Backend: map[string]string{"path": p.statePath()},
	}}
	p.environ = []string{
		"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.Getenv("TMPDIR"), "TF_CLI_CONFIG_FILE=" + os.DevNull,
	}
	return p
}

func (p *project) commit(name, main string) {
	p.commits[name] = map[string]string{"main.tf": backendBlock + main}
}

func (p *project) statePath() string { return filepath.Join(p.dir, "state", "terraform.tfstate") }

// state returns the state as text, "" when there is none.
func (p *project) state() string {
	raw, err := os.ReadFile(p.statePath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(raw)
}

// resources lists the addresses in the state with the number of deposed objects.
func (p *project) resources() []string {
	var s struct {
		Resources []struct {
			Mode, Type, Name string
			Instances        []struct {
				Key     any    `json:"index_key"`
				Deposed string `json:"deposed"`
			}
		}
	}
	if text := p.state(); text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			p.t.Fatal(err)
		}
	}
	var out []string
	for _, r := range s.Resources {
		for _, i := range r.Instances {
			a := r.Name
			if i.Key != nil {
				a += fmt.Sprintf("[%v]", i.Key)
			}
			if i.Deposed != "" {
				a += " deposed"
			}
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

func (p *project) deps() Deps {
	return Deps{
		Environ: func() []string { return p.environ },
		Rescue:  filepath.Join(p.dir, "rescued"),
		States:  filepath.Join(p.dir, "copied"),
		Patches: p.patches,
		Learned: func() *durations.Learned { return p.learned },
		Open: func(*runbook.Environment, string) (Source, error) {
			return p, nil
		},
	}
}

func (p *project) Checkout(_ context.Context, commit, _ string, _ []string, into string) (string, error) {
	if !strings.Contains(into, "fresh-") { // which is only to compare with
		p.checkouts++
	}
	files, ok := p.commits[commit]
	if !ok {
		return "", fmt.Errorf("no commit %q", commit)
	}
	for path, content := range files {
		path = filepath.Join(into, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		if to, ok := strings.CutPrefix(content, "-> "); ok {
			if err := os.Symlink(to, path); err != nil {
				return "", err
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			return "", err
		}
	}
	return "tree-of-" + commit + p.treeSuffix, nil
}

// operator starts a run of the project.
func (p *project) operator(mode engine.Mode) *operator {
	o := &operator{t: p.t, mode: mode, take: map[engine.QuestionKind]func(engine.Question) engine.Answer{}}
	o.facts.Commit = &engine.Candidate{Hash: "c1", Short: "c1"}
	o.facts.Head = "c1"
	o.facts.Round = 1
	o.run = engine.Run{
		ID: "run-1", Mode: mode, Environment: p.env, WorkDir: p.t.TempDir(), Folder: p.dir,
		Runbook: &runbook.Runbook{Environments: map[string]*runbook.Environment{"production": p.env}, Identities: p.identities},
	}
	o.take[engine.AskChange] = recommended
	o.take[engine.AskApply] = yes
	return o
}

// apply brings a commit into the state in one go, without questions.
func (p *project) apply(commit string) {
	p.t.Helper()
	o := p.operator(engine.Live)
	o.facts.Commit = &engine.Candidate{Hash: commit}
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		if len(q.Choices) == 2 {
			return recommended(q)
		}
		return engine.Answer{Choice: everything, Reason: "a start"}
	}
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	if !o.facts.PlanEmpty {
		o.mustStep(tool, runbook.KindApply)
	}
}

// An operator answers questions by functions and keeps all that it was told as
// JSON, as a screen and a journal would.
type operator struct {
	t     *testing.T
	mode  engine.Mode
	run   engine.Run
	facts engine.Facts
	take  map[engine.QuestionKind]func(engine.Question) engine.Answer

	mu        sync.Mutex
	all       strings.Builder
	events    []engine.Event
	questions []engine.Question
	parts     []engine.Part
	intents   []engine.Intent
	endings   []engine.Ending
	refusals  []string
	binds     []map[string]any
	onEvent   func(engine.Event)
	dies      bool // as soon as the intent of an effect is written
	onIntent  func()
}

var _ engine.Operator = (*operator)(nil)

func recommended(q engine.Question) engine.Answer {
	return engine.Answer{Choice: "take", Item: q.Payload.(engine.PlanReview).Changes[0].ID}
}

// yes applies and accepts every hazard that has to be.
func yes(q engine.Question) engine.Answer {
	a := engine.Answer{Choice: "apply", Typed: q.Choices[1].Typed}
	for _, h := range q.Payload.(engine.PlanReview).Hazards {
		if h.Accept {
			a.Acknowledge = append(a.Acknowledge, h.Key())
		}
	}
	return a
}

func (o *operator) keep(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		o.t.Errorf("not serialisable: %v", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(raw)
	o.all.WriteByte('\n')
}

func (o *operator) Tell(ev engine.Event) {
	o.keep(ev)
	o.mu.Lock()
	o.events = append(o.events, ev)
	o.mu.Unlock()
	if o.onEvent != nil {
		o.onEvent(ev)
	}
}

func (o *operator) Ask(ctx context.Context, q engine.Question) (engine.Answer, error) {
	o.keep(q)
	o.questions = append(o.questions, q)
	if q.Fetch != nil {
		for i := range q.Payload.(engine.PlanReview).Plan.Resources {
			part, err := q.Fetch(engine.Request{What: "resource", Index: i})
			if err != nil {
				o.t.Errorf("resource %d: %v", i, err)
			}
			o.keep(part)
			o.parts = append(o.parts, part)
		}
		part, err := q.Fetch(engine.Request{What: "order"})
		if err != nil {
			o.t.Error(err)
		}
		o.keep(part)
	}
	a := o.take[q.Kind](q)
	i := slices.IndexFunc(q.Choices, func(c engine.Choice) bool { return c.ID == a.Choice })
	if i < 0 {
		return a, fmt.Errorf("%q is not one of the choices", a.Choice)
	}
	if q.Choices[i].Stops {
		return a, engine.ErrDeclined
	}
	if q.Choices[i].Typed != a.Typed {
		return a, fmt.Errorf("%q was typed", a.Typed)
	}
	if q.Check != nil {
		if err := q.Check(a); err != nil {
			return a, &engine.RefusedError{Why: err.Error()}
		}
	}
	return a, ctx.Err()
}

func (o *operator) Effect(ctx context.Context, i engine.Intent, do func(context.Context) (engine.Ending, error)) (engine.Ending, error) {
	o.keep([]any{i.Effect, i.What, i.Facts})
	if o.run.Rehearsal() {
		return engine.Ending{}, engine.ErrRehearsed
	}
	o.intents = append(o.intents, i)
	if o.dies {
		runtime.Goexit() // nothing that comes after is done
	}
	if o.onIntent != nil {
		o.onIntent()
	}
	end, err := do(ctx)
	o.endings = append(o.endings, end)
	o.keep(end.Facts)
	for _, b := range end.Blobs {
		o.keep(string(b.Data))
	}
	return end, err
}

func (o *operator) Evidence(what safe.Text, facts map[string]any, _ ...engine.Blob) error {
	o.keep(what)
	o.keep(facts)
	return nil
}

func (o *operator) Bind(what safe.Text, things map[string]any) error {
	o.binds = append(o.binds, things)
	o.keep([]any{what, things})
	return nil
}

func (o *operator) Refuse(what safe.Text, err error) error {
	o.refusals = append(o.refusals, what.String()+": "+err.Error())
	o.keep(err.Error())
	return err
}

func (o *operator) Facts() *engine.Facts { return &o.facts }
func (o *operator) Run() engine.Run      { return o.run }

// step runs one step and keeps what its error says.
func (o *operator) step(ctx context.Context, tool *Tool, kind runbook.Kind) (engine.Report, error) {
	o.t.Helper()
	s := runbook.Step{ID: string(kind), Apply: &runbook.Apply{Watch: []string{"static"}}}
	step, err := tool.Kit()[kind](s)
	if err != nil {
		o.t.Fatal(err)
	}
	report, err := step.Run(ctx, o)
	o.keep(report)
	if err != nil {
		o.keep(err.Error())
		var p *engine.Problem
		if errors.As(err, &p) {
			o.keep(p.Lines)
			o.keep(p.Hint)
		}
	}
	return report, err
}

func (o *operator) mustStep(tool *Tool, kind runbook.Kind) engine.Report {
	o.t.Helper()
	report, err := o.step(o.t.Context(), tool, kind)
	if err != nil {
		o.t.Fatalf("%s: %v\n%v", kind, err, linesOf(err))
	}
	return report
}

// rounds plans and applies until nothing is left and returns the titles.
func (o *operator) rounds(tool *Tool) []string {
	o.t.Helper()
	var titles []string
	for range 20 {
		o.mustStep(tool, runbook.KindPlan)
		if o.facts.PlanEmpty {
			return titles
		}
		titles = append(titles, o.facts.Plan.Change.Title.String())
		o.mustStep(tool, runbook.KindApply)
		o.facts.Round++
	}
	o.t.Fatalf("no end after %q", titles)
	return nil
}

// said returns all that was told, asked, recorded or refused.
func (o *operator) said() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *operator) warnings() string {
	var out []string
	for _, ev := range o.events {
		if w, ok := ev.(engine.Warned); ok {
			out = append(out, w.Text.String())
		}
	}
	return strings.Join(out, "\n")
}

// linesOf returns the details of an error.
func linesOf(err error) string {
	var p *engine.Problem
	if !errors.As(err, &p) {
		return ""
	}
	var b strings.Builder
	for _, l := range p.Lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String() + "hint: " + p.Hint
}

func counts(p plan.Plan) map[plan.Action]int { return maps.Clone(p.Count()) }
