package terraform

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A record stands here for what users see: objects with the same input are one
// live thing. It is renamed, and something slow comes in between.
const (
	static = `
resource "terraform_data" "slow" {
  input = "v1"
}
resource "terraform_data" "static" {
  input = { v = "static.test" }
}
`
	renamed = `
resource "terraform_data" "slow" {
  input = "v2"
}
resource "terraform_data" "weighted" {
  input      = { v = "static.test" }
  depends_on = [terraform_data.slow]
}
`
)

// newRename has a live thing in the state and a commit, "c2", that renames it.
func newRename(t *testing.T, mode plan.DeleteMode) (*project, *operator) {
	t.Helper()
	p := newProject(t, static)
	p.apply("c1")
	p.commit("c2", renamed)
	p.patches = filepath.Join(p.dir, "patches")
	p.identities = map[string]*runbook.Identity{"terraform_data": {Key: []string{"input.v"}, Delete: string(mode)}}
	p.env.Durations = map[string]runbook.Duration{
		"terraform_data.slow.update": runbook.Duration(20 * time.Second), "terraform_data.create": runbook.Duration(10 * time.Millisecond),
		"terraform_data.delete": runbook.Duration(10 * time.Millisecond),
	}
	o := p.operator(engine.Live)
	o.facts.Commit.Hash, o.facts.Head = "c2", "c2"
	return p, o
}

func reviewOf(t *testing.T, o *operator, n int) (engine.Question, engine.PlanReview) {
	t.Helper()
	if n >= len(o.questions) {
		t.Fatalf("%d questions", len(o.questions))
	}
	r, ok := o.questions[n].Payload.(engine.PlanReview)
	if !ok {
		t.Fatalf("question %d is about %T", n, o.questions[n].Payload)
	}
	return o.questions[n], r
}

func TestPlan_saysWhatGoesDarkAndForHowLong(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	q, review := reviewOf(t, o, 0)
	if len(review.Forecast.Outages) == 0 {
		t.Fatal("nothing is forecast")
	}
	dark := review.Forecast.Outages[0]
	if dark.Verdict != forecast.Window || dark.Length.Typical.Round(time.Second) != 20*time.Second || !dark.Handover {
		t.Errorf("outage %+v", dark)
	}
	if review.Sequence.Dark != (forecast.Span{}) || len(review.Sequence.Steps) != len(review.Changes) {
		t.Errorf("one at a time: dark %v in %d steps of %d changes", review.Sequence.Dark, len(review.Sequence.Steps), len(review.Changes))
	}
	if !slices.ContainsFunc(q.Choices, func(c engine.Choice) bool { return c.ID == lookForCures && !c.Recommended }) {
		t.Errorf("choices %+v", q.Choices)
	}
	if !strings.Contains(o.said(), `"dark_ms":20`) {
		t.Error("the forecast is not in the record")
	}
}

func TestPlan_foreseesEachTargetedPlanWithWhatStandsBesideIt(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	o.rounds(New(p.deps()))
	for n, q := range o.questions {
		if q.Kind != engine.AskApply {
			continue
		}
		_, review := reviewOf(t, o, n)
		for _, out := range review.Forecast.Outages {
			if out.Verdict != forecast.None {
				t.Errorf("%s: %s", q.Title, out.Words())
			}
		}
	}
	for _, c := range o.facts.Applied {
		if c.Forecast.IsEmpty() || c.Dark != (forecast.Span{}) {
			t.Errorf("%s: forecast %q, dark %v", c.Title, c.Forecast, c.Dark)
		}
	}
	if got, want := p.resources(), []string{"slow", "weighted"}; !slices.Equal(got, want) {
		t.Errorf("the state holds %q, want %q", got, want)
	}
}

func TestPlan_holdsBackADeleteThatTakesTheNameForGood(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		review := q.Payload.(engine.PlanReview)
		i := slices.IndexFunc(review.Changes, func(c plan.Change) bool { return !c.Blocked.IsEmpty() })
		if i < 0 {
			t.Fatalf("no change is held back: %+v", review.Changes)
		}
		if c := review.Changes[i]; !strings.Contains(c.Remedy.String(), "moved") {
			t.Errorf("remedy %q", c.Remedy)
		}
		if k := slices.IndexFunc(q.Choices, func(c engine.Choice) bool { return slices.Contains(c.Tags, "recommended") }); q.Choices[k].ID != lookForCures {
			t.Errorf("recommended is %q", q.Choices[k].ID)
		}
		return engine.Answer{Choice: "take", Item: review.Changes[i].ID}
	}
	was := p.state()
	_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
	var refused *engine.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Why, "held back") || !strings.Contains(refused.Why, "for good") {
		t.Errorf("got %v", err)
	}
	if p.state() != was || len(o.intents) > 0 {
		t.Error("something happened")
	}
}

