package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// presence is who is at a detached run. A run that is not detached has its
// operator beside it as long as it lasts.
type presence struct {
	mu      sync.Mutex
	seats   []Seat
	change  chan struct{} // closed at the next move
	holding safe.Text     // what waits until somebody holds the answers
}

// held reports whether somebody holds the answers, and gives the channel of the
// next move.
func (p *presence) held() (bool, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.change == nil {
		p.change = make(chan struct{})
	}
	for _, s := range p.seats {
		if s.Holds {
			return true, p.change
		}
	}
	return false, p.change
}

// Seat tells a detached run who is there after a move, records it and lets what
// was held still go on when somebody holds the answers. An error says that it
// could not be recorded; the run ends then.
func (e *Engine) Seat(c SeatChange) error {
	if err := e.recordMove(c); err != nil {
		e.end(err)
		return err
	}
	p := &e.present
	p.mu.Lock()
	p.seats = c.Seats
	if p.change != nil {
		close(p.change)
		p.change = nil
	}
	p.mu.Unlock()
	e.tellSeats()
	return nil
}

func (e *Engine) recordMove(c SeatChange) error {
	return e.appendUnlessOver(c.Seat.Actor, "", 0, journal.KindSeat, journal.SeatBody{
		Move: string(c.Move), Seat: c.Seat.ID, Where: c.Seat.Where, Holds: c.Seat.Holds,
		From: safe.Show(c.From).String(), Reason: safe.Show(c.Reason), There: len(c.Seats),
	})
}

func (e *Engine) tellSeats() {
	p := &e.present
	p.mu.Lock()
	ev := Attended{Seats: append([]Seat{}, p.seats...), Holding: p.holding}
	p.mu.Unlock()
	e.stream.publish("", ev)
}

// errUnwatched says that nobody holds the answers of a detached run.
var errUnwatched = errors.New("nobody is attached to the run")

// attended waits until somebody holds the answers, unless the step may start
// without. what says what would be next.
func (e *Engine) attended(ctx context.Context, s runbook.Step) error {
	if !e.cfg.Detached || s.Unattended {
		return nil
	}
	defer e.hold(safe.Text{})
	for told := false; ; told = true {
		woken := e.woken() // before the look: whoever says stop after it wakes us
		if e.stopping() {
			return ErrStopped
		}
		held, change := e.present.held()
		if held {
			return nil
		}
		if !told {
			e.hold(safe.Sprintf("step %s, %s", s.Position, nameOf(s)))
		}
		select {
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-e.gone:
			return errNobody
		case <-woken:
		}
	}
}

// hold tells what waits for somebody, or that nothing does any more.
func (e *Engine) hold(what safe.Text) {
	p := &e.present
	p.mu.Lock()
	same := p.holding == what
	p.holding = what
	p.mu.Unlock()
	if !same {
		e.tellSeats()
	}
}

// woken is closed at the next interrupt.
func (e *Engine) woken() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.wake == nil {
		e.wake = make(chan struct{})
	}
	return e.wake
}

// Force implements [Console].
func (e *Engine) Force(how Interrupt, typed string) error { return e.ForceAs(e.cfg.Actor, how, typed) }

// ForceAs is Force by an operator of a detached run.
func (e *Engine) ForceAs(who journal.Actor, how Interrupt, typed string) error {
	word := ForceWord(how)
	if word == "" {
		return &RefusedError{fmt.Sprintf("%q forces nothing", how)}
	}
	if typed != word {
		return &RefusedError{fmt.Sprintf("type %q to do that", word)}
	}
	e.mu.Lock()
	u := e.underway
	asked := e.cancelled
	e.mu.Unlock()
	switch {
	case u == nil || u.force == nil:
		return &RefusedError{"nothing is under way that could be forced"}
	case !asked:
		return &RefusedError{"cancel first: the program ends by itself then, most of the time"}
	}
	if err := e.appendUnlessOver(who, u.step, u.attempt, journal.KindDecision, journal.DecisionBody{
		Kind: journal.DecisionForce, Choice: string(how), Reason: safe.Sprintf("typed %q", typed),
	}); err != nil {
		return err
	}
	e.stream.publish(u.step, Interrupted{How: how, By: safe.Show(who.Name)})
	if err := u.force(how); err != nil {
		return fmt.Errorf("the program could not be signalled: %w", err)
	}
	return nil
}

// underway is the effect that runs now.
type underway struct {
	step    string
	attempt int
	force   func(Interrupt) error
}
