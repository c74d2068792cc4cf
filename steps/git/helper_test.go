package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "lockstep-git-home")
	if err != nil {
		panic(err)
	}
	// Neither git nor go-git may see the configuration of whoever runs the tests.
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

// needGit skips loudly without the git program, which builds the histories and
// is what we compare ourselves with.
func needGit(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") == "1" {
			t.Fatal("git is not on PATH")
		}
		t.Skip("git is not on PATH; nothing about git is tested")
	}
}

// A project is a git repository made for a test.
type project struct {
	t     testing.TB
	dir   string
	clock int64
}

func newProject(t testing.TB) *project {
	t.Helper()
	needGit(t)
	p := &project{t: t, dir: t.TempDir(), clock: 1_700_000_000}
	p.git("init", "-q", "-b", "main")
	return p
}

// git runs the git program and returns what it prints, trimmed.
func (p *project) git(args ...string) string {
	p.t.Helper()
	return p.gitIn("", args...)
}

func (p *project) gitIn(stdin string, args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	p.clock += 60
	date := fmt.Sprintf("@%d +0000", p.clock)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("git %q: %v\n%s", args, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func (p *project) write(path, content string) {
	p.t.Helper()
	full := filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) read(path string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, path))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// commit writes files, given as path and content in turn, and commits them.
func (p *project) commit(message string, files ...string) string {
	p.t.Helper()
	for i := 0; i < len(files); i += 2 {
		p.write(files[i], files[i+1])
	}
	p.git("add", "-A")
	p.gitIn(message, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-")
	return p.git("rev-parse", "HEAD")
}

// pin commits a commit id into production's pin file.
func (p *project) pin(id string) string {
	p.t.Helper()
	return p.commit("pin production", pinFile, id+"\n")
}

const pinFile = "environments/production/deployed-ref"

// production is an environment of the project.
func production() *runbook.Environment {
	return &runbook.Environment{
		Name: "production", Repository: ".", Branch: "main",
		Pin: runbook.Pin{File: pinFile}, Paths: []string{"modules/dns"},
		Inputs:    []string{"environments/production"},
		Terraform: runbook.Terraform{Directory: "environments/production"},
	}
}

// open opens the project for an environment.
func (p *project) open(env *runbook.Environment) *Repository {
	p.t.Helper()
	r, err := Open(env, p.dir)
	if err != nil {
		p.t.Fatalf("open: %v", err)
	}
	p.t.Cleanup(func() { r.Close() })
	return r
}

// list returns the candidates of an environment.
func (p *project) list(env *runbook.Environment, src Sources) *Listing {
	p.t.Helper()
	l, err := p.open(env).Candidates(context.Background(), src)
	if err != nil {
		p.t.Fatalf("candidates: %v", err)
	}
	return l
}

// operator answers questions for a test, by the rules of the engine: an effect
// runs only live, an answer that Check refuses is no answer.
type operator struct {
	facts    engine.Facts
	run      engine.Run
	answer   func(engine.Question) engine.Answer
	asked    []engine.Question
	events   []engine.Event
	intents  []engine.Intent
	evidence []map[string]any
	refused  []string
	during   func()                // runs inside an effect, before it
	look     func(engine.Question) // runs while a question is open
	dies     bool                  // as soon as the intent of an effect is written
}

// errDied is what a step gets that is under way while its process dies.
var errDied = errors.New("the process died")

func (p *project) operator(env *runbook.Environment, answer func(engine.Question) engine.Answer) *operator {
	return &operator{
		answer: answer,
		run: engine.Run{
			ID: "7f3a", Mode: engine.Live, Environment: env, Folder: p.dir,
			Runbook: &runbook.Runbook{Environments: map[string]*runbook.Environment{env.Name: env}},
			Actor:   journal.Actor{Name: "ana", Host: "ops1"},
		},
	}
}

func (o *operator) Tell(e engine.Event)  { o.events = append(o.events, e) }
func (o *operator) Facts() *engine.Facts { return &o.facts }
func (o *operator) Run() engine.Run      { return o.run }

func (o *operator) Ask(_ context.Context, q engine.Question) (engine.Answer, error) {
	o.asked = append(o.asked, q)
	if o.look != nil {
		o.look(q)
	}
	a := o.answer(q)
	i := slices.IndexFunc(q.Choices, func(c engine.Choice) bool { return c.ID == a.Choice })
	switch {
	case i < 0:
		return a, fmt.Errorf("%q is no choice", a.Choice)
	case q.Choices[i].Stops:
		return a, engine.ErrDeclined
	case !q.Choices[i].Disabled.IsEmpty():
		return a, fmt.Errorf("disabled: %s", q.Choices[i].Disabled)
	case q.Check != nil:
		return a, q.Check(a)
	}
	return a, nil
}

func (o *operator) Effect(ctx context.Context, i engine.Intent, do func(context.Context) (engine.Ending, error)) (engine.Ending, error) {
	if o.run.Rehearsal() {
		return engine.Ending{}, engine.ErrRehearsed
	}
	o.intents = append(o.intents, i)
	if o.dies {
		return engine.Ending{}, errDied
	}
	if o.during != nil {
		o.during()
	}
	return do(ctx)
}

func (o *operator) Evidence(_ safe.Text, facts map[string]any, _ ...engine.Blob) error {
	o.evidence = append(o.evidence, facts)
	return nil
}

func (o *operator) Bind(safe.Text, map[string]any) error { return nil }

func (o *operator) Refuse(what safe.Text, err error) error {
	o.refused = append(o.refused, what.String())
	return err
}

// warnings returns what the operator was told in words.
func (o *operator) warnings() string {
	var out []string
	for _, e := range o.events {
		if w, ok := e.(engine.Warned); ok {
			out = append(out, w.Text.String())
		}
	}
	return strings.Join(out, "\n")
}

// step builds a step of the kit.
func step(t testing.TB, s runbook.Step) engine.Step {
	t.Helper()
	at := time.Unix(1_800_000_000, 0).UTC()
	st, err := Kit(Deps{Now: func() time.Time { return at }})[s.Kind()](s)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// mustFail checks the words of an error and that it says what to do.
func mustFail(t *testing.T, err error, words, hint string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("error is\n  %v\nand should say\n  %s", err, words)
	}
	var p *engine.Problem
	if hint != "" && (!errors.As(err, &p) || !strings.Contains(p.Hint, hint)) {
		t.Errorf("hint of %v is %+v, and should say %q", err, p, hint)
	}
}

func joined(texts []safe.Text) string { return safe.Join(texts, " | ").String() }
