package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"lockstep/runbook/engine"
)

// onSignals turns signals into what an operator would want by them. The first
// interrupt starts nothing new, the second one cancels; termination cancels; a
// hang-up lets what is under way end and starts nothing new. Once the run is over
// every signal leaves. The function it returns stops listening.
func onSignals(c engine.Console, over <-chan struct{}, leave func(), say io.Writer) (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		interrupts := 0
		for {
			select {
			case sig := <-signals:
				if ended(over) {
					leave()
					continue
				}
				if sig == os.Interrupt {
					interrupts++
				}
				onSignal(sig, interrupts, c, leave, say)
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

func onSignal(sig os.Signal, interrupts int, c engine.Console, leave func(), say io.Writer) {
	switch {
	case sig == syscall.SIGHUP:
		c.Interrupt(engine.Abandon)
		leave()
	case sig == syscall.SIGTERM:
		c.Interrupt(engine.CancelNow)
	case interrupts == 1:
		fmt.Fprintln(say, "lockstep: stopping after the step in flight; interrupt again to cancel it")
		c.Interrupt(engine.StopSoon)
	case interrupts == 2:
		fmt.Fprintln(say, "lockstep: cancelling; Terraform ends what it is doing and saves its state")
		c.Interrupt(engine.CancelNow)
	default:
		fmt.Fprintln(say, "lockstep: still waiting for what is under way to end; it is never killed")
	}
}
