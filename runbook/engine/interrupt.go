package engine

import (
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// Interrupt implements [Console].
func (e *Engine) Interrupt(how Interrupt) { e.InterruptAs(e.cfg.Actor, how) }

// InterruptAs is Interrupt by an operator of a detached run.
func (e *Engine) InterruptAs(who journal.Actor, how Interrupt) {
	e.mu.Lock()
	stop, cancelled, gone := e.stop, e.cancelled, e.abandoned()
	switch how {
	case StopSoon, CancelNow:
		e.stop = true
		e.cancelled = e.cancelled || how == CancelNow
	case Abandon:
		e.stop = true
		select {
		case <-e.gone:
		default:
			close(e.gone)
		}
	case GoOn:
		e.stop = false
	default:
		e.mu.Unlock()
		return
	}
	if e.wake != nil {
		close(e.wake)
		e.wake = nil
	}
	moved := stop != e.stop || cancelled != e.cancelled || gone != e.abandoned()
	e.mu.Unlock()
	if moved {
		e.noteInterrupt(who, how)
	}
	e.stream.publish("", Interrupted{How: how, By: safe.Show(who.Name)})
	if how == CancelNow {
		e.end(e.stoppedBy(who))
	}
}

// stoppedBy is ErrStopped, and says who it was when that is not whoever started
// the run: another operator, or a signal.
func (e *Engine) stoppedBy(who journal.Actor) error {
	if who.Name == e.cfg.Actor.Name {
		return ErrStopped
	}
	return &stoppedError{who.Name}
}

type stoppedError struct{ by string }

func (e *stoppedError) Error() string { return "stopped by " + e.by }

// Is makes it one of its kind.
func (e *stoppedError) Is(target error) bool { return target == ErrStopped }

func (e *Engine) stopping() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stop
}

// abandoned reports whether nobody is there any more. Nothing takes that back.
func (e *Engine) abandoned() bool {
	select {
	case <-e.gone:
		return true
	default:
		return false
	}
}
