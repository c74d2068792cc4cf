package board

import (
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/timeline"
	"lockstep/tui/words"
)

// What was forecast stands behind what happens: the expected extent of each
// action below its real bar, and the outages above the probes.

// hasForecast reports whether an apply came with a forecast.
func hasForecast(ev engine.ApplyStarted) bool {
	if ev.Takes != (forecast.Span{}) || len(ev.Outages) > 0 {
		return true
	}
	for _, it := range ev.Items {
		if it.Takes.Known() {
			return true
		}
	}
	return false
}

// expected returns how long the apply may take as far as that is foreseen, for
// the axis: it should not change its length on the way.
func (b *Apply) expected() time.Duration {
	t := b.takes.Typical
	if !b.takes.Open {
		t = min(max(b.takes.Max, t), 2*t)
	}
	return min(max(t, 0), timeline.Longest)
}

// stateCells is the width of the column that says how an item is.
func (b *Apply) stateCells() int {
	switch {
	case !b.foreseen || b.width < axisFrom:
		return stateCells
	case b.width < 86:
		return 20
	}
	return 28
}

// running says how long an item runs, and of how much, in some cells.
func (b *Apply) runningWords(it *item, cells int) safe.Text {
	runs := b.now.Sub(it.begun)
	if !it.Takes.Known() {
		t := safe.Sprintf("running %s", look.Short(runs))
		if look.Width(t) > cells {
			t = look.Short(runs) // the sign says that it runs
		}
		return t
	}
	full := safe.Sprintf("running %s of about %s", words.Time(runs), words.Time(it.Takes.Typical))
	for _, t := range []safe.Text{full, safe.Sprintf("%s of about %s", words.Time(runs), words.Time(it.Takes.Typical))} {
		if look.Width(t) <= cells {
			return t
		}
	}
	return safe.Sprintf("%s of %s", words.Time(runs), words.Time(it.Takes.Typical))
}

// overrun says that an item takes longer than it ever did, or nothing.
func (b *Apply) overrun(it *item) safe.Text {
	if it.state != engine.Running || !it.Takes.Known() {
		return safe.Text{}
	}
	return words.Overrun(b.now.Sub(it.begun), forecast.Span{Max: it.Takes.Max})
}

// row draws an item on the axis: what is expected in ░, and over it what is real.
func (b *Apply) row(l *look.Line, it *item, in look.Style) {
	r := timeline.Axis{Span: b.axis.span, Cells: b.axis.cells}.Row()
	length := it.Takes.Typical
	switch {
	case it.state == engine.NotStarted:
	case it.state == engine.Waiting:
		// It cannot start before now, whatever was forecast.
		start := max(it.Start.Typical, b.elapsed())
		r.Lead(0, start, b.lead(it, r.Room(0, start)), b.st.Muted)
		if it.Takes.Known() {
			r.Fill(start, start+length, '░', b.st.Muted)
		}
	default:
		from, to := b.since(it.begun), b.since(b.now)
		mark := '▓'
		if it.state != engine.Running {
			to, mark = b.since(it.ended), '█'
		}
		if it.Takes.Known() {
			r.Fill(from, from+length, '░', b.st.Muted)
		}
		r.Fill(from, to, mark, in)
	}
	r.Put(l)
}

// lead says what an item waits for, on the axis before its place, when that has no
// room beside it.
func (b *Apply) lead(it *item, cells int) safe.Text {
	if t := b.waits(it, cells); look.Width(t) <= cells && look.Width(b.waits(it, unbounded)) > b.stateCells() {
		return t
	}
	return safe.Text{}
}

const unbounded = 1 << 16

// leadFits reports whether what an item waits for stands on the axis.
func (b *Apply) leadFits(it *item) bool {
	a := timeline.Axis{Span: b.axis.span, Cells: b.axis.cells}
	return !b.lead(it, a.Row().Room(0, max(it.Start.Typical, b.elapsed()))).IsEmpty()
}

