package tui

import (
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A railRow is one line of the list of steps.
type railRow struct {
	indent  int
	number  safe.Text
	sign    safe.Text
	name    safe.Text
	note    safe.Text
	brief   safe.Text // instead of a note that has no room
	style   look.Style
	why     safe.Text
	current bool
}

// railRows lists the steps, the rounds of an each_change below it, and the steps
// of the round that runs below that.
func (r *run) railRows(st look.Styles, now time.Time) []railRow {
	var out []railRow
	for _, s := range r.steps {
		if s.Parent != "" {
			continue
		}
		out = append(out, r.stepRow(st, s, 0, now))
		if s.Kind == runbook.KindEachChange {
			out = append(out, r.roundRows(st, s, now)...)
		}
	}
	return out
}

func (r *run) stepRow(st look.Styles, s *step, indent int, now time.Time) railRow {
	row := railRow{indent: indent, number: safe.Show(s.Position), sign: s.sign(), name: s.title(), note: s.summary, why: s.Why}
	row.current = s.ID == r.current
	row.style = signStyle(st, row.sign)
	switch {
	case s.running && s.Kind == runbook.KindEachChange:
		row.note = safe.Text{}
	case s.running && row.current:
		row.note = clock(now.Sub(s.begun))
	case s.before:
		row.brief, row.note = before, joinNote(s.summary, before)
		if s.result == engine.OK {
			row.style = st.Muted
		}
	case s.result == engine.Unknown, s.result == engine.Stopped, s.result == engine.Declined, s.result == engine.Accepted:
		if row.note.IsEmpty() {
			row.note = safe.Show(string(s.result))
		}
	}
	return row
}

// before says of a step that it was done before the run was resumed.
var before = safe.Lit("before")

func joinNote(a, b safe.Text) safe.Text {
	if a.IsEmpty() {
		return b
	}
	return safe.Sprintf("%s · %s", a, b)
}

func (r *run) roundRows(st look.Styles, each *step, now time.Time) []railRow {
	var out []railRow
	rounds := r.rounds[each.ID]
	for i, n := range rounds {
		over := !n.ended.IsZero()
		row := railRow{indent: 1, number: safe.Sprintf("%s.%d", safe.Show(each.Position), n.number), sign: signRunning}
		row.name = safe.Sprintf("change %d", n.number)
		if all := r.changesOf(n); all > 0 {
			row.name = safe.Sprintf("change %d of %d", n.number, all)
		}
		if over {
			row.sign, row.note = signDone, clock(n.ended.Sub(n.begun))
			if n.before {
				row.note = before
			}
			if n.title.IsEmpty() && each.result == engine.OK && i == len(rounds)-1 {
				row.name = safe.Lit("nothing left")
			}
			if each.result != "" && each.result != engine.OK && i == len(rounds)-1 {
				row.sign = signLook
			}
			if n.failed && row.sign != signDone {
				row.sign = signFailed
			}
		}
		row.style = signStyle(st, row.sign)
		out = append(out, row)
	}
	if len(rounds) > 0 && !rounds[len(rounds)-1].ended.IsZero() && each.result == engine.OK {
		return out
	}
	for _, s := range r.steps {
		if s.Parent == each.ID {
			row := r.stepRow(st, s, 2, now)
			row.number = safe.Text{}
			out = append(out, row)
		}
	}
	return out
}

func signStyle(st look.Styles, sign safe.Text) look.Style {
	switch sign {
	case signDone:
		return st.Good
	case signFailed:
		return st.Danger
	case signLook:
		return st.Warning
	case signRunning:
		return st.Accent
	}
	return st.Muted
}

// draw draws the row in exactly width cells.
func (row railRow) draw(st look.Styles, width int) string {
	l := look.NewLine(width).To(1 + 2*min(row.indent, 1))
	if row.number.IsEmpty() {
		l.To(2 + 2*row.indent + 1)
	} else {
		l.Add(st.Muted, row.number).Add(st.Plain, safe.Lit(" "))
	}
	l.Add(row.style, row.sign).Add(st.Plain, safe.Lit(" "))
	name := st.Plain
	switch {
	case row.current:
		name = st.Bold
	case row.sign == signWaiting:
		name = st.Muted
	}
	room := width - l.Used() - 1
	note := row.note
	if !row.brief.IsEmpty() && room-look.Width(note)-2 < look.Width(row.name) {
		note = row.brief
	}
	if w := look.Width(note); w > 0 && room-w-2 < look.Width(row.name) {
		note = shorten(note, room-2-look.Width(row.name))
	}
	if w := look.Width(note); w > 0 {
		room -= w + 2
	}
	l.Cell(name, row.name, min(look.Width(row.name), room))
	return l.Right(st.Muted, safe.Sprintf("%s ", note)).String()
}

// shorten cuts t to a width, or to nothing when little would be left.
func shorten(t safe.Text, width int) safe.Text {
	if width < 6 {
		return safe.Text{}
	}
	return safe.Show(strings.TrimRight(look.NewLine(width).Add(look.Style{}, t).String(), " "))
}

// rail draws the steps, and the probes at the foot.
func (m *model) rail(width, height int) []string {
	probes := m.probeLines(width)
	if len(probes) > height/2 {
		probes = probes[:height/2]
	}
	rows := m.run.railRows(m.st, m.now())
	room := max(height-len(probes)-1, 1)
	var out []string
	for _, row := range window(rows, room) {
		out = append(out, row.draw(m.st, width))
	}
	for len(out) < height-len(probes) {
		out = append(out, look.Blank(width))
	}
	return append(out, probes...)
}

// window returns as many rows as there is room for, around the current one.
func window(rows []railRow, room int) []railRow {
	if len(rows) <= room {
		return rows
	}
	at := 0
	for i, r := range rows {
		if r.current || r.sign == signRunning {
			at = i
		}
	}
	first := max(min(at-room/2, len(rows)-room), 0)
	return rows[first : first+room]
}

// clock writes a duration in a few cells.
func clock(d time.Duration) safe.Text { return look.Short(d) }
