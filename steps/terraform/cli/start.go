package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"lockstep/steps/terraform/planfile"
)

// afterStart returns a context that passes the cancellation of ctx on only after
// something was written to started, so after the program runs. terraform-exec
// would otherwise leave a program that it has just started running alone, and
// return as if it had ended.
func afterStart(ctx context.Context) (inner context.Context, started *signalWriter, done func()) {
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	started = &signalWriter{first: make(chan struct{})}
	over := make(chan struct{})
	go func() {
		select {
		case <-over:
			return
		case <-started.first:
		}
		select {
		case <-over:
		case <-ctx.Done():
			cancel(context.Cause(ctx))
		}
	}()
	return inner, started, func() {
		close(over)
		cancel(nil)
	}
}

// A signalWriter closes first at the first write and keeps nothing.
type signalWriter struct {
	once  sync.Once
	first chan struct{}
}

func (w *signalWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.first) })
	return len(p), nil
}

// limited keeps the first part of what is written to it.
type limited struct{ b []byte }

const maxKept = 1 << 20

func (l *limited) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), maxKept-len(l.b))]...)
	return len(p), nil
}

// StateID reads what "state pull" printed.
func StateID(raw string) (planfile.StateID, error) {
	var id planfile.StateID
	if strings.TrimSpace(raw) == "" {
		return id, nil
	}
	if err := json.Unmarshal([]byte(raw), &id); err != nil {
		return id, fmt.Errorf("read the state: what Terraform printed is no state: %w", err)
	}
	return id, nil
}
