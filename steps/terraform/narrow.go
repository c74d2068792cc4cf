package terraform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// narrow plans the chosen change alone and checks that the plan holds it and
// nothing else. The change that comes back has its members in that plan.
//
// A change without targets is the full plan that was shown: planning it again
// could only give something else.
func (c *choice) narrow(ctx context.Context, op engine.Operator, change plan.Change) (*saved, plan.Change, error) {
	if change.Targets == nil {
		return c.full, change, nil
	}
	targets := slices.Concat(change.Targets, c.pending(change))
	for i, t := range targets {
		targets[i] = c.full.doc.Raw(t)
	}
	p, err := c.replan(ctx, op, targets)
	if err != nil {
		return nil, change, err
	}
	if err := c.verify(p, change); err != nil {
		return nil, change, op.Refuse(safe.Sprintf("the plan of %q was not taken", change.Title), &engine.Problem{
			Err:   err,
			Hint:  "Try again to plan afresh, and take the changes in the order in which they are listed.",
			Lines: listing(&p.model),
		})
	}
	c.remark(op, p, change)
	c.carry(&p.model)
	return p, membersIn(p, change), nil
}

// carry takes into a targeted plan what only the full plan knows: who else holds
// the live things it deletes, and where its changes are from.
func (c *choice) carry(p *plan.Plan) {
	p.Hold(&c.full.model)
	origins := map[string]plan.Origin{}
	for _, r := range c.full.model.Resources {
		origins[r.Key()] = r.Origin
	}
	for i, r := range p.Resources {
		p.Resources[i].Origin = origins[r.Key()]
	}
}

func (c *choice) replan(ctx context.Context, op engine.Operator, targets []string) (*saved, error) {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.plan(ctx, op, c.full.work, targets)
}

// verify compares a targeted plan with the change it was made for: everything in
// it is expected, every target is in it, and everything it lists will be done.
func (c *choice) verify(p *saved, change plan.Change) error {
	if p.model.Lineage != c.full.model.Lineage || p.model.Serial != c.full.model.Serial {
		return fmt.Errorf("%w: the state moved while the change was planned", engine.ErrStale)
	}
	expected := c.expected(change)
	var more []plan.ResourceChange
	inPlan := map[string]bool{}
	for _, r := range p.model.Resources {
		inPlan[r.Key()] = true
		// A read changes nothing.
		if !expected[r.Key()] && r.Action != plan.Read {
			more = append(more, r)
		}
	}
	if len(more) > 0 {
		return fmt.Errorf("the plan of this change holds more than the change: %s", names(more))
	}
	var missing []plan.ResourceChange
	targeted := map[string]bool{}
	for _, t := range change.Targets {
		targeted[t] = true
	}
	for _, m := range change.Members {
		r := c.full.model.Resources[m]
		if targeted[r.Address.String()] && !inPlan[r.Key()] {
			missing = append(missing, r)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the plan of this change does not hold %s", names(missing))
	}
	var lost []plan.ResourceChange
	for _, i := range p.order.Dropped(&p.model) {
		if r := p.model.Resources[i]; r.Action != plan.CreateThenDelete {
			lost = append(lost, r)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("the plan lists a delete that Terraform would not do: %s", names(lost))
	}
	if p.model.IsEmpty() {
		return errors.New("the plan of this change is empty")
	}
	return nil
}

// remark tells what is special about a targeted plan that is right.
func (c *choice) remark(op engine.Operator, p *saved, change plan.Change) {
	for _, i := range p.order.Dropped(&p.model) {
		op.Tell(engine.Warned{Text: safe.Sprintf(
			"%s: the old object is kept aside in this step and deleted in a later one, after its users are switched", p.model.Resources[i].Address)})
	}
	planned := map[string]plan.Action{}
	for _, r := range p.model.Resources {
		planned[r.Key()] = r.Action
	}
	for _, m := range change.Members {
		r := c.full.model.Resources[m]
		switch now, ok := planned[r.Key()]; {
		case !ok:
			op.Tell(engine.Warned{Text: safe.Sprintf("%s is not part of this plan after all; the next full plan shows what is left of it", r.Address)})
		case now != r.Action:
			op.Tell(engine.Warned{Text: safe.Sprintf("%s: the full plan said %s, the plan of this change says %s", r.Address, actionWord(r.Action), actionWord(now))})
		}
	}
}

// membersIn returns the change with its members as they stand in its own plan.
func membersIn(p *saved, change plan.Change) plan.Change {
	change.Members, change.Destroys = nil, false
	for _, r := range p.model.Resources {
		change.Members = append(change.Members, r.Index)
		change.Destroys = change.Destroys || r.Action.Destroys()
	}
	return change
}

// names lists a few resources with what happens to them.
func names(rs []plan.ResourceChange) string {
	const named = 5
	var parts []string
	for _, r := range rs[:min(len(rs), named)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", r.Key(), actionWord(r.Action)))
	}
	if n := len(rs) - named; n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, ", ")
}

// listing writes a plan as lines.
func listing(p *plan.Plan) []safe.Text {
	out := []safe.Text{safe.Lit("The plan holds:")}
	for _, r := range p.Resources {
		out = append(out, safe.Sprintf("  %s %s", r.Action.Sign(), r.Key()))
	}
	return out
}
