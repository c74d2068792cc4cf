package terraform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// lookForCures is the id of the answer that asks for a way round.
const lookForCures = "cures"

// everything is the id of the change that is the whole plan, and of the answer
// that takes it.
const everything = "everything"

// A choice is a full plan of which the operator takes a part.
type choice struct {
	session   *session
	full      *saved
	changes   []plan.Change   // the recommended sequence
	rehearsed map[string]bool // keys of what a rehearsal went through

	options  forecast.Options
	atOnce   forecast.Forecast // of the full plan
	sequence forecast.Sequence // of changes
	hazards  []plan.Hazard     // of the full plan
	cures    *[]forecast.Cure  // nil until they were looked for
}

// newChoice forecasts a full plan and the changes that it is split into.
func (s *session) newChoice(ctx context.Context, facts *engine.Facts, full *saved, changes []plan.Change) *choice {
	c := &choice{session: s, full: full, changes: changes, rehearsed: s.rehearsed(facts.Rehearsed), options: s.options(ctx)}
	c.atOnce = forecast.AtOnce(&full.model, full.order, c.options)
	c.sequence = forecast.OneAtATime(&full.model, full.order, changes, c.options)
	forecast.Block(&full.model, changes, c.sequence)
	c.hazards = append(slices.Clone(c.atOnce.Hazards), s.moved(ctx, facts)...)
	return c
}

// ask returns the change that the operator takes, and the reason when it is all
// of them. Looking at cures comes back to the question.
func (c *choice) ask(ctx context.Context, op engine.Operator) (plan.Change, string, error) {
	for {
		a, err := op.Ask(ctx, c.question(op.Facts()))
		if err != nil {
			return plan.Change{}, "", err
		}
		switch a.Choice {
		case everything:
			return c.everything(), a.Reason, nil
		case lookForCures:
			if err := c.cure(ctx, op); err != nil {
				return plan.Change{}, "", err
			}
			continue
		}
		change, err := c.item(a.Item)
		return change, "", err
	}
}

func (c *choice) question(facts *engine.Facts) engine.Question {
	q := engine.Question{
		Kind:   engine.AskChange,
		Title:  safe.Lit("which change is next?"),
		Body:   []safe.Text{safe.Sprintf("%s, split into %s", countWords(&c.full.model), count(len(c.changes), "change"))},
		Digest: c.full.model.Digest,
		Payload: engine.PlanReview{
			Commit: *facts.Commit, Plan: c.full.model, Changes: c.changes, Round: facts.Round,
			Hazards: c.hazards, Forecast: c.atOnce, Sequence: c.sequence, Commits: facts.Commits,
		},
		Check: c.check,
		Fetch: c.full.fetch,
		Choices: []engine.Choice{
			{
				ID: "stop", Key: "s", Stops: true,
				Label:       safe.Lit("stop here"),
				Consequence: safe.Lit("nothing more is applied, and the pin does not move"),
			},
			{
				ID: "take", Key: "enter", NeedsItem: true,
				Label:       safe.Lit("take this change"),
				Consequence: safe.Lit("plans it alone and shows that plan; nothing is applied yet"),
			},
		},
	}
	best := 1
	if c.blocked() {
		best = 0 // the sequence cannot be gone to its end, so it is better not begun
	}
	if c.curable() || c.blocked() {
		q.Choices = append(q.Choices, engine.Choice{
			ID: lookForCures, Key: "c",
			Label:       safe.Lit("ways round"),
			Consequence: safe.Lit("tries changes of the configuration in a scratch checkout and shows what they would do; nothing is applied or committed"),
		})
		if c.blocked() && c.cures == nil {
			best = 2
		}
	}
	q.Choices[best].Recommended, q.Choices[best].Tags = true, []string{"recommended"}
	if c.isWhole() && c.changes[0].Blocked.IsEmpty() {
		// A script that takes everything means this then.
		take := &q.Choices[1]
		take.Tags = append(take.Tags, everything, "all-at-once")
		return q
	}
	q.Choices = append(q.Choices, engine.Choice{
		ID: everything, Tags: []string{"all-at-once"}, Key: "A", NeedsReason: true,
		Label:       safe.Lit("everything at once"),
		Consequence: safe.Lit("the whole plan becomes one apply, in Terraform's order; the reason is recorded; nothing is applied yet"),
	})
	return q
}

// isWhole reports whether the only change is the whole plan.
func (c *choice) isWhole() bool {
	return len(c.changes) == 1 && len(c.changes[0].Members) == len(c.full.model.Resources)
}

