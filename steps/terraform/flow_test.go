package terraform

import (
	"context"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
)

const before = `
resource "terraform_data" "old" {
  input = "name"
}
resource "terraform_data" "base" {
  input = "v1"
}
resource "terraform_data" "user" {
  input = terraform_data.base.output
}
`

const after = `
resource "terraform_data" "base" {
  input = "v2"
}
resource "terraform_data" "user" {
  input = terraform_data.base.output
}
resource "terraform_data" "new" {
  input = terraform_data.user.output
}
`

func TestSteps_takeAPlanApartUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", after)
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	titles := o.rounds(New(p.deps()))
	if len(titles) < 3 {
		t.Errorf("the plan was applied in %d changes: %q", len(titles), titles)
	}
	if !strings.Contains(titles[len(titles)-1], "delete terraform_data.old") {
		t.Errorf("the delete is not last: %q", titles)
	}
	if got, want := p.resources(), []string{"base", "new", "user"}; !slices.Equal(got, want) {
		t.Errorf("the state holds %q, want %q", got, want)
	}
	if len(o.facts.Applied) != len(titles) || o.facts.Plan != nil {
		t.Errorf("facts: %d applied, plan %v", len(o.facts.Applied), o.facts.Plan)
	}
	if p.checkouts != 2 { // one for each run: the checkout is used again by the rounds
		t.Errorf("the commit was checked out %d times", p.checkouts)
	}
	for i, in := range o.intents {
		if in.Effect != runbook.EffectIrreversible || in.Facts["plan_sha256"] == "" || in.Facts["lineage"] == "" {
			t.Errorf("intent %d: %+v", i, in)
		}
		if o.endings[i].Result != engine.OK || o.endings[i].Facts["exit"] != 0 {
			t.Errorf("ending %d: %+v", i, o.endings[i])
		}
	}
}

func TestPlan_emptyEndsWithoutAQuestion(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	o := p.operator(engine.Live)
	report := o.mustStep(New(p.deps()), runbook.KindPlan)
	if !o.facts.PlanEmpty || len(o.questions) > 0 || report.Summary.String() != "nothing to do" {
		t.Errorf("empty %t, %d questions, %q", o.facts.PlanEmpty, len(o.questions), report.Summary)
	}
}