// foreseenLines draw the outages that were forecast, above the probes that
// measure the real ones.
func (b *Apply) foreseenLines() []string {
	if !b.foreseen || b.height < 8 {
		return nil
	}
	var bad []*forecast.Outage
	for i := range b.outages {
		if words.Harm(b.outages[i].Verdict) > 1 {
			bad = append(bad, &b.outages[i])
		}
	}
	w := b.width
	if len(bad) == 0 {
		return []string{look.NewLine(w).Add(b.st.Good, safe.Lit(" ✓ ")).Add(b.st.Muted, safe.Lit("forecast   no known live thing goes dark")).String()}
	}
	shown := min(len(bad), max(b.height/8, 1))
	var out []string
	for i, o := range bad {
		if i == shown-1 && len(bad) > shown {
			out = append(out, look.NewLine(w).To(3).Add(b.st.Danger, safe.Sprintf("forecast   and %d more live things", len(bad)-i)).String())
			break
		}
		out = append(out, b.foreseenLine(o))
	}
	return out
}

func (b *Apply) foreseenLine(o *forecast.Outage) string {
	w := b.width
	l := look.NewLine(w).Add(b.st.Warning, safe.Lit(" ! ")).Add(b.st.Warning, safe.Lit("forecast  "))
	says := foreseenWords(o)
	end := w
	if b.axis.cells > 0 {
		end = b.axisAt() - 1
	}
	name := rows.Short(o.Thing.Name, max(end-l.Used()-look.Width(says)-2, 8))
	l.Add(b.st.Bold, name).Add(b.st.Plain, safe.Lit(" ")).Add(b.st.Danger, says)
	if b.axis.cells <= 0 || l.Used() > end {
		return l.String()
	}
	r := timeline.Axis{Span: b.axis.span, Cells: b.axis.cells}.Row()
	switch o.Verdict {
	case forecast.Window:
		r.Stretch(o.From, o.To, '▒', b.st.Danger, b.st.Muted)
	case forecast.Gone:
		r.Fill(o.From.Typical, b.axis.span, '▒', b.st.Danger)
	default:
		r.Fill(o.From.Typical, o.From.Typical, '?', b.st.Warning)
	}
	return r.Put(l.To(b.axisAt())).String()
}

// foreseenWords says from when to when a thing is expected to be dark.
func foreseenWords(o *forecast.Outage) safe.Text {
	switch {
	case o.Verdict == forecast.Gone:
		return safe.Lit("GONE FOR GOOD")
	case o.Verdict != forecast.Window:
		return words.Short(*o)
	case o.To.Open:
		return safe.Sprintf("dark from %s, no known end", words.Time(o.From.Typical))
	}
	from, to := words.Time(o.From.Typical).String(), words.Time(o.To.Typical)
	if seconds, ok := strings.CutSuffix(from, " s"); ok && strings.HasSuffix(to.String(), " s") {
		from = seconds
	}
	return safe.Sprintf("dark %s–%s", safe.Show(from), to)
}

// back says when what is dark is expected back, or nothing.
func (b *Apply) back(closing int) safe.Text {
	it := &b.items[closing]
	if !it.Takes.Known() || it.End.Open || it.End.Typical <= 0 {
		return safe.Text{}
	}
	left := it.End.Typical - b.elapsed()
	switch {
	case it.state == engine.Errored || it.state == engine.NotStarted:
		return safe.Text{}
	case left <= 0 || b.late > 0:
		return safe.Sprintf("it was expected back after %s and takes longer", words.Time(it.End.Typical))
	}
	return safe.Sprintf("expected back in about %s", words.Time(left))
}

// opened returns the forecast outage that a delete opens, or nil.
func (b *Apply) opened(item int) *forecast.Outage {
	for i := range b.outages {
		if b.outages[i].OpenedBy == item && b.outages[i].Verdict == forecast.Window {
			return &b.outages[i]
		}
	}
	return nil
}
