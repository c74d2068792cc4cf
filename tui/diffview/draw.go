package diffview

import (
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// View returns the pane as it is now. It joins lines that were drawn before.
func (v *View) View() string {
	if v.frame == "" && v.width > 0 && v.height > 0 {
		v.frame = v.draw()
	}
	return v.frame
}

func (v *View) draw() string {
	lines := make([]string, 0, v.height)
	if v.head == "" {
		v.head = v.header()
	}
	lines = append(lines, v.head)
	if !v.low() {
		lines = append(lines, v.line)
	}
	if v.beside() {
		left, right := v.treeLines(), v.mainLines()
		for i := range min(len(left), len(right)) {
			lines = append(lines, left[i]+v.bar+right[i])
		}
	} else {
		lines = append(lines, v.mainLines()...)
	}
	for len(lines) < v.height {
		lines = append(lines, rows.Blank(v.width))
	}
	return strings.Join(lines[:v.height], "\n")
}

// header says where the operator is and what is left to do.
func (v *View) header() string {
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" "))
	if v.cur < 0 {
		return l.Add(v.st.Title, safe.Lit("no file differs")).String()
	}
	l.Add(v.st.Title, safe.Sprintf("file %d of %d", v.tree.place[v.cur]+1, len(v.files)))
	seen := v.st.Muted
	if v.viewed() == len(v.files) {
		seen = v.st.Good
	}
	l.Add(v.st.Rule, safe.Lit(" · ")).Add(seen, safe.Sprintf("%d viewed", v.viewed()))
	if r := v.review.Files[v.cur]; r.Added >= 0 {
		l.Add(v.st.Rule, safe.Lit(" · "))
		l.Add(v.st.Added, safe.Sprintf("+%d", r.Added)).Add(v.st.Removed, safe.Sprintf(" −%d", r.Removed))
	}
	var right rows.Bits
	if n := v.hazards.unread(); n > 0 {
		right = right.Add(v.st.Warning, safe.Sprintf("! %s to read: h", count(n, "hazard")))
	} else if len(v.hazards.read) > 0 {
		right = right.Add(v.st.Good, safe.Lit("✓ hazards read"))
	}
	commits := rows.Bits{{Style: v.st.Muted, Text: safe.Sprintf("   %s → %s ", v.review.From.Short, v.review.To.Short)}}
	if l.Used()+right.Width()+commits.Width()+2 <= v.width {
		right = append(right, commits...)
	} else {
		right = right.Add(v.st.Plain, safe.Lit(" "))
	}
	if n := v.hazards.unread(); n > 0 && l.Used()+right.Width() > v.width {
		right = rows.Bits{{Style: v.st.Warning, Text: safe.Sprintf(" ! %d: h", n)}}
	}
	return right.Right(l, v.width).String()
}

func (v *View) rule() string {
	if !v.beside() {
		return v.st.Rule.Render(safe.Show(strings.Repeat("─", v.width)))
	}
	t := v.treeWidth()
	return v.st.Rule.Render(safe.Show(strings.Repeat("─", t) + "┬" + strings.Repeat("─", v.width-t-1)))
}

// mainLines draws what is beside the list of files, or instead of it.
func (v *View) mainLines() []string {
	w := v.diffWidth()
	switch {
	case v.mode == showTree:
		return v.treeLines()
	case v.mode == showHazards:
		return append(v.hazardLines(w), v.status(w))
	case v.cur < 0:
		return v.message(w, v.diffHeight()+2, v.st.Plain, []safe.Text{safe.Lit("The commit changes nothing here.")})
	}
	lines := make([]string, 0, v.height)
	lines = append(lines, v.name(w))
	lines = append(lines, v.content(w)...)
	return append(lines, v.status(w))
}

