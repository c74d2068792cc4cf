package probe

import (
	"context"
	"time"
)

// fine is the last part of a wait, which is left to the precise clock of the
// system where there is one. Go's own timers fire up to a millisecond late.
const fine = 2 * time.Millisecond

// run measures on the schedule start + k·every until ctx ends. Every
// measurement goes to tell before the next one starts, except one that was
// called off by the end of ctx.
func run(ctx context.Context, p Prober, tell func(Measurement)) {
	every := p.Outline().Every
	start := time.Now()
	missed := 0
	for k := int64(0); ; {
		due := start.Add(time.Duration(k) * every)
		if !sleepUntil(ctx, due) {
			return
		}
		m := p.Measure(ctx)
		if ctx.Err() != nil {
			return
		}
		m.Due, m.Missed = due, missed
		tell(m)
		// A slot counts as missed once the next one has begun: until then its
		// measurement is only late, and its lateness shows.
		next := max(k+1, int64(time.Since(start)/every))
		missed, k = int(next-k-1), next
	}
}

// sleepUntil waits for a point in time. It reports false when ctx ended first.
func sleepUntil(ctx context.Context, due time.Time) bool {
	if wait(ctx, time.Until(due)-fine) {
		nap(time.Until(due))
	}
	return wait(ctx, time.Until(due))
}

// wait lets d pass, or returns false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
