package planview

import (
	"slices"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// A phrase is one line of words below a row.
type phrase struct {
	in   look.Style
	text safe.Text
}

// phrases breaks words into lines for what is below a row.
func phrases(out []phrase, in look.Style, t safe.Text, width int) []phrase {
	if t.IsEmpty() {
		return out
	}
	for _, part := range look.Wrap(t, max(width, 8)) {
		out = append(out, phrase{in, part})
	}
	return out
}

// verdictStyle colours a verdict, and sign marks it.
func verdictStyle(st look.Styles, verdict forecast.Verdict) (in look.Style, sign safe.Text) {
	switch verdict {
	case forecast.Window, forecast.Gone:
		return st.Danger, safe.Lit("✗")
	case forecast.Swap, forecast.None:
		return st.Good, safe.Lit("✓")
	}
	return st.Warning, safe.Lit("?")
}

// outagePhrases are the words below an outage: how long, who sees it, why.
func (v *View) outagePhrases(o *forecast.Outage, w int) []phrase {
	in, _ := verdictStyle(v.st, o.Verdict)
	room := w - indent - 1
	var out []phrase
	if words.Brief(o.Length) != words.About(o.Length) || o.Verdict != forecast.Window {
		out = phrases(out, in, words.Verdict(*o), room) // the row above says less
	}
	out = phrases(out, v.st.Warning, words.Seen(*o), room)
	return phrases(out, v.st.Plain, o.Why, room)
}

// outageLines draws what happens to one live thing, its dark span on the axis of
// the actions above.
func (v *View) outageLines(i int32, w int) []string {
	o := &v.chart.f.Outages[i]
	in, sign := verdictStyle(v.st, o.Verdict)
	l := look.NewLine(w).To(indent-2).Add(in, sign).To(indent)
	if w < axisFrom {
		l.Add(v.st.Bold, rows.Short(o.Thing.Name, w-indent-1))
	} else {
		name := v.addressWidth()
		l.Cell(v.st.Bold, rows.Short(o.Thing.Name, name), name).To(indent + name + 2)
		v.verdictCells(l, o, in)
		if a := v.axis(w); a.Cells > 0 {
			l.To(v.axisAt())
			v.darkBar(o, in, l)
		}
	}
	out := []string{l.String()}
	for _, p := range v.outageText[i] {
		out = append(out, look.NewLine(w).To(indent).Add(p.in, p.text).String())
	}
	return out
}

// verdictCells writes the verdict where a resource has its action and how long
// that takes.
func (v *View) verdictCells(l *look.Line, o *forecast.Outage, in look.Style) {
	if o.Verdict != forecast.Window {
		t := words.Short(*o)
		if o.Verdict == forecast.Swap {
			t = safe.Lit("swap")
		}
		l.Cell(in, t, actionWide+1+takesWide)
		return
	}
	length := words.Brief(o.Length)
	l.Cell(in, safe.Lit("DARK"), actionWide).To(l.Used()+1+takesWide-look.Width(length)).Add(in, length)
}

func (v *View) darkBar(o *forecast.Outage, in look.Style, l *look.Line) {
	a := v.axis(v.width)
	b, end := a.Row(), a.Span
	switch o.Verdict {
	case forecast.Window:
		b.Stretch(o.From, o.To, '▒', in, v.st.Danger)
		if !o.To.Open {
			b.Label(o.From.Typical, o.To.Typical, safe.Sprintf(" DARK %s ", words.Brief(o.Length)), v.st.Dark)
		}
	case forecast.Gone:
		b.Fill(o.From.Typical, end, '▒', in)
		b.Label(o.From.Typical, end, safe.Lit(" GONE FOR GOOD "), v.st.Dark)
	case forecast.Swap:
		b.Fill(o.From.Typical, o.From.Typical, '│', in)
	default:
		b.Fill(o.From.Typical, max(o.To.Typical, o.From.Typical), '?', in)
	}
	b.Put(l)
}

// fineLine names the live things that lose an object and stay.
func (v *View) fineLine(w int) string {
	l := look.NewLine(w).To(indent-2).Add(v.st.Good, safe.Lit("✓")).To(indent)
	fine := v.chart.fine
	if len(fine) == 0 {
		return l.Add(v.st.Good, safe.Lit("no known live thing goes dark")).String()
	}
	t := safe.Sprintf("%s", v.chart.f.Outages[fine[0]].Thing.Name)
	if n := len(fine) - 1; n > 0 {
		t = safe.Sprintf("%s and %d more", t, n)
	}
	return l.Add(v.st.Good, safe.Sprintf("none: %s there all the time", are(t, len(fine)))).String()
}

func are(t safe.Text, n int) safe.Text {
	if n == 1 {
		return safe.Sprintf("%s is", t)
	}
	return safe.Sprintf("%s are", t)
}

// outlook says in a few words what the plan does, for the line that is always
// there: the longest form first. What it does at once is the last to go.
func (v *View) outlook() []rows.Bits {
	if v.chart == nil {
		return nil
	}
	worst := words.Worst(v.chart.f.Outages)
	in, t := v.st.Good, safe.Lit("nothing goes dark")
	if worst != nil && worst.Verdict != forecast.None {
		in, _ = verdictStyle(v.st, worst.Verdict)
		t = words.Impact(*v.chart.f, true)
	}
	atOnce := rows.Bits{}.Add(in, t)
	if v.apply {
		return []rows.Bits{atOnce}
	}
	named := rows.Bits{}.Add(v.st.Plain, safe.Lit("at once: ")).Add(in, t)
	if len(v.review.Sequence.Steps) == 0 {
		return []rows.Bits{named, atOnce}
	}
	sum, in := v.whole()
	then := func(b rows.Bits, how safe.Text, sum safe.Text) rows.Bits { return b.Add(v.st.Plain, how).Add(in, sum) }
	forms := []rows.Bits{
		then(named, safe.Lit(" · one at a time: "), sum),
		then(atOnce, safe.Lit(" · one at a time: "), sum),
		then(named, safe.Lit(" · one by one: "), sum),
		then(atOnce, safe.Lit(" · one by one: "), sum),
	}
	if v.blocked() {
		forms = append(forms, then(atOnce, safe.Lit(" · "), sum), then(atOnce, safe.Lit(" · "), safe.Lit("BLOCKED")))
	}
	return append(forms, atOnce)
}

// whole says how long live things are dark one change at a time, or at which
// change that ends.
func (v *View) whole() (safe.Text, look.Style) {
	in := v.st.Good
	if v.blocked() || v.review.Sequence.Dark != (forecast.Span{}) || harmful(v.sequenceOutages()) {
		in = v.st.Danger
	}
	return words.Whole(v.review.Changes, v.review.Sequence, v.sequenceOutages()), in
}

// blocked reports whether a change of the sequence must not be applied as it is.
func (v *View) blocked() bool {
	return slices.ContainsFunc(v.review.Changes, func(c plan.Change) bool { return !c.Blocked.IsEmpty() })
}

// goneForGood reports whether the sequence takes a live thing away for good.
func (v *View) goneForGood() bool {
	w := words.Worst(v.sequenceOutages())
	return w != nil && w.Verdict == forecast.Gone
}

// sequenceOutages are all outages of the sequence, in one step or over several.
func (v *View) sequenceOutages() []forecast.Outage {
	if v.allOutages == nil {
		v.allOutages = words.All(v.review.Sequence)
	}
	return v.allOutages
}

func harmful(all []forecast.Outage) bool {
	w := words.Worst(all)
	return w != nil && words.Harm(w.Verdict) > 1
}
