package picker

import (
	"strconv"
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

// leastSubject is how many cells a subject has before other columns go for it.
const leastSubject = 24

// measure chooses the widths for what there is to show. A column is as wide as
// what stands in it. Where there is not room for all of it, what decides least
// goes first, then subjects are cut, and notes such as a hazard last.
func measure(c engine.Candidates, now time.Time, width int) columns {
	col := columns{number: len(strconv.Itoa(len(c.Items))), commit: 7, age: 4, author: 6, files: 5, sign: 4, now: now, afterName: c.After}
	if !c.After.IsEmpty() {
		col.after = max(look.Width(c.After), 6)
	}
	said := 0 // the widest note
	for _, item := range sample(c.Items) {
		col.author = min(max(col.author, look.Width(item.Author)), 14)
		col.commit = max(col.commit, min(len(item.Short), 12))
		note, _ := noteLine(item, look.Styles{})
		said = max(said, look.Width(note))
	}
	if said > 0 {
		said = max(said, len("notes"))
	}
	most := longest(sample(c.Items))
	for i, drop := range []*int{nil, &col.sign, &col.files, &col.author, &col.number, &col.age} {
		if drop != nil {
			*drop = 0
		}
		room := width - col.used() - 2
		if said > 0 {
			room -= 2
		}
		col.subject = min(max(room-said, leastSubject), most)
		col.notes = max(min(said, room-col.subject), 0)
		if enough := col.subject + col.notes; enough >= most+said ||
			i >= 2 && room-said >= min(leastSubject, most) || i >= 3 && col.notes >= min(said, 18) {
			break
		}
		col.notes = 0
	}
	room := width - col.used() - 2
	if col.subject = max(min(col.subject, room), 1); said == 0 {
		col.subject = max(room, 1) // later rows may have longer ones than the sample
	}
	if said > 0 && col.notes < 5 && room >= 5 { // at least its sign
		col.notes = 1
		col.subject = max(min(col.subject, width-col.used()-2), 1)
	}
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
