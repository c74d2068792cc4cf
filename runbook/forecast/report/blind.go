package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// Blind returns the resource types of which the plan deletes or replaces objects
// without anything being known of what users see of them, in order.
func Blind(p *plan.Plan, t *live.Table) []safe.Text {
	types := map[string]bool{}
	for _, r := range p.Resources {
		if r.Action.Destroys() && r.Was == nil && !t.Known(r.Type.String()) {
			types[r.Type.String()] = true
		}
	}
	var out []safe.Text
	for _, typ := range slices.Sorted(maps.Keys(types)) {
		out = append(out, safe.Show(typ))
	}
	return out
}

// Unmatched says which entries of what was given beside a plan have nothing to
// do with it: they may be for another plan, or mistyped.
func Unmatched(p *plan.Plan, identities map[string]live.Identity, lengths map[string]time.Duration) []safe.Text {
	types, things, actions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range p.Resources {
		typ := r.Type.String()
		types[typ] = true
		things[typ] = things[typ] || r.Was != nil || r.Becomes != nil
		for _, who := range []string{typ, r.Address.String()} {
			for _, a := range parts(r.Action) {
				actions[who+"."+string(a)] = true
			}
		}
	}
	var out []safe.Text
	for _, typ := range slices.Sorted(maps.Keys(identities)) {
		switch {
		case !types[typ]:
			out = append(out, safe.Sprintf("identities: the plan changes nothing of the type %s", typ))
		case !things[typ]:
			out = append(out, safe.Sprintf("identities: no object of the type %s has %s, so none of its live things is known", typ, strings.Join(identities[typ].Key, ", ")))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(lengths)) {
		if _, _, err := durations.SplitKey(key); err == nil && !actions[key] {
			out = append(out, safe.Sprintf("durations: the plan has no action %s", key))
		}
	}
	return out
}

// parts returns the actions that a change of a resource consists of.
func parts(a plan.Action) []plan.Action {
	if a.IsReplace() {
		return []plan.Action{plan.Delete, plan.Create}
	}
	return []plan.Action{a}
}
