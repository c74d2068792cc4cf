package planview

import (
	"cmp"
	"slices"
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/timeline"
	"lockstep/tui/words"
)

// A chart is the forecast of a plan laid out once: which resources have a row of
// their own, which are folded into one line, and how long the axis is. It is nil
// where there is no forecast; the plan then looks as it did without.
type chart struct {
	f       *forecast.Forecast
	acts    [][]int32 // resource → its actions, the one that starts first in front
	rows    []int32   // resources that are listed, as they start
	quiet   []int32   // the others, as they stand in the plan
	folded  bool
	tally   tally         // of the quiet ones
	slowest time.Duration // of the quiet ones
	unknown int           // quiet ones whose duration nobody knows
	harmed  []int32       // outages that have rows of their own
	fine    []int32       // those of things that are there all the time
	span    time.Duration // of the axis; 0 when nothing can be drawn on one
}

// listed is how many resources have a row of their own in a plan that folds the
// others, so that what users would miss is on the first page.
const listed = 10

// barsFrom is the least a plan takes for bars to say anything.
const barsFrom = time.Second

func newChart(p *plan.Plan, f *forecast.Forecast, unfold bool) *chart {
	if len(f.Actions) == 0 {
		return nil
	}
	c := &chart{f: f, acts: make([][]int32, len(p.Resources)), tally: tally{}}
	for i, a := range f.Actions {
		if a.Resource >= 0 && a.Resource < len(c.acts) {
			c.acts[a.Resource] = append(c.acts[a.Resource], int32(i))
		}
	}
	for _, acts := range c.acts {
		slices.SortStableFunc(acts, func(a, b int32) int { return cmp.Compare(f.Actions[a].Start.Typical, f.Actions[b].Start.Typical) })
	}
	for i, o := range f.Outages {
		if o.Verdict == forecast.None {
			c.fine = append(c.fine, int32(i))
		} else {
			c.harmed = append(c.harmed, int32(i))
		}
	}
	c.divide(p, unfold)
	c.span = c.length()
	return c
}

// divide says which resources are listed.
func (c *chart) divide(p *plan.Plan, unfold bool) {
	part := c.parts()
	for i := range p.Resources {
		if unfold || part[i] > 0 || c.loud(&p.Resources[i]) {
			c.rows = append(c.rows, int32(i))
		} else {
			c.quiet = append(c.quiet, int32(i))
		}
	}
	if len(c.quiet) < 3 { // a line that stands for two saves nothing
		c.rows = append(c.rows, c.quiet...)
		c.quiet = nil
	}
	if len(c.rows) > listed && !unfold {
		slices.SortStableFunc(c.rows, func(a, b int32) int {
			return cmp.Or(cmp.Compare(part[b], part[a]), truth(p.Resources[b].Action.Destroys(), p.Resources[a].Action.Destroys()),
				cmp.Compare(c.takes(b).Typical, c.takes(a).Typical))
		})
		c.quiet = append(c.quiet, c.rows[listed:]...)
		c.rows = c.rows[:listed]
		slices.Sort(c.quiet)
	}
	slices.SortFunc(c.rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(c.begins(a), c.begins(b)), cmp.Compare(part[b], part[a]), cmp.Compare(a, b))
	})
	for _, r := range c.quiet {
		c.tally[p.Resources[r].Action]++
		t := c.takes(r)
		c.slowest = max(c.slowest, t.Typical)
		if t.Open {
			c.unknown++
		}
	}
	c.folded = len(c.quiet) > 0
}

