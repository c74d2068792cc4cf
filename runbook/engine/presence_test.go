package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/journal"
)

// A hall is a detached run and what its screens would see.
type hall struct {
	t      *testing.T
	engine *Engine
	log    *memory
	events <-chan Envelope
	over   chan struct{}
	result Result
	err    error
}

func detached(t *testing.T, steps []runbook.Step, do map[string]does) *hall {
	t.Helper()
	h := &hall{t: t, log: &memory{}, over: make(chan struct{})}
	build := func(s runbook.Step) (Step, error) { return do[s.ID], nil }
	var err error
	h.engine, err = New(Config{
		Run: "r1", Mode: Live, Environment: "production", Journal: h.log, Detached: true,
		Runbook: &runbook.Runbook{Steps: steps, Environments: map[string]*runbook.Environment{"production": {Name: "production"}}},
		Kit:     Kit{runbook.KindConfirm: build},
	})
	if err != nil {
		t.Fatal(err)
	}
	events, cancel := h.engine.Subscribe()
	h.events = events
	t.Cleanup(cancel)
	go func() {
		defer close(h.over)
		h.result, h.err = h.engine.Run(t.Context())
	}()
	return h
}

// until reads events up to one of a kind, and returns it with those before.
func until[E Event](h *hall) (found E, before []Event) {
	h.t.Helper()
	for env := range h.events {
		if e, ok := env.Event.(E); ok {
			return e, before
		}
		before = append(before, env.Event)
	}
	h.t.Fatalf("the run ended without a %T: %v", found, h.err)
	return found, nil
}

func (h *hall) seat(move SeatMove, name string, holds bool) {
	h.t.Helper()
	s := Seat{ID: name, Actor: journal.Actor{Name: name}, Holds: holds}
	change := SeatChange{Move: move, Seat: s, Seats: []Seat{s}}
	if move == SeatLeft {
		change.Seats = nil
	}
	if err := h.engine.Seat(change); err != nil {
		h.t.Fatal(err)
	}
}

func started(events []Event) []string {
	var out []string
	for _, e := range events {
		if s, ok := e.(StepStarted); ok {
			out = append(out, s.ID)
		}
	}
	return out
}

// Without anybody who holds the answers no step starts, but one that is marked.
func TestEngine_startsNothingWhileNobodyIsAttached(t *testing.T) {
	steps := []runbook.Step{confirm("look"), confirm("change")}
	steps[0].Unattended = true
	nothing := func(context.Context, Operator) (Report, error) { return Report{}, nil }
	h := detached(t, steps, map[string]does{"look": nothing, "change": nothing})

	var seen []Event
	for {
		a, before := until[Attended](h)
		seen = append(seen, before...)
		if !a.Holding.IsEmpty() {
			break
		}
	}
	if got := started(seen); !slices.Equal(got, []string{"look"}) {
		t.Fatalf("started %q", got)
	}
	h.seat(SeatAttached, "watcher", false) // watching is not enough
	a, before := until[Attended](h)
	if a.Holding.IsEmpty() || len(started(before)) > 0 || len(a.Seats) != 1 {
		t.Errorf("with a watcher: %+v, started %q", a, started(before))
	}
	h.seat(SeatTook, "ana", true)
	_, before = until[RunFinished](h)
	if got := started(before); !slices.Equal(got, []string{"change"}) {
		t.Errorf("then started %q", got)
	}
	<-h.over
	if h.result != OK || h.log.count(journal.KindSeat) != 2 {
		t.Errorf("%s %v, %q", h.result, h.err, h.log.kinds())
	}
}

func TestEngine_stopsWhileNobodyIsAttached(t *testing.T) {
	for _, how := range []Interrupt{StopSoon, CancelNow, Abandon} {
		h := detached(t, []runbook.Step{confirm("change")}, map[string]does{"change": func(context.Context, Operator) (Report, error) {
			t.Error("it started")
			return Report{}, nil
		}})
		for a := (Attended{}); a.Holding.IsEmpty(); {
			a, _ = until[Attended](h)
		}
		h.engine.Interrupt(how)
		until[RunFinished](h)
		<-h.over
		if h.result != Stopped {
			t.Errorf("%s: %s %v", how, h.result, h.err)
		}
	}
}

