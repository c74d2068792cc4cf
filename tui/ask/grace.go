package ask

import "time"

// How long the keyboard must be quiet before a question that opened by itself
// takes a key, and when it takes one in any case.
const (
	quiet    = 400 * time.Millisecond
	patience = 2 * time.Second
)

// A grace is the time in which a question that opened by itself takes no key,
// so that what was typed for something else is not its answer. Clocks are
// those of the caller.
type grace struct {
	opened, last time.Time
	over         bool
}

func newGrace(now time.Time) grace { return grace{opened: now, last: now} }

// press reports whether a key that was pressed now counts.
func (g *grace) press(now time.Time) bool {
	if !g.over {
		g.over = now.Sub(g.last) >= quiet || now.Sub(g.opened) >= patience
		g.last = now
	}
	return g.over
}
