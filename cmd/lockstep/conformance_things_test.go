package main

import (
	"slices"
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
)

// forever is the end of what stays.
const forever = time.Duration(1<<63 - 1)

// A presence is how long one object of a live thing was there.
type presence struct{ from, to time.Duration }

// things finds out from the events alone when each live thing was absent, and
// compares it with the verdicts: no outage was missed, and none was invented.
func (c *comparison) things() {
	verdicts := map[string]forecast.Outage{}
	for _, o := range c.Outages {
		id := o.Thing.ID()
		if _, twice := verdicts[id]; twice || id == "" {
			c.contradicts("two verdicts, or one on a thing without a name: %s", o.Thing.Name)
		}
		verdicts[id] = o
	}
	for id, there := range c.presences() {
		o, said := verdicts[id]
		verdict := o.Verdict
		if !said {
			verdict = forecast.None
		}
		gap, gone := absence(there)
		switch {
		case gone != (verdict == forecast.Gone):
			c.contradicts("%q: gone is %t, the verdict %q", id, gone, verdict)
		case verdict == forecast.None && gap > 0:
			c.contradicts("%q was absent for %s, the verdict is %q", id, gap, verdict)
		case verdict == forecast.Window, verdict == forecast.Swap:
			c.outside(o.Length, gap, "the absence of %q", id)
		}
		delete(verdicts, id)
	}
	for id, o := range verdicts {
		if o.Verdict != forecast.None {
			c.contradicts("%q has the verdict %q and loses nothing", id, o.Verdict)
		}
	}
}

// presences returns when the objects of every live thing were there. A thing that
// loses nothing may be missing.
func (c *comparison) presences() map[string][]presence {
	out := map[string][]presence{}
	blind := map[string]bool{} // things with an end that nobody tells
	add := func(t *plan.Thing, p presence) {
		if t != nil {
			out[t.ID()] = append(out[t.ID()], p)
		}
	}
	ended := map[int]bool{} // resources whose old object goes
	for i, a := range c.Actions {
		r := c.model.Resources[a.Resource]
		switch {
		case a.Action == plan.Delete && c.at[i] >= 0:
			ended[a.Resource] = true
			e := c.events[c.at[i]]
			add(r.Was, presence{-1, e.end})
			if e.endUnknown {
				blind[r.Was.ID()] = true
			}
		case a.Action == plan.Create && c.at[i] >= 0:
			add(r.Becomes, presence{c.events[c.at[i]].end, forever})
		}
	}
	for i, r := range c.model.Resources {
		if !ended[i] && r.Was != nil { // changed, moved, let go of, or left aside
			add(r.Was, presence{-1, forever})
		}
	}
	for _, h := range c.model.Standing {
		add(&h.Thing, presence{-1, forever})
	}
	for id := range blind {
		delete(out, id)
	}
	return out
}

// absence returns how long a thing was absent between its objects, and whether it
// is in the end. What was never there is not missed.
func absence(there []presence) (gap time.Duration, gone bool) {
	slices.SortFunc(there, func(a, b presence) int { return int(a.from - b.from) })
	end := there[0].to
	for _, p := range there[1:] {
		gap += max(0, p.from-end)
		end = max(end, p.to)
	}
	return gap, end != forever
}
