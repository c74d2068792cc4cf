package planview

import (
	"cmp"
	"slices"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// unfoldedUpTo is how many resources a plan may have for all of them to be
// listed from the beginning.
const unfoldedUpTo = 40

// actions are in the order in which they are listed: what destroys comes first.
var actions = []plan.Action{
	plan.Delete, plan.DeleteThenCreate, plan.CreateThenDelete, plan.Forget, plan.Update, plan.Create, plan.Read, plan.NoOp,
}

// A group is the resources of one module, by action.
type group struct {
	module    safe.Text
	resources []int32
	destroys  int // the first ones of them; they are listed even when the group is folded
	folded    bool
	tally     tally
}

// grouped sorts the resources of a plan. It takes time in proportion to their
// number.
func grouped(all []plan.ResourceChange, unfold bool) []group {
	rank := make(map[plan.Action]int, len(actions))
	for i, a := range actions {
		rank[a] = i
	}
	place := map[safe.Text]int{}
	var groups []group
	var sorted [][]([]int32) // by group and rank
	for i, r := range all {
		g, ok := place[r.Module]
		if !ok {
			g = len(groups)
			place[r.Module] = g
			groups = append(groups, group{module: r.Module, tally: tally{}})
			sorted = append(sorted, make([][]int32, len(actions)))
		}
		k := rank[r.Action]
		sorted[g][k] = append(sorted[g][k], int32(i))
		groups[g].tally[r.Action]++
		if r.Action.Destroys() {
			groups[g].destroys++
		}
	}
	for g := range groups {
		groups[g].resources = slices.Concat(sorted[g]...)
		groups[g].folded = !unfold && len(all) > unfoldedUpTo
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(a.module.String(), b.module.String()) })
	return groups
}

// A tally counts actions.
type tally map[plan.Action]int

// bits writes a tally in colour, in words or, where there is little room, in
// signs.
func (t tally) bits(st look.Styles, inWords bool) rows.Bits {
	var out rows.Bits
	add := func(a plan.Action, n int) {
		if n == 0 {
			return
		}
		if !inWords {
			out = out.Add(style(st, a), safe.Sprintf(" %s%d", a.Sign(), n))
			return
		}
		if len(out) > 0 {
			out = out.Add(st.Rule, safe.Lit(" · "))
		}
		out = out.Add(style(st, a), safe.Sprintf("%d %s", n, word(a)))
	}
	add(plan.Delete, t[plan.Delete])
	if inWords {
		add(plan.DeleteThenCreate, t[plan.DeleteThenCreate]+t[plan.CreateThenDelete])
	} else {
		add(plan.DeleteThenCreate, t[plan.DeleteThenCreate])
		add(plan.CreateThenDelete, t[plan.CreateThenDelete])
	}
	for _, a := range []plan.Action{plan.Forget, plan.Update, plan.Create, plan.Read} {
		add(a, t[a])
	}
	return out
}

// tallyOf counts the members of a change.
func (v *View) tallyOf(c plan.Change) tally {
	t := tally{}
	for _, i := range c.Members {
		if i >= 0 && i < len(v.review.Plan.Resources) {
			t[v.review.Plan.Resources[i].Action]++
		}
	}
	return t
}

// word names an action.
func word(a plan.Action) string {
	if a.IsReplace() {
		return "replace"
	}
	return string(a)
}

// style colours an action.
func style(st look.Styles, a plan.Action) look.Style {
	switch a {
	case plan.Create:
		return st.Added
	case plan.Delete, plan.DeleteThenCreate:
		return st.Danger
	case plan.CreateThenDelete, plan.Update, plan.Forget:
		return st.Changed
	}
	return st.Muted
}
