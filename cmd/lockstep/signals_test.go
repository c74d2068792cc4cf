package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"lockstep/runbook/engine"
)

// pressed keeps what a run was asked to do.
type pressed struct {
	engine.Console
	how chan engine.Interrupt
}

func (p pressed) Interrupt(how engine.Interrupt) { p.how <- how }

func TestOnSignal_meansWhatAnOperatorWants(t *testing.T) {
	for _, c := range []struct {
		sig        os.Signal
		interrupts int
		want       engine.Interrupt
		leaves     bool
	}{
		{os.Interrupt, 1, engine.StopSoon, false},
		{os.Interrupt, 2, engine.CancelNow, false},
		{os.Interrupt, 3, "", false},
		{syscall.SIGTERM, 0, engine.CancelNow, false},
		{syscall.SIGHUP, 0, engine.Abandon, true},
	} {
		p, left := pressed{how: make(chan engine.Interrupt, 1)}, false
		onSignal(c.sig, c.interrupts, p, func() { left = true }, &bytes.Buffer{})
		close(p.how)
		if got := <-p.how; got != c.want || left != c.leaves {
			t.Errorf("%v, number %d: asked for %q, left %t", c.sig, c.interrupts, got, left)
		}
	}
}

func TestOnSignals_leavesTheScreenOfARunThatIsOver(t *testing.T) {
	over := make(chan struct{})
	ctx, leave := context.WithCancelCause(t.Context())
	p := pressed{how: make(chan engine.Interrupt, 1)}
	stop := onSignals(p, over, func() { leave(errors.New("left")) }, &bytes.Buffer{})
	defer stop()
	send := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if got := <-p.how; got != engine.CancelNow || ctx.Err() != nil {
		t.Errorf("while it runs: asked for %q, left: %v", got, ctx.Err())
	}
	close(over)
	send()
	<-ctx.Done()
	if len(p.how) > 0 {
		t.Error("a run that is over was interrupted")
	}
}
