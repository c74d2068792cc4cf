package ask

import (
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// Settle returns the page of an effect whose end nobody recorded: what was
// started, what was found, and the evidence. It says how long ago that was, so it
// is to be refreshed.
func Settle(st look.Styles, q engine.Question, p engine.Settlement, now func() time.Time) *Page {
	return NewPage(st, func(w int) []string { return settleLines(st, q, p, now(), w) })
}

func settleLines(st look.Styles, q engine.Question, p engine.Settlement, now time.Time, width int) []string {
	out := wrapped(nil, st.Title, q.Title, 1, width)
	for _, t := range q.Body {
		out = wrapped(out, st.Plain, t, 1, width)
	}
	const column = 10
	field := func(name safe.Text, in look.Style, t safe.Text) {
		if t.IsEmpty() {
			return
		}
		for i, part := range look.Wrap(t, width-column-1) {
			l := look.NewLine(width)
			if i == 0 {
				l.To(1).Add(st.Muted, name)
			}
			out = append(out, l.To(column).Add(in, part).String())
		}
	}
	gap := func() {
		if width >= roomy {
			out = append(out, look.Blank(width))
		}
	}
	started := func() {
		field(safe.Lit("started"), st.Plain, p.What)
		when := safe.Sprintf("%s ago", look.Short(now.Sub(p.Started)))
		if !p.By.IsEmpty() {
			when = safe.Sprintf("%s, by %s", when, p.By)
		}
		field(safe.Text{}, st.Muted, safe.Sprintf("%s · %s · record %d", when, stamp(p.Started, now), p.Intent))
	}
	found := func() {
		field(safe.Lit("found"), st.Warning, p.Found)
		if p.Verdict != "" {
			field(safe.Text{}, st.Muted, safe.Sprintf("verdict %s", safe.Show(p.Verdict)))
		}
	}
	parts := []func(){started, found}
	if width < roomy {
		parts = []func(){found, started} // what has to be seen without scrolling
	}
	for _, part := range parts {
		gap()
		part()
	}
	if len(p.Lines) == 0 {
		gap()
		return out
	}
	gap()
	return append(append(out, evidence(st, p.Lines, width)...), look.Blank(width))
}

// roomy is the width from which words are set with gaps and columns.
const roomy = 60

// stamp writes a time so that nobody has to guess the day.
func stamp(t, now time.Time) safe.Text {
	t, now = t.UTC(), now.UTC()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return safe.Show(t.Format("15:04:05 UTC today"))
	}
	return safe.Show(t.Format("2 Jan 2006 15:04:05 UTC"))
}

// evidence draws what was looked at, a line each. Lines that begin with what they
// are about stand in two columns where there is room.
func evidence(st look.Styles, lines []safe.Text, width int) []string {
	const longest = 20
	names := 0
	for _, t := range lines {
		if name, _, ok := about(t, longest); ok && width >= roomy {
			names = max(names, look.Width(name))
		}
	}
	out := []string{look.RuleLine(st, width, safe.Lit("what was looked at"), st.Muted)}
	for _, t := range lines {
		name, rest, ok := about(t, longest)
		if !ok || names == 0 {
			name, rest = safe.Text{}, t
		}
		column := 3
		if ok && names > 0 {
			column += names + 2
		}
		parts := look.Wrap(rest, width-column-1)
		if t.IsEmpty() {
			parts = []safe.Text{{}}
		}
		for i, part := range parts {
			l := look.NewLine(width).Add(st.Rule, safe.Lit(" │ "))
			if i == 0 {
				l.Add(st.Muted, name)
			}
			out = append(out, l.To(column).Add(st.Plain, part).String())
		}
	}
	return out
}

// about takes a line such as "lock: held by ana" apart.
func about(t safe.Text, longest int) (name, rest safe.Text, ok bool) {
	before, after, found := strings.Cut(t.String(), ": ")
	if !found || before == "" || len(before) > longest || strings.HasPrefix(before, " ") {
		return name, rest, false
	}
	return safe.Show(before), safe.Show(after), true
}
