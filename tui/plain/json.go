package plain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"lockstep/runbook/engine"
)

// JSON writes one event's envelope a line until the run is over or ctx ends. It
// answers nothing; a run that asks needs somebody else who does.
func JSON(ctx context.Context, console engine.Console, out io.Writer) error {
	events, cancel := console.Subscribe()
	defer cancel()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	finished, run := false, ""
	_, attached := console.(engine.Attached)
	for {
		select {
		case e, ok := <-events:
			switch {
			case !ok && finished:
				return nil
			case !ok && ctx.Err() != nil:
				return ctx.Err()
			case !ok && attached:
				return &lostError{run}
			case !ok:
				return ErrLost
			}
			if err := enc.Encode(e); err != nil {
				return fmt.Errorf("write event %d: %w", e.Seq, err)
			}
			switch v := e.Event.(type) {
			case engine.RunStarted:
				run = v.Run
			case engine.RunFinished:
				finished = true
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