// curing answers the questions about cures, one after the other.
func curing(o *operator, choices ...string) *[]engine.Question {
	var asked []engine.Question
	o.take[engine.AskCure] = func(q engine.Question) engine.Answer {
		asked = append(asked, q)
		a := engine.Answer{Choice: choices[len(asked)-1]}
		if review := q.Payload.(engine.CureReview); len(review.Cures) > 0 {
			a.Item = review.Cures[0].ID
		}
		return a
	}
	first := true
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		if first {
			first = false
			return engine.Answer{Choice: lookForCures}
		}
		return engine.Answer{Choice: "stop"}
	}
	return &asked
}

func TestCure_isShownProvedAndWrittenAsAPatch(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	asked := curing(o, "patch", "back")
	was := p.state()
	_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
	if !errors.Is(err, engine.ErrDeclined) {
		t.Fatalf("got %v", err)
	}
	if len(*asked) != 2 || len(o.questions) != 4 {
		t.Fatalf("%d questions about cures of %d", len(*asked), len(o.questions))
	}
	best := (*asked)[0].Payload.(engine.CureReview).Cures[0]
	if !best.Proved || best.Kind != forecast.CureMoved {
		t.Errorf("the best is %+v", best)
	}
	files, err := filepath.Glob(filepath.Join(p.patches, "*.patch"))
	if err != nil || len(files) != 1 {
		t.Fatalf("patches %q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "+moved {") {
		t.Errorf("%s, %v", text, err)
	}
	if body := (*asked)[1].Body; len(body) != 1 || !strings.Contains(body[0].String(), files[0]) {
		t.Errorf("afterwards it says %q", body)
	}
	if len(o.intents) != 1 || o.intents[0].Effect != runbook.EffectRepeatable || p.state() != was {
		t.Errorf("intents %+v", o.intents)
	}
}

func TestCure_writesNothingInARehearsal(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	o.mode, o.run.Mode = engine.Rehearsal, engine.Rehearsal
	asked := curing(o, "patch", "back")
	if _, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan); !errors.Is(err, engine.ErrDeclined) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(p.patches); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder for patches: %v", err)
	}
	if body := (*asked)[1].Body; len(body) != 1 || !strings.Contains(body[0].String(), "rehearsal") {
		t.Errorf("it says %q", body)
	}
}

func TestCure_withoutBranchesSaysSoAndAFailedPatchIsNotTheEnd(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	p.patches = filepath.Join(p.dir, "state", "terraform.tfstate", "patches") // below a file
	asked := curing(o, "patch", "back")
	if _, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan); !errors.Is(err, engine.ErrDeclined) {
		t.Fatalf("got %v", err)
	}
	q := (*asked)[0]
	i := slices.IndexFunc(q.Choices, func(c engine.Choice) bool { return c.ID == "branch" })
	if q.Choices[i].Disabled.IsEmpty() {
		t.Error("a branch is offered where none can be made")
	}
	if body := (*asked)[1].Body; len(body) != 1 || !strings.Contains(body[0].String(), "could not be done") {
		t.Errorf("it says %q", body)
	}
}

func TestApply_wantsEachCostlyHazardAccepted(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	o.take[engine.AskChange] = func(engine.Question) engine.Answer {
		return engine.Answer{Choice: everything, Reason: "nobody uses it"}
	}
	o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
		a := yes(q)
		if len(a.Acknowledge) == 0 {
			t.Error("there is nothing to accept")
			return a
		}
		a.Acknowledge = append(a.Acknowledge[:0:0], a.Acknowledge[1:]...)
		return a
	}
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	was := p.state()
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	var refused *engine.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Why, "is not accepted") {
		t.Errorf("got %v", err)
	}
	if p.state() != was || len(o.intents) > 0 {
		t.Error("something happened")
	}
	o.take[engine.AskApply] = yes
	o.mustStep(tool, runbook.KindApply)
	if len(o.intents) != 1 {
		t.Errorf("%d intents", len(o.intents))
	}
}

