package attach

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A trial is a run that is served, without an engine.
type trial struct {
	t     *testing.T
	path  string
	end   chan Ending
	over  chan error // of Serve
	relay *engine.Relay

	answer func(journal.Actor, engine.Answer) error

	mu     sync.Mutex
	moved  *sync.Cond
	seq    int64
	moves  []engine.SeatChange
	done   []string // what else was asked for
	failed []error
}

// serve serves a run on a socket of its own.
func serve(t *testing.T, o Options) *trial {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "attach") // a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tr := &trial{
		t: t, path: filepath.Join(dir, "s"), end: make(chan Ending, 1), over: make(chan error, 1), relay: engine.NewRelay(),
		answer: func(journal.Actor, engine.Answer) error { return nil },
	}
	tr.moved = sync.NewCond(&tr.mu)
	l, err := net.Listen("unix", tr.path)
	if err != nil {
		t.Fatal(err)
	}
	tr.tell(engine.RunStarted{Run: "r1", Steps: []engine.StepOutline{{ID: "a", Position: "1", Name: safe.Lit("Apply")}}})
	o.Run, o.Lockstep = "r1", "test"
	o.Failed = func(err error) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.failed = append(tr.failed, err)
		tr.moved.Broadcast()
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tr.over <- Serve(ctx, l, tr, tr.end, o)
	}()
	t.Cleanup(func() {
		tr.relay.Close()
		cancel()
		<-ended
	})
	return tr
}

// tell publishes an event.
func (tr *trial) tell(ev engine.Event) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seq++
	tr.relay.Pass(engine.Envelope{Seq: tr.seq, Time: time.Unix(tr.seq, 0).UTC(), Type: typeOf(ev), Event: ev})
}

func typeOf(ev engine.Event) string {
	switch ev.(type) {
	case engine.RunStarted:
		return "RunStarted"
	case engine.StepStarted:
		return "StepStarted"
	case engine.QuestionAsked:
		return "QuestionAsked"
	case engine.QuestionAnswered:
		return "QuestionAnswered"
	case engine.QuestionWithdrawn:
		return "QuestionWithdrawn"
	case engine.Attended:
		return "Attended"
	case engine.Warned:
		return "Warned"
	case engine.RunFinished:
		return "RunFinished"
	}
	panic("no name")
}

func (tr *trial) Subscribe() (<-chan engine.Envelope, func()) { return tr.relay.Subscribe() }

func (tr *trial) Seat(c engine.SeatChange) error {
	tr.mu.Lock()
	tr.moves = append(tr.moves, c)
	tr.moved.Broadcast()
	tr.mu.Unlock()
	tr.tell(engine.Attended{Seats: c.Seats})
	return nil
}

func (tr *trial) AnswerAs(who journal.Actor, a engine.Answer) error {
	tr.mu.Lock()
	answer := tr.answer
	tr.mu.Unlock()
	return answer(who, a)
}

// answers says what becomes of answers from now on.
func (tr *trial) answers(with func(journal.Actor, engine.Answer) error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.answer = with
}

// seen returns the moves of the seats so far.
func (tr *trial) seen() []engine.SeatChange {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.moves)
}

func (tr *trial) InterruptAs(who journal.Actor, how engine.Interrupt) {
	tr.did(who.Name + " " + string(how))
}

func (tr *trial) ForceAs(who journal.Actor, how engine.Interrupt, typed string) error {
	tr.did(who.Name + " " + string(how) + " " + typed)
	return nil
}

func (tr *trial) Fetch(_ context.Context, r engine.Request) (engine.Part, error) {
	if r.What != "commit" {
		return nil, errors.New("there is no such part")
	}
	return engine.CommitDetail{Message: []safe.Text{safe.Show(r.Question)}}, nil
}

func (tr *trial) did(what string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.done = append(tr.done, what)
	tr.moved.Broadcast()
}

// until waits for something that the trial sees happen.
func (tr *trial) until(what string, ok func() bool) {
	tr.t.Helper()
	late := false
	timer := time.AfterFunc(time.Minute, func() {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		late = true
		tr.moved.Broadcast()
	})
	defer timer.Stop()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for !ok() {
		if late {
			tr.t.Fatalf("it did not happen: %s", what)
		}
		tr.moved.Wait()
	}
}

// left waits until a seat has gone.
func (tr *trial) left(id string) {
	tr.t.Helper()
	tr.until("seat "+id+" leaves", func() bool {
		for _, m := range tr.moves {
			if m.Move == engine.SeatLeft && m.Seat.ID == id {
				return true
			}
		}
		return false
	})
}

// dial attaches somebody.
func (tr *trial) dial(h Hello) *Client {
	tr.t.Helper()
	c, err := Dial(tr.t.Context(), tr.path, h)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.t.Cleanup(func() { c.Close() })
	return c
}

// raw connects without keeping to the protocol.
func raw(t *testing.T, path string) (*net.UnixConn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.UnixConn), bufio.NewReader(c)
}

// holds waits until a client was told whether it holds the answers.
func holds(t *testing.T, c *Client, want bool) {
	t.Helper()
	events, cancel := c.Subscribe()
	defer cancel()
	for env := range events {
		if there, ok := env.Event.(engine.Attended); ok {
			for _, s := range there.Seats {
				if s.ID == c.Seat() && s.Holds == want {
					return
				}
			}
		}
	}
	t.Errorf("%s was not told that it holds the answers: %t (%v)", c.Seat(), want, c.err)
}

func refused(t *testing.T, err error, why string) {
	t.Helper()
	var r *engine.RefusedError
	if !errors.As(err, &r) || r.Why != why {
		t.Errorf("error %v, want a refusal: %s", err, why)
	}
}
