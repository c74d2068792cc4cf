package picker

import (
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// columns are the widths of the table, in cells; 0 leaves a column out.
type columns struct {
	number, commit, age, author, subject, files, after, sign, notes int
	now                                                             time.Time
	afterName                                                       safe.Text
}

// measure chooses the widths for what there is to show. Where there is little
// room, the columns that decide least go first.
func measure(c engine.Candidates, now time.Time, width int) columns {
	col := columns{number: 3, commit: 7, age: 4, author: 6, files: 5, sign: 4, now: now, afterName: c.After}
	if !c.After.IsEmpty() {
		col.after = max(look.Width(c.After), 6)
	}
	noted := false
	for _, item := range sample(c.Items) {
		col.author = min(max(col.author, look.Width(item.Author)), 14)
		col.commit = max(col.commit, min(len(item.Short), 12))
		noted = noted || len(notes(item)) > 0
	}
	if noted {
		col.notes = 30
	}
	if len(c.Items) > 99 {
		col.number = 6
	}
	for _, drop := range []*int{nil, &col.sign, &col.files, &col.author, &col.number, &col.age} {
		if drop != nil {
			*drop = 0
		}
		if col.subject = width - col.used(); col.subject >= 24 {
			break
		}
		if spare := 24 - col.subject; col.notes > 0 {
			give := min(spare, max(col.notes-18, 0))
			col.notes -= give
			if col.subject += give; col.subject >= 24 {
				break
			}
		}
	}
	if col.subject < 14 && col.notes > 0 {
		col.subject += col.notes - 3
		col.notes = 1
	}
	if most := longest(sample(c.Items)); col.notes > 0 && col.subject > most {
		col.notes += col.subject - most
		col.subject = most
	}
	col.subject = max(col.subject, 1)
	return col
}

// sample returns the rows that the widths are taken from, so that a table of a
// million rows is laid out as fast as a short one.
func sample(items []engine.Candidate) []engine.Candidate { return items[:min(len(items), 500)] }

func longest(items []engine.Candidate) int {
	most := len("subject")
	for _, item := range items {
		most = max(most, look.Width(item.Subject))
	}
	return most
}

// used is what all columns but the subject take, with the cursor's and the gaps.
func (c columns) used() int {
	n := 3
	for _, w := range []int{c.number, c.commit, c.age, c.author, c.files, c.after, c.sign, c.notes} {
		if w > 0 {
			n += w + 2
		}
	}
	return n
}

type cell struct {
	width int
	text  safe.Text
	style look.Style
	right bool
}

func (c columns) line(width int, mark safe.Text, all look.Style, cells []cell) string {
	l := look.NewLine(width).Add(all, mark)
	for _, x := range cells {
		if x.width <= 0 {
			continue
		}
		if x.right {
			if n := x.width - look.Width(x.text); n > 0 {
				x.text = safe.Show(strings.Repeat(" ", n) + x.text.String())
			}
		}
		if n := x.width - look.Width(x.text); n > 0 { // so that a row in one style is one bar
			x.text = safe.Show(x.text.String() + strings.Repeat(" ", n))
		}
		l.Cell(x.style, x.text, x.width).Add(all, safe.Lit("  "))
	}
	if n := width - l.Used(); n > 0 {
		l.Add(all, safe.Show(strings.Repeat(" ", n)))
	}
	return l.String()
}

func (c columns) head(st look.Styles, width int) string {
	m := st.Muted
	return c.line(width, safe.Lit("   "), m, []cell{
		{c.number, safe.Lit("#"), m, true},
		{c.commit, safe.Lit("commit"), m, false},
		{c.age, safe.Lit("age"), m, true},
		{c.author, safe.Lit("author"), m, false},
		{c.subject, safe.Lit("subject"), m, false},
		{c.files, safe.Lit("files"), m, true},
		{c.sign, safe.Lit("sign"), m, false},
		{c.after, c.afterName, m, false},
		{c.notes, safe.Lit("notes"), m, false},
	})
}

// row draws one candidate. The row with the cursor is drawn in one style, so
// that it reads as one thing.
func (c columns) row(p *Picker, i int) string {
	item, st := p.c.Items[i], p.st
	on := i == p.rows.Cursor()
	in := func(s look.Style) look.Style {
		switch {
		case on:
			return st.Selected
		case !item.Disabled.IsEmpty():
			return st.Muted
		}
		return s
	}
	mark := safe.Lit("   ")
	if on {
		mark = safe.Lit(" ▸ ")
	}
	subject := st.Plain
	if item.Recommended {
		subject = st.Bold
	}
	if p.words != "" && p.matches(item) {
		subject = st.Accent
	}
	note, noteStyle := noteLine(item, st)
	return c.line(p.width, mark, in(st.Plain), []cell{
		{c.number, safe.Sprintf("%d", i+1), in(st.Muted), true},
		{c.commit, safe.Show(item.Short), in(st.Accent), false},
		{c.age, age(c.now, item.When), in(st.Plain), true},
		{c.author, item.Author, in(st.Plain), false},
		{c.subject, item.Subject, in(subject), false},
		{c.files, safe.Sprintf("%d", item.Files), in(st.Plain), true},
		{c.sign, signed(item), in(st.Plain), false},
		{c.after, verified(c.now, item), in(verifiedStyle(item, st)), false},
		{c.notes, note, in(noteStyle), false},
	})
}

// notes lists what is worth knowing of a candidate, the most important first.
func notes(c engine.Candidate) []safe.Text {
	var out []safe.Text
	if c.Recommended {
		out = append(out, safe.Lit("next"))
	}
	if c.RevertedBy != "" {
		out = append(out, safe.Sprintf("⚠ reverted by %s", safe.Show(c.RevertedBy)))
	}
	for _, h := range c.Hazards {
		out = append(out, safe.Sprintf("⚠ %s", h))
	}
	if c.Alone {
		out = append(out, safe.Lit("deploy alone"))
	}
	for _, a := range c.After {
		out = append(out, safe.Sprintf("after %s", a))
	}
	if c.Reverts != "" {
		out = append(out, safe.Sprintf("reverts %s", safe.Show(c.Reverts)))
	}
	if !c.Disabled.IsEmpty() {
		out = append(out, safe.Sprintf("✗ %s", c.Disabled))
	}
	return out
}

func noteLine(c engine.Candidate, st look.Styles) (safe.Text, look.Style) {
	all := notes(c)
	style := st.Plain
	if c.RevertedBy != "" || len(c.Hazards) > 0 {
		style = st.Warning
	} else if c.Recommended {
		style = st.Good
	}
	return safe.Join(all, " · "), style
}

func signed(c engine.Candidate) safe.Text {
	if s := c.Signature.String(); s == "" || s == "none" {
		return safe.Lit("–")
	}
	return safe.Lit("yes")
}

func verified(now time.Time, c engine.Candidate) safe.Text {
	if c.Verified.IsZero() {
		return safe.Lit("–")
	}
	return safe.Sprintf("✓ %s", age(now, c.Verified))
}

func verifiedStyle(c engine.Candidate, st look.Styles) look.Style {
	if c.Verified.IsZero() {
		return st.Muted
	}
	return st.Good
}

// age says how long ago something was, in one unit.
func age(now, then time.Time) safe.Text {
	if then.IsZero() {
		return safe.Lit("–")
	}
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return safe.Lit("now")
	case d < time.Hour:
		return safe.Sprintf("%d m", int(d.Minutes()))
	case d < 48*time.Hour:
		return safe.Sprintf("%d h", int(d.Hours()))
	case d < 1000*24*time.Hour:
		return safe.Sprintf("%d d", int(d.Hours()/24))
	}
	return safe.Sprintf("%d y", int(d.Hours()/24/365))
}
