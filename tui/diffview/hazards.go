package diffview

import (
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// hazards are the findings the commits carry, each to be read and said so.
type hazards struct {
	read   []bool
	cursor int
	stack  rows.Stack
	cache  rows.Cache
}

func (h *hazards) unread() int {
	n := 0
	for _, read := range h.read {
		if !read {
			n++
		}
	}
	return n
}

// layout fits the list to the pane.
func (h *hazards) layout(v *View) {
	h.cache.Clear()
	h.stack.SetHeight(max(v.diffHeight()-1, 0)) // two lines of head, and one less above
	h.stack.Reset(len(h.read), func(i int) int { return len(v.hazard(i, v.diffWidth())) })
}

func (h *hazards) to(at int) {
	h.cursor = max(min(at, len(h.read)-1), 0)
	h.cache.Clear()
	if len(h.read) > 0 {
		h.stack.Reveal(h.cursor, 1)
	}
}

// hazardLines draws the list in the place of the diff and of the file's name.
func (v *View) hazardLines(w int) []string {
	out := []string{
		look.NewLine(w).Add(v.st.Title, safe.Lit(" Hazards that the commits name")).String(),
		look.NewLine(w).Add(v.st.Muted, safe.Lit(" space says that you have read one")).String(),
	}
	return append(out, rows.Draw(&v.hazards.stack, &v.hazards.cache, rows.Blank(w), func(i int) []string { return v.hazard(i, w) })...)
}

// hazard draws one hazard and a blank line.
func (v *View) hazard(i, w int) []string {
	sign, box, in := safe.Lit("   "), safe.Lit("[ ] "), v.st.Warning
	if i == v.hazards.cursor {
		sign = safe.Lit(" ▸ ")
	}
	if v.hazards.read[i] {
		box, in = safe.Lit("[✓] "), v.st.Plain
	}
	var out []string
	for k, part := range look.Wrap(v.review.Hazards[i], max(w-9, 4)) {
		l := look.NewLine(w)
		if k == 0 {
			l.Add(v.st.Accent, sign).Add(v.st.Key, box)
		}
		out = append(out, l.To(7).Add(in, part).String())
	}
	return append(out, rows.Blank(w))
}

// readHazard says that the hazard under the cursor is read, or takes it back.
func (v *View) readHazard() {
	h := &v.hazards
	if len(h.read) == 0 {
		return
	}
	h.read[h.cursor] = !h.read[h.cursor]
	if h.read[h.cursor] && h.cursor+1 < len(h.read) {
		h.to(h.cursor + 1)
	}
	h.cache.Clear()
}
