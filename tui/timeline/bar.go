package timeline

import (
	"strings"
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A Bar is the cells of one row before they are put on a line.
type Bar struct {
	axis   Axis
	cells  []rune
	styles []look.Style
	free   int // the cell after the last one that is taken
}

// Row returns an empty row of the axis.
func (a Axis) Row() *Bar {
	b := &Bar{axis: a, cells: make([]rune, max(a.Cells, 0)), styles: make([]look.Style, max(a.Cells, 0))}
	for i := range b.cells {
		b.cells[i] = ' '
	}
	return b
}

func (b *Bar) set(i int, r rune, s look.Style) {
	if i >= 0 && i < len(b.cells) {
		b.cells[i], b.styles[i] = r, s
		b.free = max(b.free, i+1)
	}
}

// Fill draws a mark from one time to another, one cell at least.
func (b *Bar) Fill(from, to time.Duration, mark rune, in look.Style) *Bar {
	for i, last := b.axis.Cell(from), b.lastCell(from, to); i <= last; i++ {
		b.set(i, mark, in)
	}
	return b
}

// lastCell returns the last cell of a stretch: a time on the border of two cells
// belongs to the first.
func (b *Bar) lastCell(from, to time.Duration) int {
	return max(b.axis.Cell(max(to-1, from)), b.axis.Cell(from))
}

// Stretch draws what is expected from one time to another: a mark up to the
// typical end, ░ up to the latest one, and ?… where there is no known end.
func (b *Bar) Stretch(from, to forecast.Span, mark rune, in, unsure look.Style) *Bar {
	if len(b.cells) == 0 {
		return b
	}
	last := b.lastCell(from.Typical, to.Typical)
	if first := b.axis.Cell(from.Typical); from.Open && first > 0 {
		b.set(first-1, '?', unsure) // when it begins is not known
	}
	switch {
	case to.Open:
		// Room for the sign that says so, at the end of the axis too.
		first := min(b.axis.Cell(from.Typical), max(len(b.cells)-3, 0))
		last = max(min(last, len(b.cells)-3), first)
		for i := first; i <= last; i++ {
			b.set(i, mark, in)
		}
		b.set(last+1, '?', unsure)
		b.set(last+2, '…', unsure)
		return b
	case to.Max > to.Typical:
		for i, end := last+1, b.lastCell(to.Typical, to.Max); i <= end; i++ {
			b.set(i, '░', unsure)
		}
		if to.Max > b.axis.Span {
			b.set(len(b.cells)-1, '…', unsure)
		}
	}
	return b.Fill(from.Typical, to.Typical, mark, in)
}

// Room returns how many cells words have among the dots of a Lead.
func (b *Bar) Room(from, to time.Duration) int {
	n := b.axis.Cell(to) - b.axis.Cell(from) - 4
	if from > 0 {
		n--
	}
	return n
}

// Lead draws dots up to a time, with words among them where there is room.
func (b *Bar) Lead(from, to time.Duration, text safe.Text, in look.Style) *Bar {
	first, end := b.axis.Cell(from), b.axis.Cell(to)
	if from > 0 {
		first++
	}
	for i := first; i < end; i++ {
		b.set(i, '·', in)
	}
	if !text.IsEmpty() && look.Width(text) <= b.Room(from, to) {
		b.write(first+2, safe.Sprintf(" %s ", text), in)
	}
	return b
}

// Label writes words into the stretch between two times where there is room for
// them and a cell on each side, and reports whether there was.
func (b *Bar) Label(from, to time.Duration, text safe.Text, in look.Style) bool {
	first, last := b.axis.Cell(from), b.lastCell(from, to)
	if n := last - first - 1; !text.IsEmpty() && look.Width(text) <= n {
		b.write(first+1+(n-look.Width(text))/2, text, in)
		return true
	}
	return false
}

// Note writes words behind what is drawn where there is room for them, and
// reports whether there was.
func (b *Bar) Note(text safe.Text, in look.Style) bool {
	if w := look.Width(text); !text.IsEmpty() && b.free+1+w <= len(b.cells) {
		b.write(b.free+1, text, in)
		return true
	}
	return false
}

// write puts words on cells. They are left out unless every character is one
// cell wide.
func (b *Bar) write(at int, text safe.Text, in look.Style) {
	runes := []rune(text.String())
	if len(runes) != look.Width(text) {
		return
	}
	for i, r := range runes {
		b.set(at+i, r, in)
	}
}

// Put appends the row to a line.
func (b *Bar) Put(l *look.Line) *look.Line {
	end := b.free
	for i := 0; i < end; {
		j := i
		var text strings.Builder
		for j < end && b.styles[j] == b.styles[i] {
			text.WriteRune(b.cells[j])
			j++
		}
		l.Add(b.styles[i], safe.Show(text.String()))
		i = j
	}
	return l
}
