// Package timeline draws time from left to right: an axis with its labels, and
// bars on it, some cells of which may be uncertain.
package timeline

import (
	"time"

	"lockstep/tui/look"
	"lockstep/tui/words"
)

// An Axis maps the time since a start to cells. The zero Axis has none.
type Axis struct {
	Span  time.Duration
	Cells int
}

// Longest is the longest axis there is.
const Longest = 10_000 * time.Hour

// Cell returns the cell of a time since the start.
func (a Axis) Cell(t time.Duration) int {
	if a.Cells <= 0 || a.Span <= 0 {
		return 0
	}
	return max(min(int(float64(t)/float64(a.Span)*float64(a.Cells)), a.Cells-1), 0)
}

// steps are the distances labels can have.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
}

// room is how many cells a label has at least, with what stands between two.
const room = 8

// Step returns the distance between two labels.
func (a Axis) Step() time.Duration {
	for _, s := range steps {
		if float64(a.Cells)*float64(s) >= room*float64(a.Span) {
			return s
		}
	}
	return a.Span
}

// Ticks draws the labels of an axis that begins at a column, each above the cell
// it stands for.
func (a Axis) Ticks(st look.Styles, l *look.Line, from int) {
	if a.Cells <= 0 || a.Span <= 0 {
		return
	}
	step := a.Step()
	for t := time.Duration(0); t <= a.Span; t += step {
		label := words.Time(t)
		at := from + int(float64(t)/float64(a.Span)*float64(a.Cells))
		if t == a.Span { // the end itself has no cell
			at = from + a.Cells - look.Width(label)
		}
		if (l.Used() < at || t == 0 && l.Used() <= at) && at+look.Width(label) <= from+a.Cells {
			l.To(at).Add(st.Muted, label)
		}
		if step <= 0 {
			return
		}
	}
}

// Nice rounds a length up so that an axis ends at a label.
func Nice(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	d = min(d, Longest)
	for _, s := range steps {
		if d <= 10*s {
			return (d + s/2 - 1) / (s / 2) * (s / 2)
		}
	}
	return d
}