// An approval is for those who see what comes of it: when the screen goes between
// yes and the start, an effect that cannot be undone is refused.
func TestEngine_refusesAnIrreversibleEffectWithoutAnybody(t *testing.T) {
	var h *hall
	ready := make(chan struct{})
	h = detached(t, []runbook.Step{confirm("change")}, map[string]does{"change": func(ctx context.Context, op Operator) (Report, error) {
		<-ready
		h.seat(SeatLeft, "ana", false)
		for _, e := range []runbook.Effect{runbook.EffectRepeatable, runbook.EffectIrreversible} {
			did := false
			_, err := op.Effect(ctx, Intent{Effect: e}, func(context.Context) (Ending, error) { did = true; return Ending{}, nil })
			if want := e == runbook.EffectRepeatable; did != want || (err == nil) != want {
				t.Errorf("%s: happened %v, %v", e, did, err)
			}
		}
		return Report{}, ErrGivenUp
	}})
	until[RunStarted](h)
	h.seat(SeatAttached, "ana", true)
	close(ready)
	<-h.over
	if h.log.count(journal.KindIntent) != 1 || h.log.count(journal.KindRefusal) != 1 {
		t.Errorf("%q", h.log.kinds())
	}
}

// The answer counts as that of who gave it.
func TestEngine_recordsWhoAnswered(t *testing.T) {
	h := detached(t, []runbook.Step{confirm("a")}, map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		a, err := op.Ask(ctx, Question{Kind: AskConfirm, Choices: []Choice{{ID: "yes"}}})
		if a.By != "bo" {
			t.Errorf("by %q", a.By)
		}
		return Report{}, err
	}})
	until[RunStarted](h)
	h.seat(SeatAttached, "bo", true)
	q, _ := until[QuestionAsked](h)
	if err := h.engine.AnswerAs(journal.Actor{Name: "bo"}, Answer{Question: q.Question.ID, Choice: "yes"}); err != nil {
		t.Fatal(err)
	}
	<-h.over
	if h.result != OK {
		t.Error(h.result, h.err)
	}
}

// Force wants a cancel first, the right word, and something to force; it is
// recorded before the program hears of it.
func TestEngine_forcesOnlyWithTheWord(t *testing.T) {
	var h *hall
	cancelled := make(chan struct{})
	h = detached(t, []runbook.Step{confirm("a")}, map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		forced := make(chan Interrupt, 1)
		_, err := op.Effect(ctx, Intent{Effect: runbook.EffectRepeatable, Force: func(how Interrupt) error {
			if got := h.log.decided(t); !slices.Equal(got, []string{"interrupt cancel", "force kill"}) {
				t.Errorf("recorded before it are %q", got)
			}
			forced <- how
			return nil
		}}, func(ctx context.Context) (Ending, error) {
			close(cancelled)
			<-ctx.Done() // a program that does not hear
			if how := <-forced; how != Kill {
				t.Errorf("forced by %q", how)
			}
			return Ending{Result: Stopped}, nil
		})
		return Report{}, errors.Join(err, ErrStopped)
	}})
	refused := func(how Interrupt, typed, want string) {
		t.Helper()
		var r *RefusedError
		if err := h.engine.Force(how, typed); !errors.As(err, &r) || r.Why != want {
			t.Errorf("%s %q: %v", how, typed, err)
		}
	}
	until[RunStarted](h)
	refused(Kill, ForceWord(Kill), "nothing is under way that could be forced")
	h.seat(SeatAttached, "ana", true)
	<-cancelled
	refused(Kill, ForceWord(Kill), "cancel first: the program ends by itself then, most of the time")
	refused(StopSoon, "", `"stop" forces nothing`)
	h.engine.Interrupt(CancelNow)
	refused(Kill, "yes", `type "kill terraform" to do that`)
	if err := h.engine.ForceAs(journal.Actor{Name: "ana"}, Kill, ForceWord(Kill)); err != nil {
		t.Fatal(err)
	}
	<-h.over
	var b journal.DecisionBody
	for _, r := range h.log.records {
		if r.Kind == journal.KindDecision {
			if err := json.Unmarshal(r.Body, &b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if b.Kind != "force" || b.Choice != string(Kill) {
		t.Errorf("recorded %+v", b)
	}
}
