package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

const (
	clockEach = 2 * time.Second
	clockJump = 5 * time.Second // how far the clocks may part between two looks
)

// watchClock records when the machine was suspended or its clock was set while a
// run goes on: what happened in between was not measured, and who said yes before
// may not be there any more.
func watchClock(ctx context.Context, e *engine.Engine) {
	tick := time.NewTicker(clockEach)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		// The wall clock goes on while the machine sleeps, the monotonic one does not.
		if what, facts := jumped(last, now.Round(0).Sub(last.Round(0)), now.Sub(last)); facts != nil {
			if err := e.Note(what, facts); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		last = now
	}
}

// jumped says that two clocks parted, and by how much; facts is nil when they did not.
func jumped(from time.Time, wall, monotonic time.Duration) (what safe.Text, facts map[string]any) {
	by := wall - monotonic
	if by.Abs() < clockJump {
		return what, nil
	}
	facts = map[string]any{"from": from.UTC().Format(time.RFC3339), "wall_ms": wall.Milliseconds(), "monotonic_ms": monotonic.Milliseconds()}
	if by < 0 {
		return safe.Sprintf("the clock of this machine was set back by %v", -by.Round(time.Second)), facts
	}
	return safe.Sprintf("this machine was suspended for %v, or its clock was set: nothing was measured meanwhile; look at what is live before you answer",
		by.Round(time.Second)), facts
}
