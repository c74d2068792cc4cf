package forecast

import (
	"slices"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// Block marks the changes of a sequence that would take away for good a live
// thing which the plan wants to be there: a rename whose old object takes the
// whole name with it when it is deleted. A thing that nothing in the plan wants
// is removed on purpose; that is a hazard, and no reason to stop.
func Block(p *plan.Plan, changes []plan.Change, s Sequence) {
	wanted := wanted(p)
	for i, step := range s.Steps {
		for _, o := range step.Outages {
			if o.Verdict != Gone || !wanted[o.Thing.ID()] || i >= len(changes) {
				continue
			}
			remedy := remedy(p, step, o)
			block(&changes[i], o, remedy)
			// An old object that was kept aside goes in the last step, and that must not
			// come: so what keeps it aside must not come either.
			if o.OpenedBy < 0 || o.OpenedBy >= len(step.Actions) {
				continue
			}
			r := step.Actions[o.OpenedBy].Resource
			for k := range changes[:i] {
				if slices.Contains(changes[k].Members, r) {
					block(&changes[k], o, remedy)
				}
			}
		}
	}
}

// wanted returns the live things that are there when all of the plan is applied, by ID.
func wanted(p *plan.Plan) map[string]bool {
	ids := map[string]bool{}
	for _, r := range p.Resources {
		if r.Becomes != nil && r.Becomes.ID() != "" {
			ids[r.Becomes.ID()] = true
		}
	}
	for _, h := range p.Standing {
		ids[h.Thing.ID()] = true
	}
	return ids
}

func block(c *plan.Change, o Outage, remedy safe.Text) {
	if c.Blocked.IsEmpty() {
		c.Blocked = safe.Sprintf("it would take %s away for good: %s", o.Thing.Name, o.Why)
		c.Remedy = remedy
	}
}

// remedy says what helps against a delete that takes along what is wanted.
func remedy(p *plan.Plan, f Forecast, o Outage) safe.Text {
	lost := ""
	if o.OpenedBy >= 0 && o.OpenedBy < len(f.Actions) {
		lost = f.Actions[o.OpenedBy].Address.String()
	}
	there := func(a safe.Text, t *plan.Thing) bool { return t != nil && a.String() != lost && t.Covers(o.Thing) }
	switch {
	case slices.ContainsFunc(p.Resources, func(r plan.ResourceChange) bool { return r.Was == nil && there(r.Address, r.Becomes) }):
		return safe.Lit("say in the configuration that the address moved (a moved block), or let go of the old object without deleting it (a removed block with destroy = false)")
	case slices.ContainsFunc(p.Resources, func(r plan.ResourceChange) bool { return there(r.Address, r.Becomes) }),
		slices.ContainsFunc(p.Standing, func(h plan.Holder) bool { return there(h.Address, &h.Thing) }):
		return safe.Lit("let go of the old object in the configuration without deleting it: a removed block with destroy = false")
	}
	return safe.Lit("create the new object only after the old one is gone: take create_before_destroy off it")
}
