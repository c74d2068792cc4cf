package rows

import (
	"slices"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A Span is a style for a part of a text, by byte offsets.
type Span struct {
	From, To int
	Style    look.Style
}

// Over lays spans over others: where both are, the upper ones count. Both are
// in order and do not overlap among themselves.
func Over(lower []Span, upper []Span) []Span {
	if len(upper) == 0 {
		return lower
	}
	out := make([]Span, 0, len(lower)+2*len(upper))
	for _, s := range lower {
		for _, u := range upper {
			if u.To <= s.From || u.From >= s.To {
				continue
			}
			if s.From < u.From {
				out = append(out, Span{s.From, u.From, s.Style})
			}
			s.From = u.To
		}
		if s.From < s.To {
			out = append(out, s)
		}
	}
	out = append(out, upper...)
	slices.SortFunc(out, func(a, b Span) int { return a.From - b.From })
	return out
}

// Marks returns spans for the places where a search's words stand.
func Marks(t safe.Text, query string, style look.Style) []Span {
	var out []Span
	for _, m := range Matches(t, query) {
		out = append(out, Span{m[0], m[1], style})
	}
	return out
}

// Paint appends the part of t between two byte offsets to a line, in a base
// style and in those of the spans.
func Paint(l *look.Line, t safe.Text, from, to int, base look.Style, spans []Span) {
	text := t.String()
	to = min(to, len(text))
	part := func(s look.Style, a, b int) {
		if a < b {
			l.Add(s, safe.Show(text[a:b]))
		}
	}
	at := from
	for _, s := range spans {
		if s.To <= at {
			continue
		}
		if s.From >= to {
			break
		}
		part(base, at, max(s.From, at))
		part(s.Style, max(s.From, at), min(s.To, to))
		at = min(s.To, to)
	}
	part(base, at, to)
}

// Break returns the byte offsets at which t is broken into lines of at most
// width cells, between any two characters, starting with 0. The text is source
// code or a value: its spaces are kept.
func Break(t safe.Text, width int) []int {
	text := t.String()
	width = max(width, 1)
	out := []int{0}
	if ascii(text) {
		for at := width; at < len(text); at += width {
			out = append(out, at)
		}
		return out
	}
	used := 0
	for at := 0; at < len(text); {
		_, n := utf8.DecodeRuneInString(text[at:])
		w := ansi.StringWidth(text[at : at+n])
		if used > 0 && used+w > width {
			out = append(out, at)
			used = 0
		}
		used += w
		at += n
	}
	return out
}

// Broken returns into how many lines of width cells [Break] breaks t.
func Broken(t safe.Text, width int) int {
	text, width := t.String(), max(width, 1)
	if len(text) <= width {
		return 1 // no character is wider than its bytes
	}
	if ascii(text) {
		return (len(text) + width - 1) / width
	}
	return len(Break(t, width))
}

// Short cuts t to width cells in its middle, so that both ends can be read.
// Addresses differ at their ends.
func Short(t safe.Text, width int) safe.Text {
	w := look.Width(t)
	if w <= width {
		return t
	}
	if width < 8 {
		return safe.Show(ansi.Truncate(t.String(), max(width, 0), "…"))
	}
	head := width / 3
	tail := width - head - 1
	return safe.Show(ansi.Truncate(t.String(), head, "") + "…" + ansi.TruncateLeft(t.String(), w-tail, ""))
}

// ShortAddress cuts the address of a resource to width cells at its start: types
// begin alike, with the name of their provider, and names tell resources of one
// type apart. Where the name alone is wider, the whole is cut in its middle.
func ShortAddress(t safe.Text, width int) safe.Text {
	text, depth, dot := t.String(), 0, -1
	for i := len(text) - 1; i >= 0 && dot < 0; i-- {
		switch text[i] {
		case ']':
			depth++
		case '[':
			depth--
		case '.':
			if depth == 0 {
				dot = i
			}
		}
	}
	if look.Width(t) <= width || dot < 0 {
		return Short(t, width)
	}
	name := text[dot:]
	room := width - ansi.StringWidth(name) - 1
	if room < 2 {
		return Short(t, width)
	}
	return Tail(t, width)
}

// Tail cuts t to width cells at its start. Paths differ at their ends.
func Tail(t safe.Text, width int) safe.Text {
	w := look.Width(t)
	if w <= width || width <= 1 {
		return t
	}
	return safe.Show("…" + ansi.TruncateLeft(t.String(), w-width+1, ""))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
