package terraform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
)

// replacedWithUser has a live thing that is replaced, the new object first, and
// something that uses it.
func replacedWithUser(v string) string {
	return fmt.Sprintf(`
resource "terraform_data" "static" {
  input            = { v = "static.test" }
  triggers_replace = %q
  lifecycle {
    create_before_destroy = true
  }
}
resource "terraform_data" "user" {
  input = terraform_data.static.id
}
resource "terraform_data" "other" {
  input = { w = %q }
}
`, v, v)
}

// The delete that takes the name for good comes in a later change than the one
// that keeps the old object aside, and Terraform has no way back from there.
func TestPlan_holdsBackWhatKeepsAnObjectAsideHoweverItIsPutTogether(t *testing.T) {
	t.Parallel()
	p := newProject(t, replacedWithUser("1"))
	p.apply("c1")
	p.commit("c2", replacedWithUser("2"))
	p.identities = map[string]*runbook.Identity{"terraform_data": {Key: []string{"input.v"}, Delete: string(plan.DeleteWholeName)}}
	o := p.operator(engine.Live)
	o.facts.Commit.Hash, o.facts.Head = "c2", "c2"
	user := func(r engine.PlanReview) int {
		return slices.IndexFunc(r.Plan.Resources, func(c plan.ResourceChange) bool { return c.Address.String() == "terraform_data.user" })
	}
	items := []func(engine.PlanReview) string{
		func(r engine.PlanReview) string {
			i := slices.IndexFunc(r.Changes, func(c plan.Change) bool { return c.Targets != nil && slices.Contains(c.Members, user(r)) })
			return r.Changes[i].ID
		},
		func(r engine.PlanReview) string { return fmt.Sprintf("%s%d", subset, user(r)) },
	}
	for _, item := range items {
		o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
			return engine.Answer{Choice: "take", Item: item(q.Payload.(engine.PlanReview))}
		}
		_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
		var refused *engine.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Why, "held back") {
			t.Errorf("got %v", err)
		}
	}
}

// movedAndMore renames one object and changes others.
const movedAndMore = `
resource "terraform_data" "b" {
  input = "1"
}
moved {
  from = terraform_data.a
  to   = terraform_data.b
}
resource "terraform_data" "c" {
  input = "2"
}
resource "terraform_data" "d" {
  input = terraform_data.c.output
}
`

func newMoved(t *testing.T) *project {
	t.Helper()
	p := newProject(t, `
resource "terraform_data" "a" {
  input = "1"
}
resource "terraform_data" "c" {
  input = "1"
}
resource "terraform_data" "d" {
  input = terraform_data.c.output
}
`)
	p.apply("c1")
	p.commit("c2", movedAndMore)
	return p
}

// A rehearsal leaves the move pending, and Terraform refuses every other target
// as long as one is.
func TestRehearsal_goesOnAfterAMove(t *testing.T) {
	t.Parallel()
	p := newMoved(t)
	o, live, was := p.operator(engine.Rehearsal), p.operator(engine.Live), p.state()
	o.facts.Commit.Hash, live.facts.Commit.Hash = "c2", "c2"
	titles := o.rounds(New(p.deps()))
	if p.state() != was {
		t.Error("a rehearsal had an effect")
	}
	if want := live.rounds(New(p.deps())); !slices.Equal(titles, want) || len(titles) < 2 {
		t.Errorf("rehearsed %q, done %q", titles, want)
	}
}

func TestRehearsal_ofChangesTakenTogetherEnds(t *testing.T) {
	t.Parallel()
	p := newMoved(t)
	o := p.operator(engine.Rehearsal)
	o.facts.Commit.Hash = "c2"
	first := true
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		changes := q.Payload.(engine.PlanReview).Changes
		if !first {
			return recommended(q)
		}
		first = false
		return engine.Answer{Choice: "take", Item: changes[0].ID + "+" + changes[1].ID}
	}
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	all := len(o.questions[0].Payload.(engine.PlanReview).Changes)
	if o.facts.Remaining != all-2 {
		t.Errorf("%d of %d changes are left after two", o.facts.Remaining, all)
	}
	o.mustStep(tool, runbook.KindApply)
	if titles := o.rounds(tool); len(titles) != all-2 {
		t.Errorf("after two of %d changes it went through %q", all, titles)
	}
}
