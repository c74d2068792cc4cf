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
			block(&changes[i], o)
			// An old object that was kept aside goes in the last step, and that must not
			// come: so what keeps it aside must not come either.
			if o.OpenedBy < 0 || o.OpenedBy >= len(step.Actions) {
				continue
			}
			r := step.Actions[o.OpenedBy].Resource
			for k := range changes[:i] {
				if slices.Contains(changes[k].Members, r) {
					block(&changes[k], o)
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

func block(c *plan.Change, o Outage) {
	if !c.Blocked.IsEmpty() {
		return
	}
	c.Blocked = safe.Sprintf("it would take %s away for good: %s", o.Thing.Name, o.Why)
	c.Remedy = safe.Lit("create the new object only after the old one is gone: take create_before_destroy off it")
	if o.Handover {
		c.Remedy = safe.Lit("say in the configuration that the address moved (a moved block), or let go of the old object without deleting it (a removed block with destroy = false)")
	}
}
