package look

import (
	"strings"

	"lockstep/runbook/safe"
)

// HintLine draws the line that says which keys work now. The hints in tail are
// always there. Of the others those that are needed get room first, then as many
// as fit, from the first on; they keep their order.
func HintLine(st Styles, width int, hints, tail []Hint) string {
	room := width - 1
	for _, h := range tail {
		room -= h.width() + hintGap
	}
	forms := make([]Hint, len(hints))
	fits := make([]bool, len(hints))
	for _, needed := range []bool{true, false} {
		for i, h := range hints {
			if h.Needed != needed {
				continue
			}
			for _, form := range h.forms() {
				if form.width() <= room {
					forms[i], fits[i] = form, true
					room -= form.width() + hintGap
					break
				}
			}
		}
	}
	var shown []Hint
	for i, h := range forms {
		if fits[i] {
			shown = append(shown, h)
		}
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

// forms returns the hint, and shorter ones for a line with little room. A reason
// is said to its end, or up to the first thing it lists, or not at all.
func (h Hint) forms() []Hint {
	if h.Disabled.IsEmpty() {
		return []Hint{h}
	}
	first, bare := h, h
	reason, _, _ := strings.Cut(h.Disabled.String(), ", ")
	first.Disabled, bare.Disabled = safe.Show(reason), safe.Lit("not yet")
	return []Hint{h, first, bare}
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
