package planview

import (
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// step returns what a change is expected to do, or nil when there is no forecast
// of it.
func (v *View) step(i int) *forecast.Forecast {
	if i < len(v.review.Sequence.Steps) {
		return &v.review.Sequence.Steps[i]
	}
	return nil
}

// touches reports whether a change works on a live thing.
func (v *View) touches(c plan.Change) bool {
	for _, m := range v.members(c) {
		if r := v.resource(m); r.Was != nil || r.Becomes != nil {
			return true
		}
	}
	return false
}

// impact is what a change does to live things, in a few words.
func (v *View) impact(i int) (safe.Text, look.Style) {
	c, f := v.review.Changes[i], v.step(i)
	switch {
	case !c.Blocked.IsEmpty():
		return safe.Lit("BLOCKED"), v.st.Danger
	case f == nil:
		return safe.Text{}, v.st.Muted
	}
	in := v.st.Muted
	if worst := words.Worst(f.Outages); worst != nil {
		if in, _ = verdictStyle(v.st, worst.Verdict); words.Harm(worst.Verdict) < 2 {
			in = v.st.Good
		}
	}
	return words.Impact(*f, v.touches(c)), in
}

// changePhrases are the words below a change: why it must not be applied, what
// goes dark, why it stands where it does.
func (v *View) changePhrases(i, w int) []phrase {
	c, room := v.review.Changes[i], w-9
	var out []phrase
	if !c.Blocked.IsEmpty() {
		out = phrases(out, v.st.Danger, safe.Sprintf("BLOCKED: %s", c.Blocked), room)
		if !c.Remedy.IsEmpty() {
			out = phrases(out, v.st.Bold, safe.Sprintf("instead: %s", c.Remedy), room)
		}
	}
	out = v.outagesOf(out, i, room)
	if !c.Blocked.IsEmpty() {
		return out // why it would come last is no reason to take it
	}
	return phrases(out, v.st.Muted, c.Why, room)
}

// outagesOf appends what goes dark in a change. That a thing would be gone for good
// is what blocks one, so it is not said twice.
func (v *View) outagesOf(out []phrase, i, room int) []phrase {
	f, blocked, told := v.step(i), !v.review.Changes[i].Blocked.IsEmpty(), 0
	if f == nil {
		return out
	}
	for k := range f.Outages {
		o := &f.Outages[k]
		if words.Harm(o.Verdict) < 2 || blocked && o.Verdict == forecast.Gone {
			continue
		}
		if told++; told > 3 {
			continue
		}
		in, sign := verdictStyle(v.st, o.Verdict)
		out = phrases(out, in, safe.Sprintf("%s %s: %s", sign, o.Thing.Name, words.Verdict(*o)), room)
	}
	if told > 3 {
		out = phrases(out, v.st.Danger, safe.Sprintf("and %s more", count(told-3, "live thing")), room)
	}
	return out
}

// Columns of a change, from the right: what it does to live things, how long it
// takes, what it consists of.
type columns struct{ tally, impact int }

// measureChanges takes the widths of the columns of the sequence.
func (v *View) measureChanges() {
	v.cols = columns{}
	for i, c := range v.review.Changes[:min(len(v.review.Changes), 1000)] {
		t, _ := v.impact(i)
		v.cols.impact = max(v.cols.impact, look.Width(t))
		v.cols.tally = max(v.cols.tally, v.tallyOf(c).bits(v.st, v.width >= 110).Width())
	}
}

// changeLines draws one change of the sequence and why it stands there.
func (v *View) changeLines(i int, at bool, w int) []string {
	c := v.review.Changes[i]
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" "))
	switch {
	case at:
		l.Add(v.st.Accent, safe.Lit("▸"))
	case i == v.chosen && len(v.marks) == 0:
		l.Add(v.st.Accent, safe.Lit("▹"))
	}
	l.To(2)
	if v.marks[block{kind: changeBlock, a: int32(i)}] {
		l.Add(v.st.Key, safe.Lit("✚"))
	}
	l.To(3).Add(v.st.Bold, safe.Sprintf("%2d", i+1)).To(indent)
	in := v.st.Plain
	if i == v.chosen {
		in = v.st.Bold
	}
	var out []string
	if v.step(i) == nil && c.Blocked.IsEmpty() || w < axisFrom {
		right := v.tallyOf(c).bits(v.st, w >= 100).Add(v.st.Plain, safe.Lit(" "))
		l.Add(v.text(at, in), rows.Short(c.Title, max(w-l.Used()-right.Width()-2, 8)))
		out = append(out, right.Right(l, w).String())
		if t, in := v.impact(i); !t.IsEmpty() {
			l := look.NewLine(w).To(indent)
			if f := v.step(i); f != nil {
				l.Add(v.st.Plain, words.Brief(f.Takes)).Add(v.st.Rule, safe.Lit(" · "))
			}
			out = append(out, l.Add(in, t).String())
		}
	} else {
		out = append(out, v.changeRow(l, i, v.text(at, in), w))
	}
	for _, p := range v.changeText[i] {
		out = append(out, look.NewLine(w).To(indent).Add(p.in, p.text).String())
	}
	return out
}

// changeRow draws the columns of a change.
func (v *View) changeRow(l *look.Line, i int, in look.Style, w int) string {
	impact := min(v.cols.impact, max(w/3, 12))
	impactAt := w - 1 - impact
	takesAt := impactAt - 2 - takesWide
	tallyAt := takesAt - 2 - v.cols.tally
	titleEnd := tallyAt - 2
	if titleEnd-indent < 24 {
		titleEnd = takesAt - 2
	}
	c := v.review.Changes[i]
	l.Add(in, rows.Short(c.Title, max(titleEnd-indent, 8)))
	if titleEnd < tallyAt {
		l.To(tallyAt)
		v.tallyOf(c).bits(v.st, w >= 110).Put(l)
	}
	if f := v.step(i); f != nil {
		takes := words.Brief(f.Takes)
		l.To(takesAt+takesWide-look.Width(takes)).Add(v.st.Plain, takes)
	}
	t, in := v.impact(i)
	return l.To(impactAt).Add(in, t).String()
}

// lastingLines draw a live thing that is dark from one change to a later one.
func (v *View) lastingLines(i int32, w int) []string {
	o := &v.review.Sequence.Outages[i]
	l := look.NewLine(w).To(indent-2).Add(v.st.Danger, safe.Lit("✗")).To(indent)
	out := []string{l.Add(v.st.Bold, rows.Short(o.Thing.Name, w-indent-1)).String()}
	for _, p := range v.lastingText[i] {
		out = append(out, look.NewLine(w).To(indent).Add(p.in, p.text).String())
	}
	return out
}
