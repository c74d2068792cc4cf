package look

import (
	"strings"

	"lockstep/runbook/safe"
)

// HintLine draws the line that says which keys work now. The hints in tail are
// always there; of the others there are as many as fit, from the first on.
func HintLine(st Styles, width int, hints, tail []Hint) string {
	room := width - 1
	for _, h := range tail {
		room -= h.width() + hintGap
	}
	var shown []Hint
	for _, h := range hints {
		if h.width() > room {
			h = h.short()
		}
		if h.width() > room {
			continue
		}
		room -= h.width() + hintGap
		shown = append(shown, h)
	}
	l := NewLine(width).Add(st.Plain, safe.Lit(" "))
	for i, h := range append(shown, tail...) {
		if i > 0 {
			l.Add(st.Rule, safe.Lit(" · "))
		}
		h.add(l, st)
	}
	return l.String()
}

// hintGap is the width of what stands between two hints.
const hintGap = 3

func (h Hint) width() int {
	n := Width(safe.Show(h.Key)) + 1 + Width(safe.Show(h.Label))
	if !h.Disabled.IsEmpty() {
		n += Width(h.Disabled) + 3
	}
	return n
}

// short returns the hint with less of its reason, for a line with little room.
func (h Hint) short() Hint {
	if h.Disabled.IsEmpty() {
		return h
	}
	words := strings.Fields(h.Disabled.String())
	if len(words) > 4 {
		words = append(words[:4], "…")
	}
	h.Disabled = safe.Show(strings.Join(words, " "))
	return h
}

func (h Hint) add(l *Line, st Styles) {
	if !h.Disabled.IsEmpty() {
		l.Add(st.Muted, safe.Sprintf("%s %s (%s)", h.Key, h.Label, h.Disabled))
		return
	}
	l.Add(st.Key, safe.Show(h.Key)).Add(st.Plain, safe.Show(" "+h.Label))
}

// Blank returns an empty line of the given width.
func Blank(width int) string { return NewLine(width).String() }

// Stack joins lines of the given width into a frame of exactly that height.
func Stack(lines []string, width, height int) string {
	return Fit(strings.Join(lines, "\n"), width, height)
}
