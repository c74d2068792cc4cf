package terraform

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// A gauntlet is a run with the real engine and a real journal of a project whose
// plan runs a script, and what happens on its way.
type gauntlet struct {
	*project
	tool    *Tool
	effects string
	stop    bool // at the failure menu, instead of trying again

	onIntent func() // before the intent is in the journal
	onApply  func(e *engine.Engine, q engine.Question)
}

func newGauntlet(t *testing.T) *gauntlet {
	g := &gauntlet{project: newProject(t, "")}
	g.effects = filepath.Join(g.dir, "effects")
	g.commits["c1"]["main.tf"] = backendBlock + `
resource "terraform_data" "run" {
  provisioner "local-exec" {
    command = "sh ${path.module}/deploy.sh"
  }
}
`
	g.commits["c1"]["deploy.sh"] = "echo reviewed >> " + g.effects + "\n"
	g.tool = New(g.deps())
	return g
}

// script is what the plan runs, in the checkout of now.
func (g *gauntlet) script() string {
	g.tool.mu.Lock()
	defer g.tool.mu.Unlock()
	return filepath.Join(g.tool.sessions["run-1"].work.top, "deploy.sh")
}

// watched calls a function before the intent is written.
type watched struct {
	*journal.Journal
	g *gauntlet
}

func (w watched) Append(d journal.Draft) (journal.Record, error) {
	if d.Kind == journal.KindIntent && w.g.onIntent != nil {
		w.g.onIntent()
	}
	return w.Journal.Append(d)
}

func (g *gauntlet) run() (result engine.Result, kinds []string, records []journal.Record) {
	t := g.t
	t.Helper()
	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/production"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := g.config(g.tool, "c1", watched{j, g}, t.TempDir(), []runbook.Step{
		{ID: "pick", Position: "1", PickCommit: &runbook.PickCommit{}},
		{ID: "plan", Position: "2", Plan: &runbook.Plan{}},
		{ID: "apply", Position: "3", Apply: &runbook.Apply{}},
	})
	cfg.Actor = journal.Actor{Name: "ana", Host: "ops1"}
	e := mustEngine(t, cfg)
	result, _ = toTheEnd(t, e, asked(func(q engine.Question) { g.answer(e, q) }))
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if records, err = journal.Read(filepath.Join(dir, journal.FileName)); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Step == "apply" && r.Kind != journal.KindEvidence {
			kinds = append(kinds, string(r.Kind))
		}
	}
	return result, kinds, records
}

func (g *gauntlet) answer(e *engine.Engine, q engine.Question) {
	switch q.Kind {
	case engine.AskApply:
		if g.onApply != nil {
			g.onApply(e, q)
		}
	case engine.AskFailure:
		a := engine.Answer{Question: q.ID, Digest: q.Digest, Choice: "retry"}
		if g.stop {
			a.Choice = "stop"
		}
		if err := e.Answer(a); err != nil {
			g.t.Error(err)
		}
		return
	}
	answer(g.t, e, q)
}

func (g *gauntlet) applied() string {
	raw, err := os.ReadFile(g.effects)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		g.t.Fatal(err)
	}
	return string(raw)
}

func TestEngine_refusesWhatMovedAndPlansAgain(t *testing.T) {
	t.Parallel()
	g := newGauntlet(t)
	once := sync.OnceFunc(func() { appendTo(t, g.script(), "echo slipped in >> "+g.effects+"\n") })
	g.onApply = func(*engine.Engine, engine.Question) { once() }
	result, kinds, records := g.run()
	want := []string{
		"step", "bind", "question", "decision", "refusal", "question", "decision", "step", // refused, tried again
		"step", "question", "decision", "bind", "question", "decision", "intent", "outcome", "step",
	}
	if result != engine.OK || !slices.Equal(kinds, want) || g.applied() != "reviewed\n" {
		t.Errorf("%s, effects %q, records\n%q, want\n%q", result, g.applied(), kinds, want)
	}
	for _, r := range records {
		if r.Kind == journal.KindRefusal && !strings.Contains(string(r.Body), `deploy.sh`) {
			t.Errorf("the refusal does not say what moved: %s", r.Body)
		}
	}
}

func TestEngine_refusesWhatMovedAfterTheIntent(t *testing.T) {
	t.Parallel()
	g := newGauntlet(t)
	g.stop = true
	g.onIntent = func() { appendTo(t, g.script(), "echo slipped in >> "+g.effects+"\n") }
	result, kinds, records := g.run()
	want := []string{"step", "bind", "question", "decision", "intent", "refusal", "outcome", "question", "decision", "step"}
	if result != engine.Failed || !slices.Equal(kinds, want) || g.applied() != "" || g.state() != "" {
		t.Errorf("%s, effects %q, state %q, records\n%q, want\n%q", result, g.applied(), g.state(), kinds, want)
	}
	for _, r := range records {
		if r.Kind == journal.KindOutcome && !strings.Contains(string(r.Body), `"started":false`) {
			t.Errorf("the outcome does not say that nothing was started: %s", r.Body)
		}
	}
}

