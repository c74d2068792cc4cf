package board

import (
	"time"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// spans are the lengths an axis can have. It grows in steps, so that what is
// drawn on it stays where it is most of the time.
var spans = []time.Duration{
	10 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// An axis maps the time since the start of an apply to cells.
type axis struct {
	span  time.Duration
	cells int
}

// axisFor returns an axis of some cells that has room for an elapsed time.
func axisFor(elapsed time.Duration, cells int) axis {
	span := spans[len(spans)-1]
	for _, s := range spans {
		if s > elapsed {
			return axis{s, cells}
		}
	}
	for span <= elapsed {
		span *= 2
	}
	return axis{span, cells}
}

// cell returns the cell of a time since the start.
func (a axis) cell(t time.Duration) int {
	if a.cells <= 0 {
		return 0
	}
	return max(min(int(t*time.Duration(a.cells)/a.span), a.cells-1), 0)
}

// ticks draws the axis's labels, each above the cell it stands for.
func (a axis) ticks(st look.Styles, l *look.Line, from int) {
	parts := 5
	for parts > 1 && (a.cells/parts < 9 || (a.span/time.Duration(parts))%time.Second != 0 || a.span%time.Duration(parts) != 0) {
		parts--
	}
	for i := range parts + 1 {
		t := a.span * time.Duration(i) / time.Duration(parts)
		label := look.Short(t)
		at := from + a.cells*i/parts
		if i == parts {
			at = from + a.cells - look.Width(label)
		}
		if l.Used() < at || i == 0 {
			l.To(at).Add(st.Muted, label)
		}
	}
}

// took writes a duration for people: with a tenth while it is short.
func took(d time.Duration) safe.Text {
	if d < 0 {
		d = 0
	}
	if d < 10*time.Second {
		return safe.Sprintf("%.1f s", d.Seconds())
	}
	return look.Short(d)
}
