package engine

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// timer is a context that ends after a time of work. While it is paused, because
// a person is thinking, no time passes.
type timer struct {
	ctx    context.Context
	cancel func()

	mu     sync.Mutex
	left   time.Duration
	since  time.Time
	paused int
	clock  *time.Timer // nil without a limit
}

// newTimer starts a timer. A limit of zero is none.
func newTimer(parent context.Context, limit time.Duration) *timer {
	ctx, cancel := context.WithCancelCause(parent)
	t := &timer{ctx: ctx, left: limit, since: time.Now()}
	t.cancel = func() {
		t.mu.Lock()
		if t.clock != nil {
			t.clock.Stop()
		}
		t.mu.Unlock()
		cancel(context.Canceled)
	}
	if limit > 0 {
		t.mu.Lock()
		t.clock = time.AfterFunc(limit, func() { cancel(&timeoutError{limit}) })
		t.mu.Unlock()
	}
	return t
}

func (t *timer) pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused++; t.paused > 1 || t.clock == nil {
		return
	}
	if t.clock.Stop() {
		t.left -= time.Since(t.since)
	}
}

func (t *timer) resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused--; t.paused > 0 || t.clock == nil || t.ctx.Err() != nil {
		return
	}
	t.since = time.Now()
	t.clock.Reset(max(t.left, time.Millisecond))
}

// timeoutError says that a step worked longer than its runbook allows.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("not done within its timeout of %v", e.limit)
}

// Timeout marks the error as a timeout for package net and os users.
func (e *timeoutError) Timeout() bool { return true }
