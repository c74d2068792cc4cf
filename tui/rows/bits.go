package rows

import (
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// Bits are pieces of text, each in a style of its own, that are measured before
// they are put on a line.
type Bits []Bit

// A Bit is one piece.
type Bit struct {
	Style look.Style
	Text  safe.Text
}

// Add returns the bits with one more. Others that were made of b keep theirs.
func (b Bits) Add(s look.Style, t safe.Text) Bits { return append(b[:len(b):len(b)], Bit{s, t}) }

// Width returns how many cells the bits take.
func (b Bits) Width() int {
	n := 0
	for _, p := range b {
		n += look.Width(p.Text)
	}
	return n
}

// Put appends the bits to a line.
func (b Bits) Put(l *look.Line) *look.Line {
	for _, p := range b {
		l.Add(p.Style, p.Text)
	}
	return l
}

// Right puts the bits at the right edge of a line of the given width, if there
// is room for them.
func (b Bits) Right(l *look.Line, width int) *look.Line {
	if w := b.Width(); l.Used()+w <= width {
		l.To(width - w)
		b.Put(l)
	}
	return l
}
