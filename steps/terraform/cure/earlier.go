package cure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// ProposeEarlier drafts what can be deployed before the planned commit, for the
// outages that no tried cure helps against. When an object is only deleted,
// Terraform goes by what the last apply wrote into the state, even where the
// block stays for other instances. src.Top is a checkout of the commit that is
// deployed now, which the patches are for.
func ProposeEarlier(src Source, p *plan.Plan, f forecast.Forecast, tried []Proposal) ([]Proposal, error) {
	var out []Proposal
	err := src.open(func(t tree) {
		d := drafter{plan: p, tree: t}
		for i, h := range handovers(src, p, f) {
			helped := slices.ContainsFunc(tried, func(c Proposal) bool { return c.handover == i && c.helps() })
			if helped || h[0].replaces() || !h.every(swap.deletes) || !h.every(swap.canCreateFirst) {
				continue
			}
			d.handover, d.event = i, event(h)
			d.add(d.earlier(h))
		}
		out = d.out
	})
	return out, err
}

func (d *drafter) earlier(h handover) (Proposal, error) {
	c := Proposal{Things: h.things(), Earlier: true, block: h[0].a.declared(), Cure: forecast.Cure{
		Kind:  forecast.CureDeployBefore,
		Title: safe.Sprintf("give %s create_before_destroy, and deploy that first", h[0].a.declared()),
		Why:   safe.Lit("An apply that has it writes it into the state, even when its plan is empty, and the delete then no longer comes before what the object used; the two have to be able to stand beside each other."),
	}}
	var err error
	c.Edits, err = d.lifecycle(h[0].a)
	return c, err
}

// Deployed returns a state as it would be if an Earlier proposal had been
// deployed: the instances of the block, and of what they use, are marked.
func (p Proposal) Deployed(state []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(state))
	dec.UseNumber() // a serial or a value must not lose digits
	var s map[string]any
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	if v, _ := s["version"].(json.Number); v != "4" {
		return nil, fmt.Errorf("the state has format %v, and only 4 is known", s["version"])
	}
	wanted := map[string]bool{p.block: true}
	each := func(do func(block string, instance map[string]any)) {
		resources, _ := s["resources"].([]any)
		for _, r := range resources {
			r, _ := r.(map[string]any)
			if r["mode"] != "managed" {
				continue
			}
			at := fmt.Sprintf("%v.%v", r["type"], r["name"])
			if m, ok := r["module"].(string); ok {
				at = m + "." + at
			}
			a, err := parse(at)
			if err != nil {
				continue
			}
			instances, _ := r["instances"].([]any)
			for _, i := range instances {
				if i, ok := i.(map[string]any); ok {
					do(a.declared(), i)
				}
			}
		}
	}
	found := false
	each(func(block string, i map[string]any) {
		if block != p.block {
			return
		}
		found = true
		uses, _ := i["dependencies"].([]any) // all of them, however far
		for _, u := range uses {
			if u, ok := u.(string); ok {
				wanted[u] = true
			}
		}
	})
	if !found {
		return nil, errors.New("the state does not have " + p.block)
	}
	each(func(block string, i map[string]any) {
		if wanted[block] {
			i[createFirst] = true
		}
	})
	return json.Marshal(s)
}

// helps reports whether a cure leaves at most a swap that Terraform orders, and
// nothing to clean up.
func (p Proposal) helps() bool { return p.Cure.Proved && !p.leaves && rest(p).level <= swapped }