func TestPlan_takesChangesTogetherAndApart(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	tool := New(p.deps())
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		c := q.Payload.(engine.PlanReview).Changes
		return engine.Answer{Choice: "take", Item: c[0].ID + "+" + c[1].ID}
	}
	o.mustStep(tool, runbook.KindPlan)
	if got, want := o.facts.Plan.Plan.Targets, []string{"terraform_data.slow", "terraform_data.weighted"}; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("targets %q, want %q", got, want)
	}
	o.take[engine.AskChange] = func(engine.Question) engine.Answer { return engine.Answer{Choice: "take", Item: "only:0"} }
	o.mustStep(tool, runbook.KindPlan)
	if got := o.facts.Plan.Plan.Targets; !slices.Equal(got, []string{"terraform_data.slow"}) {
		t.Errorf("targets %q", got)
	}
	for _, item := range []string{"only:", "only:99", "only:x", "nothing+else", "+"} {
		o.take[engine.AskChange] = func(engine.Question) engine.Answer { return engine.Answer{Choice: "take", Item: item} }
		_, err := o.step(t.Context(), tool, runbook.KindPlan)
		if refused := (*engine.RefusedError)(nil); !errors.As(err, &refused) {
			t.Errorf("%q: %v", item, err)
		}
	}
}

// unreadable is a project whose commits cannot be compared.
type unreadable struct{ *project }

func (unreadable) Same(context.Context, string, string, []string) (bool, error) {
	return false, errors.New("object not found")
}

// A comparison that fails must not look like one that found nothing.
func TestPlan_saysWhenInputsAndProvidersCannotBeCompared(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	p.env.Inputs = []string{"inputs"}
	o.facts.Pin = &engine.Candidate{Hash: "c1"}
	deps := p.deps()
	deps.Open = func(*runbook.Environment, string) (Source, error) { return unreadable{p}, nil }
	o.mustStep(New(deps), runbook.KindPlan)
	_, review := reviewOf(t, o, 0)
	for _, code := range []string{plan.InputsChanged, plan.ProviderChanged} {
		if !slices.ContainsFunc(review.Hazards, func(h plan.Hazard) bool {
			return h.Code == code && strings.Contains(h.Text.String(), "cannot be told: object not found")
		}) {
			t.Errorf("no %s in %+v", code, review.Hazards)
		}
	}
}

// comparing is a project whose commits differ in some files.
type comparing struct {
	*project
	differ []string
}

func (c comparing) Same(_ context.Context, _, _ string, paths []string) (bool, error) {
	return !slices.ContainsFunc(c.differ, func(d string) bool { return slices.Contains(paths, d) }), nil
}

func TestPlan_saysThatInputsAndProvidersChange(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	p.env.Inputs = []string{"inputs"}
	o.facts.Pin = &engine.Candidate{Hash: "c1"}
	deps := p.deps()
	for _, c := range []struct {
		differ []string
		want   []string
	}{
		{nil, nil},
		{[]string{"inputs"}, []string{plan.InputsChanged}},
		{[]string{lockFile}, []string{plan.ProviderChanged}},
	} {
		deps.Open = func(*runbook.Environment, string) (Source, error) { return comparing{p, c.differ}, nil }
		n := len(o.questions)
		o.mustStep(New(deps), runbook.KindPlan)
		_, review := reviewOf(t, o, n)
		var got []string
		for _, h := range review.Hazards {
			if h.Code == plan.InputsChanged || h.Code == plan.ProviderChanged {
				got = append(got, h.Code)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q differ: hazards %q, want %q", c.differ, got, c.want)
		}
	}
}

func TestPlan_expectsWhatEarlierAppliesTook(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteOwnData)
	body := `{"intent":1,"result":"ok","facts":{"items":[{"address":"terraform_data.slow","action":"update","state":"done","took_ms":90000}]}}`
	p.learned = durations.Learn([]journal.Record{{Kind: journal.KindOutcome, Body: []byte(body)}})
	o.mustStep(New(p.deps()), runbook.KindPlan)
	_, review := reviewOf(t, o, 0)
	for _, a := range review.Forecast.Actions {
		if a.Address == safe.Lit("terraform_data.slow") && (a.Takes.Source != durations.SourceAddress || a.Takes.Typical != 90*time.Second) {
			t.Errorf("expected %+v", a.Takes)
		}
	}
	if got := review.Forecast.Outages[0].Length.Typical.Round(time.Second); got != 90*time.Second {
		t.Errorf("dark for %s", got)
	}
}