// truth compares two facts; one that holds is more.
func truth(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// parts says how much each resource has to do with an outage: 2 when it opens or
// closes one, 1 when it makes one longer.
func (c *chart) parts() []int {
	out := make([]int, len(c.acts))
	note := func(action, part int) {
		if action >= 0 && action < len(c.f.Actions) {
			if r := c.f.Actions[action].Resource; r >= 0 && r < len(out) {
				out[r] = max(out[r], part)
			}
		}
	}
	for _, i := range c.harmed {
		o := c.f.Outages[i]
		note(o.OpenedBy, 2)
		note(o.ClosedBy, 2)
		for _, w := range o.WaitingFor[:min(len(o.WaitingFor), 3)] {
			note(w, 1)
		}
	}
	return out
}

// loud reports whether a resource takes time, or works on a live thing that is
// there already.
func (c *chart) loud(r *plan.ResourceChange) bool {
	if r.Was != nil && r.Action != plan.NoOp && r.Action != plan.Read {
		return true
	}
	t := c.takes(int32(r.Index))
	return t.Open || t.Typical >= barsFrom
}

// begins returns when the first action of a resource starts.
func (c *chart) begins(r int32) time.Duration {
	if int(r) >= len(c.acts) || len(c.acts[r]) == 0 {
		return 0
	}
	return c.f.Actions[c.acts[r][0]].Start.Typical
}

// takes returns how long the actions of a resource take in all.
func (c *chart) takes(r int32) forecast.Span {
	var s forecast.Span
	if int(r) >= len(c.acts) {
		return s
	}
	for _, a := range c.acts[r] {
		e := c.f.Actions[a].Takes
		s.Min, s.Typical, s.Max, s.Open = s.Min+e.Min, s.Typical+e.Typical, s.Max+e.Max, s.Open || !e.Known()
	}
	return s
}

// slow returns the action of a resource that takes longest, or that nobody knows.
func (c *chart) slow(r int32) *forecast.Action {
	var out *forecast.Action
	for _, i := range c.acts[r] {
		if a := &c.f.Actions[i]; out == nil || !a.Takes.Known() || out.Takes.Known() && a.Takes.Typical > out.Takes.Typical {
			out = a
		}
	}
	return out
}

// length returns how much time the axis has room for: what is typical, and what
// may come on top as long as that does not press the rest together.
func (c *chart) length() time.Duration {
	typical, most, open := c.f.Takes.Typical, c.f.Takes.Max, c.f.Takes.Open
	for _, a := range c.f.Actions {
		typical, most, open = max(typical, a.End.Typical), max(most, a.End.Max), open || a.End.Open
	}
	typical, most = min(typical, timeline.Longest), min(most, timeline.Longest)
	switch {
	case open && typical < barsFrom:
		return barsFrom // where something begins can be told, and not when it ends
	case typical < barsFrom:
		return 0
	case open:
		return timeline.Nice(typical + typical/4)
	}
	return timeline.Nice(min(max(most, typical), typical*2))
}

// axis returns the axis in a pane of some width; without cells when there is no
// room for one, or nothing to draw.
func (v *View) axis(w int) timeline.Axis {
	if v.chart == nil || v.chart.span == 0 || w < axisFrom {
		return timeline.Axis{}
	}
	return timeline.Axis{Span: v.chart.span, Cells: max(w-v.axisAt()-1, 0)}
}

// Columns of a row with a bar.
const (
	axisFrom   = 64 // width from which there is an axis
	leastAxis  = 28 // of the axis, before names are cut for it
	actionWide = 7
	takesWide  = 6
)

// axisAt returns the column the axis begins at.
func (v *View) axisAt() int { return indent + v.addressWidth() + 2 + actionWide + 1 + takesWide + 2 }

// bar draws when the actions of a resource run, and what they wait for.
func (v *View) bar(r int32, a timeline.Axis) *timeline.Bar {
	b, c := a.Row(), v.chart
	over := time.Duration(0)
	for _, i := range c.acts[r] {
		act := &c.f.Actions[i]
		if act.Start.Typical > over {
			b.Lead(over, act.Start.Typical, v.waits(act, b.Room(over, act.Start.Typical)), v.st.Muted)
		}
		b.Stretch(act.Start, act.End, '█', style(v.st, act.Action), v.st.Muted)
		over = act.End.Typical
	}
	if slow := c.slow(r); slow != nil && (!slow.Takes.Known() || slow.Takes.Typical >= c.span/10) {
		v.source(b, slow)
	}
	return b
}

// source says behind the bar of an action where its length is from, or in it.
func (v *View) source(b *timeline.Bar, a *forecast.Action) {
	for _, t := range []safe.Text{words.Takes(a.Takes), words.From(a.Takes)} {
		if b.Note(t, v.st.Muted) || a.Takes.Known() && b.Label(a.Start.Typical, a.End.Typical, safe.Sprintf(" %s ", t), v.st.Plain) {
			return
		}
	}
}

// waits says what an action starts right behind, in some cells if it can.
func (v *View) waits(a *forecast.Action, cells int) safe.Text {
	const before = len("waits for ")
	if a.Path < 0 || a.Path >= len(v.chart.f.Actions) {
		return safe.Lit("waits for its turn")
	}
	other := &v.chart.f.Actions[a.Path]
	if other.Resource == a.Resource {
		return safe.Text{} // its own other half
	}
	for _, w := range a.WaitsFor {
		if w == a.Path {
			return safe.Sprintf("waits for %s", rows.ShortAddress(other.Name, max(cells-before, 10)))
		}
	}
	return safe.Lit("waits for its turn")
}

// quietLine draws the resources that are folded into one line.
func (v *View) quietLine(at bool, w int) string {
	c := v.chart
	l := v.start(at, w).To(indent)
	if !c.folded {
		return l.Add(v.text(at, v.st.Muted), safe.Sprintf("%s more, listed above", count(len(c.quiet), "resource"))).Add(v.st.Muted, safe.Lit("  (x folds them)")).String()
	}
	t := safe.Sprintf("%d more", len(c.quiet))
	switch {
	case c.unknown > 0:
		t = safe.Sprintf("%s, %d of unknown duration", t, c.unknown)
	case c.slowest < barsFrom:
		t = safe.Sprintf("%s, under 1 s each", t)
	default:
		t = safe.Sprintf("%s, up to %s each", t, words.Time(c.slowest))
	}
	l.Add(v.text(at, v.st.Muted), t).Add(v.st.Muted, safe.Lit(": "))
	bits := c.tally.bits(v.st, true)
	if l.Used()+bits.Width()+10 > w {
		bits = c.tally.bits(v.st, false)
	}
	bits.Put(l)
	if hint := safe.Lit("  (x opens)"); l.Used()+look.Width(hint) <= w {
		l.Add(v.st.Muted, hint)
	}
	return l.String()
}
