package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// tardy takes a while for the record of a seat, and tells when it begins.
type tardy struct {
	memory
	begun   chan struct{}
	seating atomic.Bool
	t       *testing.T
}

func (l *tardy) Append(d journal.Draft) (journal.Record, error) {
	switch d.Kind {
	case journal.KindSeat:
		l.seating.Store(true)
		defer l.seating.Store(false)
		close(l.begun)
		time.Sleep(50 * time.Millisecond) // for the run to come to its end, if it does not wait
	case journal.KindClose:
		if l.seating.Load() {
			l.t.Error("the last record was written while that of a seat was")
		}
	}
	return l.memory.Append(d)
}

// Who comes while the run ends is recorded before its last record, or not at all.
func TestEngine_writesNothingAfterTheLastRecord(t *testing.T) {
	log := &tardy{begun: make(chan struct{}), t: t}
	seated := make(chan error, 1)
	var e *Engine
	build := func(runbook.Step) (Step, error) {
		return does(func(context.Context, Operator) (Report, error) {
			go func() { seated <- e.Seat(SeatChange{Move: SeatAttached}) }()
			<-log.begun
			return Report{}, nil
		}), nil
	}
	var err error
	e, err = New(Config{
		Run: "r1", Mode: Live, Environment: "production", Journal: log, Kit: Kit{runbook.KindConfirm: build},
		Runbook: &runbook.Runbook{Steps: []runbook.Step{confirm("a")}, Environments: map[string]*runbook.Environment{"production": {Name: "production"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := e.Run(t.Context()); r != OK {
		t.Fatal(r, err)
	}
	if err := errors.Join(<-seated, e.Note(safe.Lit("late"), nil)); err != nil {
		t.Error(err)
	}
	if k := log.kinds(); k[len(k)-1] != "close" {
		t.Errorf("%q", k)
	}
}

// A stop that comes right before a step waits for somebody is heard.
func TestEngine_hearsAStopBeforeItWaitsForSomebody(t *testing.T) {
	h := detached(t, []runbook.Step{confirm("a")}, map[string]does{"a": nil})
	for a := (Attended{}); a.Holding.IsEmpty(); {
		a, _ = until[Attended](h)
	}
	h.engine.Interrupt(StopSoon)
	until[RunFinished](h)
	<-h.over
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := h.engine.attended(ctx, confirm("a")); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}