// name is the line above the diff.
func (v *View) name(w int) string {
	f, r := v.file(), v.review.Files[v.cur]
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" ")).Add(v.statusStyle(r.Status), statusWord(r.Status)).Add(v.st.Plain, safe.Lit(" "))
	var right rows.Bits
	if r.Input && w >= 60 {
		right = right.Add(v.st.Muted, safe.Lit("  input, from the head of the branch"))
	} else if r.Input {
		right = right.Add(v.st.Muted, safe.Lit("  input"))
	}
	if f.state == loaded && len(f.heads) > 1 && w >= 50 {
		right = right.Add(v.st.Muted, safe.Sprintf("  hunk %d of %d", f.hunk+1, len(f.heads)))
	}
	if f.viewed {
		right = right.Add(v.st.Good, safe.Lit("  ✓ viewed"))
	}
	right = right.Add(v.st.Plain, safe.Lit(" "))
	l.Add(v.st.Bold, rows.Tail(r.Path, max(w-l.Used()-right.Width(), 8)))
	return right.Right(l, w).String()
}

func statusWord(s engine.FileStatus) safe.Text {
	switch s {
	case engine.FileAdded:
		return safe.Lit("A added")
	case engine.FileDeleted:
		return safe.Lit("D deleted")
	case engine.FileMode:
		return safe.Lit("T mode")
	}
	return safe.Lit("M")
}

// content draws the lines of the file, or why there are none.
func (v *View) content(w int) []string {
	f, r := v.file(), v.review.Files[v.cur]
	h := v.diffHeight()
	switch f.state {
	case untouched, loading:
		return v.message(w, h, v.st.Muted, []safe.Text{safe.Lit("reading the file …")})
	case failed:
		text := append([]safe.Text{safe.Lit("This file could not be read:")}, f.err...)
		return v.message(w, h, v.st.Danger, append(text, safe.Text{}, safe.Lit("r tries again.")))
	case unshown:
		return v.message(w, h, v.st.Warning, []safe.Text{
			safe.Sprintf("✗ This file cannot be shown: %s.", r.Unreviewable),
			{},
			safe.Lit("It changes all the same. Look at it in another way; v then says that you have."),
		})
	}
	if len(f.rows) == 0 {
		text := safe.Lit("No line differs.")
		if r.Status == engine.FileMode {
			text = safe.Lit("Only the mode or the type of the file changes; no line differs.")
		}
		return v.message(w, h, v.st.Plain, []safe.Text{text})
	}
	return rows.Draw(&f.stack, &f.cache, rows.Blank(w), func(i int) []string { return v.row(f, i, w) })
}

// message draws a few sentences in the place of lines.
func (v *View) message(w, h int, in look.Style, text []safe.Text) []string {
	out := make([]string, 0, h)
	out = append(out, rows.Blank(w))
	for _, t := range text {
		if t.IsEmpty() {
			out = append(out, rows.Blank(w))
		}
		for _, part := range look.Wrap(t, max(w-4, 1)) {
			out = append(out, look.NewLine(w).To(2).Add(in, part).String())
		}
	}
	for len(out) < h {
		out = append(out, rows.Blank(w))
	}
	return out[:h]
}

// status is the line below the diff: what is searched, what was refused, or
// where in the file the operator is.
func (v *View) status(w int) string {
	if v.prompt.Open {
		return v.prompt.Line(v.st, w)
	}
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" "))
	if !v.note.IsEmpty() {
		return l.Add(v.st.Warning, v.note).String()
	}
	f := v.file()
	if v.mode != showDiff || f == nil || f.state != loaded || len(f.rows) == 0 {
		return l.String()
	}
	first, _ := f.stack.At(f.stack.Top())
	last, _ := f.stack.At(f.stack.Bottom() - 1)
	l.Add(v.st.Muted, safe.Sprintf("rows %d–%d of %d", first+1, last+1, len(f.rows)))
	if !f.seenAll() {
		l.Add(v.st.Warning, safe.Lit(" · more below"))
	}
	var right rows.Bits
	if f.diff.Coarse {
		right = right.Add(v.st.Warning, safe.Lit("too different to align  "))
	}
	if v.wrap {
		right = right.Add(v.st.Muted, safe.Lit("wrapped "))
	}
	if v.sideBySide() {
		right = right.Add(v.st.Muted, safe.Lit("side by side "))
	}
	return right.Right(l, w).String()
}
