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