func TestPlan_checkBlocksDoNotKeepItFromBeingEmpty(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "a" {
  input = 1
}
check "other" {
  data "terraform_remote_state" "z" {
    backend = "local"
    config  = { path = "missing" }
  }
  assert {
    condition     = data.terraform_remote_state.z.outputs != null
    error_message = "x"
  }
}
`)
	p.apply("c1")
	o := p.operator(engine.Live)
	o.mustStep(New(p.deps()), runbook.KindPlan)
	if !o.facts.PlanEmpty {
		t.Error("a check that is read again each time counts as a change")
	}
}

func TestPlan_offersTheChangesAndEverything(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", after)
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	q := o.questions[0]
	review := q.Payload.(engine.PlanReview)
	if q.Kind != engine.AskChange || q.Digest != review.Plan.Digest || len(q.Digest) != 64 {
		t.Errorf("question %s with digest %q", q.Kind, q.Digest)
	}
	want := map[plan.Action]int{plan.Create: 1, plan.Update: 2, plan.Delete: 1}
	if got := counts(review.Plan); !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
	if len(q.Choices) != 3 || !q.Choices[0].Stops || q.Choices[2].ID != everything || !q.Choices[2].NeedsReason || q.Choices[2].Irreversible {
		t.Errorf("choices %+v", q.Choices)
	}
	if o.facts.Remaining != len(review.Changes)-1 {
		t.Errorf("remaining %d of %d", o.facts.Remaining, len(review.Changes))
	}
	if got := o.facts.Plan; len(got.Plan.Targets) == 0 || got.Tree != "tree-of-c2" || got.Plan.Digest == q.Digest {
		t.Errorf("planned %+v", got)
	}
}

func TestPlan_everythingAtOnceIsThePlanThatWasShown(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", after)
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	o.take[engine.AskChange] = func(engine.Question) engine.Answer {
		return engine.Answer{Choice: everything, Reason: "the service is down anyway"}
	}
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	planned := o.facts.Plan
	if planned.Plan.Digest != o.questions[0].Digest || planned.Reason == "" || planned.Plan.Targets != nil || len(planned.Change.Members) != 4 {
		t.Errorf("planned %+v", planned)
	}
	o.mustStep(tool, runbook.KindApply)
	if q := o.questions[1]; q.Choices[1].Typed != "production" {
		t.Errorf("a plan that deletes asks for the word %q", q.Choices[1].Typed)
	}
	o.mustStep(tool, runbook.KindPlan)
	if !o.facts.PlanEmpty {
		t.Error("something is left")
	}
}

func TestPlan_refusesAChangeThatBringsOthersAlong(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", after)
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		for _, c := range q.Payload.(engine.PlanReview).Changes {
			if slices.Contains(c.Targets, "terraform_data.user") {
				return engine.Answer{Choice: "take", Item: c.ID}
			}
		}
		t.Error("no change for terraform_data.user")
		return engine.Answer{Choice: "stop"}
	}
	serial := p.state()
	_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
	if err == nil || !strings.Contains(err.Error(), "holds more than the change: terraform_data.base (update)") {
		t.Errorf("got %v", err)
	}
	if o.facts.Plan != nil || len(o.refusals) != 1 || p.state() != serial {
		t.Errorf("plan %v, refusals %q", o.facts.Plan, o.refusals)
	}
}

func TestApply_declinedChangesNothing(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	o := p.operator(engine.Live)
	o.take[engine.AskApply] = func(engine.Question) engine.Answer { return engine.Answer{Choice: "stop"} }
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if !errors.Is(err, engine.ErrDeclined) || len(o.intents) > 0 || p.state() != "" {
		t.Errorf("%v, %d intents, state %q", err, len(o.intents), p.state())
	}
}

func TestApply_showsEachActionOnTheBoard(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	o.mustStep(tool, runbook.KindApply)
	var items []engine.ApplyItem
	states := map[string][]engine.ApplyState{}
	for _, ev := range o.events {
		switch ev := ev.(type) {
		case engine.ApplyStarted:
			items = ev.Items
			if !slices.Equal(ev.Watch, []string{"static"}) {
				t.Errorf("watch %q", ev.Watch)
			}
		case engine.ResourceMoved:
			a := items[ev.Item].Address.String()
			states[a] = append(states[a], ev.State)
		case engine.ApplyFinished:
			if ev.Result != engine.OK || ev.Serial == 0 {
				t.Errorf("finished %+v", ev)
			}
		}
	}
	user := slices.IndexFunc(items, func(i engine.ApplyItem) bool { return i.Address.String() == "terraform_data.user" })
	if user < 0 {
		t.Fatalf("no item for terraform_data.user in %v", items)
	}
	want := []engine.ApplyState{engine.Running, engine.Done}
	for a, s := range states {
		if !reflect.DeepEqual(s, want) {
			t.Errorf("%s went through %q", a, s)
		}
	}
	if len(items[user].WaitsFor) != 1 || items[items[user].WaitsFor[0]].Address.String() != "terraform_data.base" {
		t.Errorf("user waits for %v", items[user].WaitsFor)
	}
}

func TestRehearsal_goesThroughEveryChangeAndTouchesNothing(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", after)
	live, was := p.operator(engine.Live), p.state()
	o := p.operator(engine.Rehearsal)
	o.facts.Commit.Hash, live.facts.Commit.Hash = "c2", "c2"
	tool := New(p.deps())
	titles := o.rounds(tool)
	if p.state() != was || len(o.intents) > 0 || len(o.facts.Applied) > 0 {
		t.Error("a rehearsal had an effect")
	}
	for _, ev := range o.events {
		switch ev.(type) {
		case engine.ApplyStarted, engine.ResourceMoved:
			t.Errorf("a rehearsal told %T", ev)
		}
	}
	if want := live.rounds(New(p.deps())); !slices.Equal(titles, want) {
		t.Errorf("rehearsed %q, done %q", titles, want)
	}
	if _, err := os.Stat(p.statePath()); err != nil {
		t.Error(err)
	}
}

func TestApply_failurePlansAgainWhenTriedAgain(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "first" {
  input = 1
}
resource "terraform_data" "second" {
  input = terraform_data.first.id
  provisioner "local-exec" {
    command = "test -e $FLAG || { echo no flag; exit 3; }"
  }
}
`)
	flag := p.dir + "/flag"
	p.environ = append(p.environ, "FLAG="+flag)
	p.env.Terraform.Environment = []string{"FLAG"}
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if err == nil || errors.Is(err, engine.ErrUnknown) {
		t.Fatalf("got %v", err)
	}
	if text := linesOf(err); !strings.Contains(text, "exit status 3") || !strings.Contains(text, "main.tf line") {
		t.Errorf("diagnostics: %s", text)
	}
	if !strings.Contains(o.said(), "no flag") {
		t.Error("what the provisioner printed is not told")
	}
	end := o.endings[0]
	if end.Result != engine.Failed || end.Facts["exit"] != 1 || o.facts.Plan != nil || o.facts.Applied[0].Result != engine.Failed {
		t.Errorf("ending %+v, facts %+v", end, o.facts)
	}
	var last engine.ApplyState
	var reason []string
	for _, ev := range o.events {
		if m, ok := ev.(engine.ResourceMoved); ok && m.State == engine.Errored {
			last = m.State
			for _, l := range m.Error {
				reason = append(reason, l.String())
			}
		}
	}
	if last != engine.Errored || !strings.Contains(strings.Join(reason, "\n"), "exit status 3") {
		t.Errorf("board: %q %q", last, reason)
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.mustStep(tool, runbook.KindApply) // plans what is left, asks, applies
	o.mustStep(tool, runbook.KindPlan)
	if !o.facts.PlanEmpty || len(o.facts.Applied) != 2 {
		t.Errorf("empty %t, applied %d", o.facts.PlanEmpty, len(o.facts.Applied))
	}
}

func TestTool_saysWhatIsLeft(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	tool := New(p.deps())
	o := p.operator(engine.Live)
	if _, _, err := tool.Changes(t.Context()); err == nil {
		t.Error("a measurement before anything was planned is not possible")
	}
	if n, what, err := tool.Left(t.Context(), o); n == 0 || err != nil || !strings.Contains(what.String(), "3 create") {
		t.Errorf("%d %s %v", n, what, err)
	}
	o.rounds(tool)
	if n, what, err := tool.Left(t.Context(), o); n != 0 || err != nil {
		t.Errorf("%d %s %v", n, what, err)
	}
	if n, what, err := tool.Changes(t.Context()); n != 0 || err != nil {
		t.Errorf("%d %s %v", n, what, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tool.Left(ctx, o); err == nil {
		t.Error("a cancelled measurement said something")
	}
}
