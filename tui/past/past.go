// Package past takes what happened at a run before somebody came to it at once,
// so that they begin with what is so now: no question is put that was answered,
// and nothing is drawn that is over.
package past

import (
	"context"
	"time"

	"lockstep/runbook/engine"
)

// How long the events may pause before what came is taken for all of the past,
// and how long it is waited for at most.
const (
	pause = 100 * time.Millisecond
	most  = 3 * time.Second
)

// Take returns the events up to the first one that is not older than since. more
// is false when the events have ended.
func Take(ctx context.Context, events <-chan engine.Envelope, since time.Time) (past []engine.Envelope, more bool) {
	quiet, enough := time.NewTimer(most), time.NewTimer(most)
	defer quiet.Stop()
	defer enough.Stop()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return past, false
			}
			past = append(past, e)
			if !e.Time.Before(since) {
				return past, true
			}
			quiet.Reset(pause)
		case <-quiet.C:
			return past, true
		case <-enough.C:
			return past, true
		case <-ctx.Done():
			return past, true
		}
	}
}
