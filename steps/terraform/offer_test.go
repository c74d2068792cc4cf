package terraform

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

func TestApply_offersToPushAStateThatCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	p, hub, _ := remoteProject(t, "\nresource \"terraform_data\" \"a\" {}\n")
	o := p.operator(engine.Live)
	o.facts.Commit, o.facts.Head = &engine.Candidate{Hash: "c2"}, "c2"
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	hub.change(func() { hub.full = true })
	o.take[engine.AskSettle] = func(q engine.Question) engine.Answer {
		s := q.Payload.(engine.Settlement)
		if s.Verdict != "errored-state" || q.Choices[0].ID != "stop" || q.Choices[1].Typed != "production" || !q.Choices[1].Irreversible || len(s.Lines) != 2 {
			t.Errorf("asked %+v", q)
		}
		hub.change(func() { hub.full = false })
		return engine.Answer{Choice: "push", Typed: "production"}
	}
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if err == nil || !strings.Contains(linesOf(err), "The state is saved now") {
		t.Errorf("%v\n%s", err, linesOf(err))
	}
	if len(o.intents) != 2 || o.intents[1].Facts["call"] != "state push" || o.endings[1].Facts["serial"].(int64) < 2 {
		t.Errorf("intents %+v, endings %+v", o.intents, o.endings)
	}
	hub.change(func() {
		if !bytes.Contains(hub.state, []byte(`"name": "a"`)) {
			t.Errorf("state %s", hub.state)
		}
	})
	// The failure still is one, and a new plan finds that all is done.
	o.mustStep(tool, runbook.KindPlan)
	if !o.facts.PlanEmpty {
		t.Error("something is left")
	}
}

// copies lists the copies of the state that are there.
func (p *project) copies() []string {
	p.t.Helper()
	all, err := filepath.Glob(filepath.Join(p.dir, "copied", "*", "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	for i, path := range all {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			p.t.Errorf("%s: %v %v", path, info, err)
		}
		all[i] = filepath.Base(path)
	}
	return all
}

func TestApply_copiesTheStateBeforeAndRemovesWhatIsNotNeeded(t *testing.T) {
	t.Parallel()
	p := newProject(t, "resource \"terraform_data\" \"a\" {}\n")
	p.apply("c1")
	if got := p.copies(); len(got) != 0 {
		t.Errorf("there was no state to copy, and there are %q", got)
	}
	p.commit("c2", "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\nresource \"terraform_data\" \"c\" {}\n")
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	o.rounds(New(p.deps()))
	if got := p.copies(); !slices.Equal(got, []string{"before-1-serial-2.tfstate"}) && len(got) != 1 {
		t.Errorf("copies %q", got)
	}
	first, second := o.intents[0].Facts, o.intents[1].Facts
	if first["state"] == second["state"] || first["serial"] == second["serial"] || exists(first["state_copy"].(string)) || !exists(second["state_copy"].(string)) {
		t.Errorf("%v\n%v", first, second)
	}
	// One that fails leaves its copy and says where.
	p.commit("c3", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"d\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}\n")
	o = p.operator(engine.Live)
	o.run.ID = "run-2"
	o.facts.Commit.Hash = "c3"
	o.take[engine.AskChange] = func(engine.Question) engine.Answer { return engine.Answer{Choice: everything, Reason: "a test"} }
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	if _, err := o.step(t.Context(), tool, runbook.KindApply); err == nil {
		t.Fatal("it did not fail")
	}
	at := o.intents[0].Facts["state_copy"].(string)
	if !exists(at) || !strings.Contains(o.warnings(), at) {
		t.Errorf("%s: %s", at, o.warnings())
	}
	states := filepath.Join(p.dir, "copied")
	if kept, err := CloseRun(states, "run-2", engine.Failed); err != nil || kept != filepath.Dir(at) || !exists(at) {
		t.Errorf("%q %v", kept, err)
	}
	if kept, err := CloseRun(states, "run-1", engine.OK); err != nil || kept != "" || exists(filepath.Join(states, "run-1")) {
		t.Errorf("%q %v", kept, err)
	}
}

func TestApply_doesNotStartWithoutACopyOfTheState(t *testing.T) {
	t.Parallel()
	p := newProject(t, "resource \"terraform_data\" \"a\" {}\n")
	p.apply("c1")
	p.commit("c2", "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n")
	writeFile(t, filepath.Join(p.dir, "blocked"), "")
	d := p.deps()
	d.States = filepath.Join(p.dir, "blocked")
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	tool := New(d)
	o.mustStep(tool, runbook.KindPlan)
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if err == nil || len(o.intents) != 0 || len(o.refusals) != 1 || !strings.Contains(o.refusals[0], "the state could not be copied first") {
		t.Errorf("%v, %d effects, %q", err, len(o.intents), o.refusals)
	}
	if got := p.resources(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("state %q", got)
	}
}
