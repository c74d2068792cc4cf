package look

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/safe"
)

// A Line is one row of a pane, built from left to right. What does not fit is
// cut, and the cut is shown as …. The zero Line is not usable; see [NewLine].
type Line struct {
	b     strings.Builder
	used  int
	width int
	cut   bool
}

// NewLine returns an empty line of the given width in cells.
func NewLine(width int) *Line { return &Line{width: max(width, 0)} }

// Add appends t in a style.
func (l *Line) Add(s Style, t safe.Text) *Line {
	if l.cut || t.IsEmpty() {
		return l
	}
	text, w := t.String(), Width(t)
	if room := l.width - l.used; w > room {
		l.cut = true
		if room <= 0 {
			return l
		}
		text = ansi.Truncate(text, room, "…")
		w = cells(text)
	}
	l.b.WriteString(s.on)
	l.b.WriteString(text)
	l.b.WriteString(s.off)
	l.used += w
	return l
}

// Cell appends t in exactly width cells, cut or padded.
func (l *Line) Cell(s Style, t safe.Text, width int) *Line {
	width = min(width, l.width-l.used)
	if width <= 0 {
		return l
	}
	c := NewLine(width).Add(s, t)
	c.Pad()
	l.b.WriteString(c.b.String())
	l.used += width
	return l
}

// Raw appends a string that was made by this package and is width cells wide.
// It is left out when it does not fit.
func (l *Line) Raw(s string, width int) *Line {
	if l.cut || width > l.width-l.used {
		l.cut = true
		return l
	}
	l.b.WriteString(s)
	l.used += width
	return l
}

// To appends spaces up to a column, counted from 0.
func (l *Line) To(column int) *Line {
	if n := min(column, l.width) - l.used; n > 0 {
		l.b.WriteString(strings.Repeat(" ", n))
		l.used += n
	}
	return l
}

// Right appends t in a style at the right edge, if there is room for it.
func (l *Line) Right(s Style, t safe.Text) *Line {
	if w := Width(t); l.used+w <= l.width {
		l.To(l.width - w)
		l.Add(s, t)
	}
	return l
}

// Used returns how many cells are taken.
func (l *Line) Used() int { return l.used }

// Pad fills the line with spaces.
func (l *Line) Pad() *Line { return l.To(l.width) }

// String returns the line, filled to its width.
func (l *Line) String() string {
	l.Pad()
	return l.b.String()
}

// Width returns how many cells t takes.
func Width(t safe.Text) int { return cells(t.String()) }

// Wrap breaks t into lines of at most width cells, between words where it can.
func Wrap(t safe.Text, width int) []safe.Text {
	if width <= 0 {
		return nil
	}
	return safe.Lines(ansi.Wrap(t.String(), width, " "))
}

// Fit makes a frame exactly width × height cells: it cuts and fills lines, and
// adds or drops lines at the end. Bubble Tea drops the first lines of a frame
// that is too tall: https://github.com/charmbracelet/bubbletea/issues/297
func Fit(frame string, width, height int) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	lines := strings.Split(frame, "\n")
	if len(lines) > height {
		lines = lines[:height]
	}
	for i, line := range lines {
		switch w := cells(line); {
		case w > width:
			lines[i] = ansi.Truncate(line, width, "")
			if w = ansi.StringWidth(lines[i]); w < width {
				lines[i] += strings.Repeat(" ", width-w)
			}
		case w < width:
			lines[i] = line + strings.Repeat(" ", width-w)
		}
	}
	for len(lines) < height {
		lines = append(lines, strings.Repeat(" ", width))
	}
	return strings.Join(lines, "\n")
}
