package main

import (
	"fmt"
	"slices"
	"time"

	"lockstep/runbook/forecast"
)

// tolerance is how far a forecast may be off. Terraform itself takes some
// milliseconds an action, and more on a busy machine.
const tolerance = 500 * time.Millisecond

// A comparison is a forecast beside what really happened.
type comparison struct {
	prediction
	at     []int // action → its event, or -1 for what has none: letting go of an object
	events []event
	wrong  []string // what contradicts the forecast, however fast the machine is
	late   []string // what took longer or shorter than forecast, which a busy machine can do
	counts
}

// counts is what one or all comparisons came to.
type counts struct {
	actions, orderings, violated int
	windows, swaps               int           // with an end that is exact
	ranges                       int           // with an end that depends on who goes first
	end, window, spread          time.Duration // the worst end of an action, of a window, and outside of a range
}

func (c *counts) add(o counts) {
	c.actions += o.actions
	c.orderings += o.orderings
	c.violated += o.violated
	c.windows += o.windows
	c.swaps += o.swaps
	c.ranges += o.ranges
	c.end, c.window, c.spread = max(c.end, o.end), max(c.window, o.window), max(c.spread, o.spread)
}

func compare(p prediction, events []event) comparison {
	c := comparison{prediction: p, events: events, at: make([]int, len(p.Actions))}
	c.match()
	c.order()
	c.ends()
	c.windows()
	c.things()
	return c
}

func (c *comparison) contradicts(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// match finds the event of every action. Each has one, and there are no others.
func (c *comparison) match() {
	used := make([]bool, len(c.events))
	for i, a := range c.Actions {
		c.at[i] = slices.IndexFunc(c.events, func(e event) bool {
			return e.address == a.Address.String() && e.action == string(a.Action) && e.id == c.ids[i]
		})
		switch at := c.at[i]; {
		case at >= 0 && used[at]:
			c.contradicts("forecast twice: %s", c.events[at])
		case at >= 0:
			used[at] = true
		case a.Action != "forget":
			c.contradicts("forecast and not done: %s of %s", a.Action, a.Address)
		}
	}
	for j, e := range c.events {
		if !used[j] {
			c.contradicts("done and not forecast: %s", e)
		}
	}
	c.counts.actions = len(c.events)
}

// order looks at every ordering that was forecast.
func (c *comparison) order() {
	for i, after := range c.after {
		for _, j := range after {
			if c.at[i] < 0 || c.at[j] < 0 || c.events[c.at[j]].endUnknown {
				continue
			}
			c.orderings++
			if first, then := c.events[c.at[j]], c.events[c.at[i]]; then.start < first.end {
				c.violated++
				c.contradicts("%s starts at %s, before %s is over at %s", then, then.start, first, first.end)
			}
		}
	}
}

// ends looks at when every action was over.
func (c *comparison) ends() {
	for i, a := range c.Actions {
		if !a.Takes.Known() || a.End.Open {
			c.contradicts("it is not known how long %s of %s takes", a.Action, a.Address)
		}
		if c.at[i] >= 0 && !c.events[c.at[i]].endUnknown {
			e := c.events[c.at[i]]
			c.end = max(c.end, c.outside(a.End, e.end, "the end of %s", e))
		}
	}
}

// outside returns how far a time is outside of what was forecast.
func (c *comparison) outside(s forecast.Span, is time.Duration, format string, args ...any) time.Duration {
	off := max(0, s.Min-is, is-s.Max)
	if off > tolerance {
		c.late = append(c.late, fmt.Sprintf(format, args...)+fmt.Sprintf(" is %s, forecast %s to %s", is, s.Min, s.Max))
	}
	return off
}

// windows looks at when every window was over, and how long it was. A swap is a
// short one.
func (c *comparison) windows() {
	for _, o := range c.Outages {
		if o.Verdict != forecast.Window && o.Verdict != forecast.Swap {
			continue
		}
		if o.OpenedBy < 0 || o.ClosedBy < 0 || c.at[o.OpenedBy] < 0 || c.at[o.ClosedBy] < 0 {
			c.contradicts("the window of %s is opened or closed by nothing", o.Thing.Name)
			continue
		}
		opened, closed := c.events[c.at[o.OpenedBy]], c.events[c.at[o.ClosedBy]]
		off := max(
			c.outside(o.To, closed.end, "the end of the window of %s", o.Thing.Name),
			c.outside(o.Length, max(0, closed.end-opened.end), "the length of the window of %s", o.Thing.Name),
		)
		switch {
		case o.To.Min != o.To.Max:
			c.ranges++
			c.spread = max(c.spread, off)
			continue
		case o.Verdict == forecast.Window:
			c.counts.windows++
		default:
			c.swaps++
		}
		c.window = max(c.window, off)
	}
}
