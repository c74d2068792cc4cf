package engine

import (
	"context"
	"errors"
)

// A Console is the other side of a run: what a screen or a script holds. All
// that passes through it is values, so that it can stand in another process.
type Console interface {
	// Subscribe returns the events from the first one on, in order, and closes
	// the channel after the last. State is never dropped; progress, output and
	// measurements that nobody took in time are merged. Every subscriber has a
	// queue of its own and cannot hold up the run. cancel ends the subscription.
	Subscribe() (events <-chan Envelope, cancel func())
	// Answer gives a question its one answer. ErrAnswered says that there was one
	// already; a *RefusedError says why this one will not do, and the question stays open.
	Answer(a Answer) error
	// Fetch gives a part of the payload of the open question.
	Fetch(ctx context.Context, r Request) (Part, error)
	// Interrupt asks the run to end early. It takes CancelNow, StopSoon, Abandon and GoOn.
	Interrupt(how Interrupt)
	// Force presses a program that has not ended although it was cancelled:
	// SecondInterrupt or Kill. typed is the word of [ForceWord]. That it was done is in
	// the journal before the signal is sent. A *RefusedError says why not.
	Force(how Interrupt, typed string) error
}

// An Attached console is one of several at the same run, in another process.
// Only the one that holds the answers may answer and interrupt; the others get a
// *RefusedError. See [Attended] for who is there.
type Attached interface {
	Console
	// Seat is the id of this console's own seat.
	Seat() string
	// Take makes this console the one that holds the answers. The reason is
	// recorded; it may be empty when nobody holds them.
	Take(reason string) error
}

// An Interrupt says how a run is to end early.
type Interrupt string

// The interrupts.
const (
	// StopSoon lets the step in flight end and starts nothing new.
	StopSoon Interrupt = "stop"
	// CancelNow also cancels the step in flight: planning, waiting and verifying
	// end at once, Terraform gets one interrupt and ends what it is doing.
	CancelNow Interrupt = "cancel"
	// Abandon says that nobody is there any more: the effect under way ends by
	// itself and is recorded, nothing new starts, and a question is answered by no
	// one, which means no.
	Abandon Interrupt = "abandon"
	// GoOn takes StopSoon back, if it did not take effect yet.
	GoOn Interrupt = "go on"
	// SecondInterrupt sends the program under way another interrupt. Terraform then
	// exits at once and may lose what it did last.
	SecondInterrupt Interrupt = "second interrupt"
	// Kill ends the program under way with SIGKILL. Its state may be lost.
	Kill Interrupt = "kill"
)

// ForceWord is what an operator types to force the program under way.
func ForceWord(how Interrupt) string {
	switch how {
	case SecondInterrupt:
		return "interrupt again"
	case Kill:
		return "kill terraform"
	}
	return ""
}

// ErrAnswered says that a question has its answer or was withdrawn.
var ErrAnswered = errors.New("the question is answered already")

// A RefusedError says why an answer will not do.
type RefusedError struct{ Why string }

// Error returns the reason.
func (e *RefusedError) Error() string { return e.Why }
