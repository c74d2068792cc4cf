package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
)

// onSignals turns signals into what an operator would want by them. The first
// interrupt starts nothing new, the second one cancels; termination cancels; a
// hang-up lets what is under way end and starts nothing new. Once the run is over
// every signal leaves. The function it returns stops listening.
func onSignals(c engine.Console, over <-chan struct{}, leave func(), say io.Writer) (stop func()) {
	return hear(func(sig os.Signal, interrupts int) {
		if ended(over) {
			leave()
			return
		}
		onSignal(sig, interrupts, c, leave, say)
	})
}

// A hearing is what signals mean to a screen whose run goes on elsewhere. A hang-up
// and a termination end the screen only, and so does everything before it is attached;
// interrupts are passed on to the run when this screen may do so.
type hearing struct {
	client atomic.Pointer[attach.Client] // nil until it is attached
	gone   atomic.Pointer[goneError]     // the signal that ended the screen, or nil
	leave  func(error)
	say    io.Writer
}

func (h *hearing) on(sig os.Signal, interrupts int) {
	c := h.client.Load()
	switch {
	case c != nil && ended(c.Ended()) && h.gone.Load() == nil:
		h.leave(nil)
	case c != nil && sig == os.Interrupt && c.Holds():
		onSignal(sig, interrupts, c, nil, h.say)
	default:
		gone := &goneError{sig}
		h.gone.Store(gone)
		if c != nil {
			c.Close() // first, so that nobody tells the run to end because the screen does
		}
		h.leave(gone)
	}
}

// A goneError says that a signal ended a screen.
type goneError struct{ signal os.Signal }

func (e *goneError) Error() string {
	return fmt.Sprintf("the screen was ended by a signal (%v)", e.signal)
}

// onRunnerSignals is onSignals for a runner: termination cancels, an interrupt
// starts nothing new, and a hang-up is nothing to it.
func onRunnerSignals(e *engine.Engine) (stop func()) {
	return hear(func(sig os.Signal, _ int) {
		// Whoever sent it, such as a machine that shuts down, it was nobody at the run.
		who := actor(fmt.Sprintf("a signal (%v)", sig))
		switch sig {
		case syscall.SIGTERM:
			e.InterruptAs(who, engine.CancelNow)
		case os.Interrupt:
			e.InterruptAs(who, engine.StopSoon)
		}
	})
}

// hear calls a function for every signal, with the number of interrupts so far.
func hear(on func(sig os.Signal, interrupts int)) (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		interrupts := 0
		for {
			select {
			case sig := <-signals:
				if sig == os.Interrupt {
					interrupts++
				}
				on(sig, interrupts)
			case <-quit:
				return
			}
		}
	})
	return func() {
		signal.Stop(signals)
		close(quit)
		wg.Wait()
	}
}

func ended(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// onSignal does what a signal means. What it says begins a new line: the terminal has
// written ^C into the one that was being typed.
func onSignal(sig os.Signal, interrupts int, c engine.Console, leave func(), say io.Writer) {
	switch {
	case sig == syscall.SIGHUP:
		c.Interrupt(engine.Abandon)
		leave()
	case sig == syscall.SIGTERM:
		c.Interrupt(engine.CancelNow)
	case interrupts == 1:
		fmt.Fprintln(say, "\nlockstep: stopping after the step in flight; interrupt again to cancel it")
		c.Interrupt(engine.StopSoon)
	case interrupts == 2:
		fmt.Fprintln(say, "\nlockstep: cancelling; Terraform ends what it is doing and saves its state")
		c.Interrupt(engine.CancelNow)
	default:
		fmt.Fprintln(say, "\nlockstep: still waiting for what is under way to end; it is never killed")
	}
}
