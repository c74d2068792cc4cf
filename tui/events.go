package tui

import (
	"context"
	"time"

	"lockstep/runbook/engine"
)

// frameTime is how often the screen takes events at most. What happened in
// between comes as one message, with nothing left out.
const frameTime = time.Second / 30

// pump passes events on in order, several at once when they come faster than
// the screen draws, and says when there are no more. It returns when the events
// end or ctx does.
func pump(ctx context.Context, events <-chan engine.Envelope, send func([]engine.Envelope)) {
	var (
		batch []engine.Envelope
		wait  = time.NewTimer(0)
		ready bool // frameTime has passed since the last message
	)
	defer wait.Stop()
	flush := func() {
		if len(batch) > 0 && ready {
			send(batch)
			batch, ready = nil, false
			wait.Reset(frameTime)
		}
	}
	for {
		select {
		case e, ok := <-events:
			if !ok {
				if len(batch) > 0 {
					send(batch)
				}
				return
			}
			batch = append(batch, e)
			flush()
		case <-wait.C:
			ready = true
			flush()
		case <-ctx.Done():
			return
		}
	}
}

// How long the events may pause before a screen that came late takes what it has
// for all of the past, and how long it waits for that at most.
const (
	pastPause = 100 * time.Millisecond
	pastMost  = 3 * time.Second
)

// catchUp takes what happened before since at once, so that a screen that comes
// late begins with what is so now. more is false when there will be no more events.
func catchUp(ctx context.Context, events <-chan engine.Envelope, since time.Time) (past []engine.Envelope, more bool) {
	pause, most := time.NewTimer(pastMost), time.NewTimer(pastMost)
	defer pause.Stop()
	defer most.Stop()
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
			pause.Reset(pastPause)
		case <-pause.C:
			return past, true
		case <-most.C:
			return past, true
		case <-ctx.Done():
			return past, true
		}
	}
}
