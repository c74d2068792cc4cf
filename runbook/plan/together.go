package plan

import (
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook/safe"
)

// Together makes one change of the resources that an operator wants applied in
// one go, by their indexes, with all that they bring along. It does not look at
// whether that is wise: the forecast of the change says so.
func Together(p *Plan, o *Order, targets []int) (Change, error) {
	targets = slices.Compact(slices.Sorted(slices.Values(targets)))
	if len(targets) == 0 {
		return Change{}, errors.New("nothing is chosen")
	}
	for _, t := range targets {
		if t < 0 || t >= len(p.Resources) {
			return Change{}, fmt.Errorf("the plan has no resource %d", t)
		}
		if r := p.Resources[t]; r.Deposed != "" {
			return Change{}, fmt.Errorf("%s is an object that was kept aside; Terraform deletes it in a full plan only", r.Address)
		}
	}
	s := newSplitter(p, o)
	s.emit(targets, safe.Lit("put together by the operator"))
	c := s.out[0]
	if len(c.Members) == len(p.Resources) && len(p.Outputs) == 0 {
		c.Targets = nil // the whole plan
	}
	c.ID, c.Destroys = Identify(p, c), destroys(p, c)
	return c, nil
}