// check refuses an answer that cannot be planned.
func (c *choice) check(a engine.Answer) error {
	if a.Choice != "take" {
		return nil
	}
	change, err := c.item(a.Item)
	if err != nil {
		return err
	}
	if !change.Blocked.IsEmpty() {
		return fmt.Errorf("this change is held back: %s. What helps: %s", change.Blocked, change.Remedy)
	}
	if change.Targets == nil {
		if left := c.outside(change); len(left) > 0 {
			return fmt.Errorf("this change is a full plan of what is left, so it comes last; %s would come along", names(left))
		}
	}
	for _, r := range c.full.model.Resources {
		if !r.Previous.IsEmpty() && change.Targets != nil && !slices.Contains(change.Members, r.Index) && !c.rehearsed[r.Key()] {
			return fmt.Errorf("%s has moved from %s, and Terraform refuses every other target until that is applied; take the change that moves it first", r.Address, r.Previous)
		}
	}
	return nil
}

// subset stands before the indexes of resources that are taken together.
const subset = "only:"

// item returns the change that an answer names: one of the sequence by its id,
// several of them joined by +, or resources by their indexes behind [subset].
func (c *choice) item(id string) (plan.Change, error) {
	if list, ok := strings.CutPrefix(id, subset); ok {
		var targets []int
		for _, n := range strings.Split(list, ",") {
			i, err := strconv.Atoi(n)
			if err != nil {
				return plan.Change{}, fmt.Errorf("%q is not the number of a resource", safe.Show(n))
			}
			targets = append(targets, i)
		}
		return c.together(targets)
	}
	ids := strings.Split(id, "+")
	var targets []int
	for _, id := range ids {
		i := slices.IndexFunc(c.changes, func(change plan.Change) bool { return change.ID == id })
		if i < 0 {
			return plan.Change{}, fmt.Errorf("the plan has no change %q", safe.Show(id))
		}
		if len(ids) == 1 {
			return c.changes[i], nil
		}
		if c.changes[i].Targets == nil {
			return plan.Change{}, fmt.Errorf("%q is a full plan of what is left; it comes last and alone", c.changes[i].Title)
		}
		targets = append(targets, c.changes[i].Members...)
	}
	return c.together(targets)
}

// together makes a change of resources that the operator put together.
func (c *choice) together(targets []int) (plan.Change, error) {
	change, err := plan.Together(&c.full.model, c.full.order, targets)
	if err != nil {
		return change, err
	}
	all := []plan.Change{change}
	c.block(all)
	if all[0].Blocked.IsEmpty() && change.Targets != nil && c.keepsAside(change) {
		// The old object goes with what is left.
		all = append(all, plan.Change{})
		c.block(all)
	}
	return all[0], nil
}

// keepsAside reports whether the old object of something may outlive the change.
func (c *choice) keepsAside(change plan.Change) bool {
	return slices.ContainsFunc(change.Members, func(m int) bool {
		return c.full.model.Resources[m].Action == plan.CreateThenDelete
	})
}

// block marks the changes of a sequence that have to be held back.
func (c *choice) block(changes []plan.Change) {
	forecast.Block(&c.full.model, changes, forecast.OneAtATime(&c.full.model, c.full.order, changes, c.options))
}

// outside returns the resources of the full plan that are neither in a change
// nor in one that was rehearsed.
func (c *choice) outside(change plan.Change) []plan.ResourceChange {
	expected := c.expected(change)
	return slices.DeleteFunc(slices.Clone(c.full.model.Resources), func(r plan.ResourceChange) bool {
		return expected[r.Key()]
	})
}

// expected returns the keys of what a plan of the change may hold. A rehearsal
// applies nothing, so what it went through comes along again.
func (c *choice) expected(change plan.Change) map[string]bool {
	keys := map[string]bool{}
	for _, m := range change.Members {
		keys[c.full.model.Resources[m].Key()] = true
	}
	maps.Copy(keys, c.rehearsed)
	return keys
}

// everything returns the whole plan as one change.
func (c *choice) everything() plan.Change {
	all := plan.Change{
		ID:    everything,
		Title: safe.Sprintf("everything at once, %s", count(len(c.full.model.Resources), "resource")),
		Why:   safe.Lit("taken by the operator instead of one change at a time"),
	}
	for _, r := range c.full.model.Resources {
		all.Members = append(all.Members, r.Index)
		all.Destroys = all.Destroys || r.Action.Destroys()
	}
	return all
}

// fetch gives parts of a plan while a question about it is open.
func (p *saved) fetch(r engine.Request) (engine.Part, error) {
	switch r.What {
	case "resource":
		attributes, err := p.doc.Attributes(r.Index)
		return engine.ResourceDetail{Attributes: attributes}, err
	case "order":
		return engine.Order{WaitsFor: p.order.Waits(len(p.model.Resources))}, nil
	}
	return nil, errors.New("a plan has resources and an order, and nothing else")
}
