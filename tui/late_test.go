package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
)

// late is a console at a detached run that is under way.
func late(past ...engine.Event) *seated {
	s := &seated{fake: &fake{events: make(chan engine.Envelope, len(past)+8)}}
	for i, e := range past {
		s.events <- engine.Envelope{Seq: int64(i + 1), Time: time.Now().Add(-time.Hour), Event: e}
	}
	return s
}

func TestRun_aTerminalThatIsGoneDetaches(t *testing.T) {
	x := newTerminal(t)
	con := late(started(engine.Live), alone())
	done := make(chan error)
	go func() { done <- Run(context.Background(), con, x.options()) }()
	x.await("production")
	x.ours.Close()
	err := <-done
	if !errors.Is(err, ErrDetached) || !strings.Contains(err.Error(), "the screen closed") {
		t.Errorf("error %v", err)
	}
	if len(con.interrupts) > 0 {
		t.Errorf("interrupts %v", con.interrupts)
	}
}

func TestRun_aHangUpDetaches(t *testing.T) {
	x := newTerminal(t)
	con := late(started(engine.Live), alone())
	ctx, hangUp := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- Run(ctx, con, x.options()) }()
	x.await("production")
	hangUp()
	if err := <-done; !errors.Is(err, ErrDetached) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if len(con.interrupts) > 0 {
		t.Errorf("interrupts %v", con.interrupts)
	}
	x.restored()
}

func TestRun_detachesAndRestoresTheTerminal(t *testing.T) {
	x := newTerminal(t)
	con := late(started(engine.Live), alone())
	done := make(chan error)
	go func() { done <- Run(context.Background(), con, x.options()) }()
	x.await("production")
	x.press("q")
	x.await("detach")
	x.press("d")
	if err := <-done; !errors.Is(err, ErrDetached) {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestRun_saysWhenTheRunnerIsGone(t *testing.T) {
	x := newTerminal(t)
	con := late(started(engine.Live), alone())
	close(con.events)
	err := Run(context.Background(), con, x.options())
	if !errors.Is(err, ErrLost) || errors.Is(err, ErrDetached) || !strings.Contains(err.Error(), "lockstep resume") {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestRun_showsThePastInOneFrame(t *testing.T) {
	x := newTerminal(t)
	answered, open := failureQuestion(), confirmQuestion()
	answered.ID, open.ID = "q1", "q2"
	con := late(started(engine.Live), alone(), engine.StepStarted{ID: "plan", Attempt: 1}, engine.QuestionAsked{Question: answered},
		engine.QuestionAnswered{Answer: engine.Answer{Question: "q1"}}, engine.QuestionAsked{Question: open})
	done := make(chan error)
	go func() { done <- Run(context.Background(), con, x.options()) }()
	x.await("Is the second network warm?")
	if all := x.all(); strings.Contains(all, "Plan failed") {
		t.Error("it asked what was answered")
	}
	x.press("q")
	x.await("detach")
	x.press("d")
	if err := <-done; !errors.Is(err, ErrDetached) {
		t.Errorf("error %v", err)
	}
}