func TestEngine_takesNoAnswerThatWasGivenToSomethingElse(t *testing.T) {
	t.Parallel()
	g := newGauntlet(t)
	var plan string // digest of the question about the change
	g.onApply = func(e *engine.Engine, q engine.Question) {
		for name, a := range map[string]engine.Answer{
			"another question": {Question: "q1", Digest: q.Digest, Choice: "apply", Typed: q.Choices[1].Typed},
			"another plan":     {Question: q.ID, Digest: strings.Repeat("0", 64), Choice: "apply", Typed: q.Choices[1].Typed},
			"no plan":          {Question: q.ID, Choice: "apply", Typed: q.Choices[1].Typed},
		} {
			if err := e.Answer(a); err == nil {
				t.Errorf("%s: the answer was taken", name)
			}
		}
		plan = q.Digest
	}
	result, _, records := g.run()
	var bound, decided bool
	for _, r := range records {
		if r.Kind == journal.KindBind {
			bound = strings.Contains(string(r.Body), "sha256:"+plan) && strings.Contains(string(r.Body), `"operator":"ana@ops1"`) &&
				strings.Contains(string(r.Body), `"id":"run-1"`)
		}
		decided = decided || r.Kind == journal.KindDecision && bound && strings.Contains(string(r.Body), plan)
	}
	if result != engine.OK || !bound || !decided || g.applied() != "reviewed\n" {
		t.Errorf("%s, bound %t, decided %t, effects %q", result, bound, decided, g.applied())
	}
	// The next run has other plans, though nothing else is different.
	again := newGauntlet(t)
	again.onApply = func(e *engine.Engine, q engine.Question) {
		if err := e.Answer(engine.Answer{Question: q.ID, Digest: plan, Choice: "apply", Typed: q.Choices[1].Typed}); err == nil {
			t.Error("the answer of another run was taken")
		}
	}
	if result, _, _ := again.run(); result != engine.OK {
		t.Error(result)
	}
}

func TestApply_doesNotAskWhenTheCheckoutIsNotTheCommit(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	appendTo(t, filepath.Join(tool.session(o).work.top, "deploy.sh"), "rm -rf\n")
	asked := len(o.questions)
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if !errors.Is(err, engine.ErrStale) || len(o.questions) != asked || len(o.binds) != 0 || len(o.refusals) != 1 || p.state() != "" {
		t.Errorf("%v, %d questions, %d binds, refusals %q", err, len(o.questions)-asked, len(o.binds), o.refusals)
	}
}

// TestApply_findsAFileThatWasWrongFromTheStart tampers before anything was taken
// down: the file is the same at every look, and never what the commit has.
func TestApply_findsAFileThatWasWrongFromTheStart(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	s := tool.session(o)
	script := filepath.Join(s.work.top, "deploy.sh")
	appendTo(t, script, "rm -rf\n")
	saved := s.plans[o.facts.Plan.Plan.Digest]
	saved.work.listed = list(t.Context(), s.work.top)
	saved.basis.facts[ofCheckout] = saved.work.listed
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if !errors.Is(err, engine.ErrStale) || !strings.Contains(err.Error(), "it is not what the commit has") || len(o.binds) != 1 || p.state() != "" {
		t.Errorf("%v, %d binds", err, len(o.binds))
	}
}

func TestApply_saysWhichFilesWereMadeWhilePlanning(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	wrapper := strings.Replace(x.read("terraform"), "#!/bin/sh\n", "#!/bin/sh\n[ \"$1\" = plan ] && echo made > bundle.zip\n", 1)
	if err := os.WriteFile(x.at("terraform"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	x.plan("v2")
	shown := false
	x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
		for _, line := range q.Body {
			shown = shown || line.String() == "not in the commit, made while planning: bundle.zip"
		}
		return yes(q)
	}
	x.o.mustStep(x.tool, runbook.KindApply)
	if !shown || !slices.Contains(x.o.binds[0]["made_while_planning"].([]string), "bundle.zip") {
		t.Errorf("nobody was told: %v", x.o.questions[len(x.o.questions)-1].Body)
	}
}

// TestApply_cancelledWhileItLooksIsNoRefusal holds what a person stopped apart
// from what moved.
func TestApply_cancelledWhileItLooksIsNoRefusal(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	ctx, cancel := context.WithCancel(t.Context())
	o.onIntent = cancel
	_, err := o.step(ctx, tool, runbook.KindApply)
	if !errors.Is(err, context.Canceled) || len(o.refusals) > 0 || p.state() != "" || o.endings[0].Result != engine.Stopped {
		t.Errorf("%v, refusals %q, ending %+v", err, o.refusals, o.endings)
	}
}
