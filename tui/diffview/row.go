package diffview

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// column is where a line of the file stands on a row of the pane.
type column struct {
	width  int // of all of it
	text   int // of the line's text
	digits int // of a line number
	both   bool
	old    bool // the old file's numbers, where old and new are side by side
}

// columns returns where the old and the new line stand; they are the same when
// there is only one column.
func (f *file) columns(w int) (left, right column) {
	if !f.split {
		c := column{width: w, digits: f.digits, both: w >= 60}
		c.text = w - f.digits - 4
		if c.both {
			c.text -= f.digits + 1
		}
		return c, c
	}
	left = column{width: (w - 1) / 2, digits: f.digits, old: true}
	right = column{width: w - 1 - left.width, digits: f.digits}
	left.text, right.text = left.width-f.digits-4, right.width-f.digits-4
	return left, right
}

// rowHeight returns how many lines a row takes when long lines are wrapped.
func (f *file) rowHeight(i int) int {
	r := f.rows[i]
	if r.left == head {
		return 1
	}
	left, right := f.columns(f.width)
	h := 1
	if r.left >= 0 {
		h = rows.Broken(f.line(r.left).Text, left.text)
	}
	if f.split && r.right >= 0 {
		h = max(h, rows.Broken(f.line(r.right).Text, right.text))
	}
	return h
}

// row draws a row.
func (v *View) row(f *file, i, w int) []string {
	r := f.rows[i]
	if r.left == head {
		return []string{v.headLine(f, int(r.right), w)}
	}
	left, right := f.columns(w)
	if !f.split {
		return v.column(f, r.left, left, i == v.hit())
	}
	a, b := v.column(f, r.left, left, i == v.hit()), v.column(f, r.right, right, false)
	out := make([]string, 0, max(len(a), len(b)))
	for k := range max(len(a), len(b)) {
		x, y := rows.Blank(left.width), rows.Blank(right.width)
		if k < len(a) {
			x = a[k]
		}
		if k < len(b) {
			y = b[k]
		}
		out = append(out, x+v.bar+y)
	}
	return out
}

// headLine draws the head of a hunk.
func (v *View) headLine(f *file, h, w int) string {
	hunk := f.diff.Hunks[h]
	in, sign := v.st.Rule, safe.Lit(" ")
	if h == f.hunk {
		in, sign = v.st.Accent, safe.Lit("▸")
	}
	where := fmt.Sprintf("line %d", hunk.NewStart)
	if hunk.NewLines > 1 {
		where = fmt.Sprintf("lines %d–%d", hunk.NewStart, hunk.NewStart+hunk.NewLines-1)
	}
	if hunk.NewLines == 0 {
		where = fmt.Sprintf("removed after line %d", hunk.NewStart)
	}
	l := look.NewLine(w).Add(in, sign).Add(in, safe.Sprintf("── %s ", where))
	return l.Add(v.st.Rule, safe.Show(strings.Repeat("─", max(w-l.Used(), 0)))).String()
}

// column draws one line of the file, on several lines when it is wrapped.
func (v *View) column(f *file, line int32, c column, hit bool) []string {
	if line < 0 {
		return []string{rows.Blank(c.width)}
	}
	d := f.line(line)
	text, base, sign := d.Text, v.st.Plain, " "
	number, mark := v.st.Muted, v.st.Plain
	switch d.Op {
	case '+':
		base, sign, number, mark = v.st.Added, "+", v.st.Added, v.st.Added
	case '-':
		base, sign, number, mark = v.st.Removed, "-", v.st.Removed, v.st.Removed
	case '\\':
		base, sign = v.st.Muted, `\`
	}
	spans := rows.Over(f.spans(line), rows.Marks(text, v.prompt.Query(), v.st.Selected))
	starts := []int{0}
	if v.wrap {
		starts = rows.Break(text, c.text)
	}
	out := make([]string, len(starts))
	for k, from := range starts {
		l := look.NewLine(c.width)
		if hit && k == 0 {
			l.Add(v.st.Accent, safe.Lit("▸"))
		} else {
			l.Add(v.st.Plain, safe.Lit(" "))
		}
		if k == 0 {
			l.Add(number, f.number(line, d, c)).Add(mark, safe.Show(" "+sign+" "))
		}
		l.To(c.width - c.text)
		to := len(text.String())
		switch {
		case k+1 < len(starts):
			to = starts[k+1]
		case !v.wrap:
			to = enough(text.String(), c.text)
		}
		rows.Paint(l, text, from, to, base, spans)
		out[k] = l.String()
	}
	return out
}

// number returns the line numbers in front of a line.
func (f *file) number(line int32, d engine.DiffLine, c column) safe.Text {
	show := func(n int32) string {
		if n == 0 {
			return strings.Repeat(" ", c.digits)
		}
		return fmt.Sprintf("%*d", c.digits, n)
	}
	if c.both {
		return safe.Show(show(f.oldNo[line]) + " " + show(f.newNo[line]))
	}
	if d.Op == '-' || c.old {
		return safe.Show(show(f.oldNo[line]))
	}
	return safe.Show(show(f.newNo[line]))
}

// enough returns how many bytes of a text more than fill a number of cells, so
// that the rest of a very long line is not looked at.
func enough(s string, cells int) int {
	n := utf8.UTFMax * (max(cells, 0) + 2)
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}
