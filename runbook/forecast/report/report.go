// Package report writes a forecast for those who are not at Lockstep's screen:
// as JSON for scripts, as Markdown for a comment on a pull request, and as plain
// text for a terminal or the log of a build. It decides nothing.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Report is all that is told of a plan.
type Report struct {
	Plan    *plan.Plan
	AtOnce  forecast.Forecast
	Changes []plan.Change     // the recommended sequence
	Steps   forecast.Sequence // its forecast; one step a change
	// Limited says that the plan was limited to targets, so that there is no
	// sequence: it is part of one itself.
	Limited bool
	// Blind are the resource types of which objects go and nothing is known of what
	// users see of them.
	Blind []safe.Text
	// Raw returns an address as Terraform writes it for one as it is shown. JSON
	// holds the former, so that scripts find their resources; nil changes nothing.
	Raw func(shown string) string
}

func (r *Report) raw(t safe.Text) string {
	if r.Raw == nil {
		return t.String()
	}
	return r.Raw(t.String())
}

// Over says why the plan must not be applied at once where a live thing may be
// absent for that long at most: an outage is longer or has no end, or it cannot be told
// whether it is. None means that it may.
func (r *Report) Over(budget time.Duration) []safe.Text {
	var out []safe.Text
	for _, o := range r.AtOnce.Outages {
		name := thingName(o.Thing)
		switch {
		case o.Verdict == forecast.Gone:
			out = append(out, safe.Sprintf("%s goes, and nothing in the plan brings it back", name))
		case o.Verdict == forecast.Unknown:
			out = append(out, safe.Sprintf("%s: whether it goes dark cannot be told before the apply", name))
		case o.Verdict != forecast.Window:
		case o.Length.Open:
			out = append(out, safe.Sprintf("%s goes dark, and how long cannot be told: it waits for something whose duration is not known", name))
		case o.Length.Max > budget:
			out = append(out, safe.Sprintf("%s goes dark for %s, more than %s", name, beyond(o.Length, budget), forecast.Length(budget)))
		}
	}
	return out
}

// sequenceTitle says of how many changes the sequence is, and how it ends.
func (r *Report) sequenceTitle() string {
	n := count(len(r.Changes), "change")
	for i, c := range r.Changes {
		if !c.Blocked.IsEmpty() {
			return fmt.Sprintf("One at a time: %s, held back at change %d", n, i+1)
		}
	}
	gone := 0
	for _, f := range r.Steps.Steps {
		for _, o := range f.Outages {
			if o.Verdict == forecast.Gone {
				gone++
			}
		}
	}
	if gone > 0 {
		return fmt.Sprintf("One at a time: %s, %s gone for good", n, count(gone, "live thing"))
	}
	return fmt.Sprintf("One at a time, recommended: %s, %s", n, darkOf(r.Steps.Dark))
}

// blind says of what nothing is known, or is empty.
func (r *Report) blind() safe.Text {
	if len(r.Blind) == 0 {
		return safe.Text{}
	}
	const named = 5
	text := safe.Join(r.Blind[:min(len(r.Blind), named)], ", ")
	if n := len(r.Blind) - named; n > 0 {
		text = safe.Sprintf("%s and %s", text, count(n, "more type"))
	}
	return safe.Sprintf("Not looked at: what users see of %s. Objects of it go, and no identity is known; --identities can name one.", text)
}

// thingName is what a live thing is called where it has no name of its own.
func thingName(t plan.Thing) safe.Text {
	if !t.Name.IsEmpty() {
		return t.Name
	}
	return safe.Show(cmp.Or(t.Kind, "a live thing"))
}

// foremost returns the indexes of at most n actions: those that matter to an
// outage first, then the longest. They stand in the order in which they start.
func foremost(f forecast.Forecast, n int) []int {
	all := make([]int, len(f.Actions))
	for i := range all {
		all[i] = i
	}
	if len(all) > n {
		matters := make([]bool, len(all))
		for _, o := range f.Outages {
			for _, i := range append([]int{o.OpenedBy, o.ClosedBy}, o.WaitingFor...) {
				if i >= 0 && i < len(matters) {
					matters[i] = true
				}
			}
		}
		rank := func(i int) int {
			if matters[i] {
				return 0
			}
			return 1
		}
		took := func(i int) time.Duration { return f.Actions[i].End.Typical - f.Actions[i].Start.Typical }
		slices.SortStableFunc(all, func(a, b int) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(took(b), took(a)))
		})
		all = all[:n]
		slices.Sort(all)
	}
	slices.SortStableFunc(all, func(a, b int) int {
		x, y := f.Actions[a], f.Actions[b]
		return cmp.Or(cmp.Compare(x.Start.Typical, y.Start.Typical), cmp.Compare(x.End.Typical, y.End.Typical))
	})
	return all
}

// beyond writes a length that is over a budget, to the millisecond where it would
// look the same otherwise.
func beyond(s forecast.Span, budget time.Duration) string {
	if forecast.Length(s.Max) == forecast.Length(budget) {
		return s.Max.Round(time.Millisecond).String()
	}
	return span(s)
}
