package attach

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func ana(h Hello) Hello { h.Operator, h.Where = "ana", "pts/1, process 7"; return h }
func ben(h Hello) Hello { h.Operator, h.Where = "ben", "pts/2, process 8"; return h }

func TestServe_firstScreenHoldsTheAnswersUntilAnotherTakesThem(t *testing.T) {
	tr := serve(t, Options{})
	a := tr.dial(ana(Hello{}))
	holds(t, a, true)
	b := tr.dial(ben(Hello{}))
	holds(t, b, false)
	refused(t, b.Answer(engine.Answer{}), "ana holds the answers (pts/1, process 7); this screen watches")
	refused(t, b.Force(engine.Kill, "kill"), "ana holds the answers (pts/1, process 7); this screen watches")
	refused(t, b.Take(" "), "ana holds the answers (pts/1, process 7); taking them needs a reason, which is recorded")
	b.Interrupt(engine.CancelNow)
	if err := a.Answer(engine.Answer{}); err != nil {
		t.Error(err)
	}
	if err := b.Take("ana is asleep"); err != nil {
		t.Fatal(err)
	}
	if err := b.Take("twice is once"); err != nil {
		t.Error(err)
	}
	holds(t, b, true)
	refused(t, a.Answer(engine.Answer{}), "ben holds the answers (pts/2, process 8); this screen watches")
	if err := b.Force(engine.Kill, "word"); err != nil {
		t.Error(err)
	}
	b.Interrupt(engine.StopSoon)
	b.Interrupt(engine.GoOn)
	tr.until("the interrupts", func() bool {
		return reflect.DeepEqual(tr.done, []string{"ben kill word", "ben stop", "ben go on"})
	})

	var moves []engine.SeatMove
	for _, m := range tr.seen() {
		moves = append(moves, m.Move)
	}
	if !reflect.DeepEqual(moves, []engine.SeatMove{engine.SeatAttached, engine.SeatAttached, engine.SeatTook}) {
		t.Errorf("moves %q", moves)
	}
	took := tr.seen()[2]
	if took.From != "ana" || took.Reason != "ana is asleep" || len(took.Seats) != 2 || took.Seats[0].Holds || !took.Seats[1].Holds {
		t.Errorf("taken: %+v", took)
	}
	if who := took.Seat.Actor; who.Name != "ben" || who.UID != os.Geteuid() || who.Host == "" {
		t.Errorf("taken by %+v", who)
	}
}

func TestServe_watcherNeverHoldsByItself(t *testing.T) {
	tr := serve(t, Options{})
	w := tr.dial(ana(Hello{Watch: true}))
	holds(t, w, false)
	b := tr.dial(ben(Hello{}))
	holds(t, b, true)
	b.Close()
	tr.left("s2")
	refused(t, w.Answer(engine.Answer{}), "nobody holds the answers; take them first")
	if err := w.Take(""); err != nil {
		t.Errorf("taken from nobody: %v", err)
	}
	holds(t, w, true)
	if err := w.Answer(engine.Answer{}); err != nil {
		t.Error(err)
	}
}

func TestServe_answersAreKeptForTheOneWhoStartedTheRun(t *testing.T) {
	tr := serve(t, Options{Key: "k3y"})
	b := tr.dial(ben(Hello{}))
	holds(t, b, false)
	a := tr.dial(ana(Hello{Key: "k3y"}))
	holds(t, a, true)
	a.Close()
	tr.left("s2")
	c := tr.dial(ben(Hello{})) // the starter has come and gone
	holds(t, c, true)
}

func TestServe_answersAreNotKeptForEver(t *testing.T) {
	tr := serve(t, Options{Key: "k3y", Keep: time.Nanosecond})
	holds(t, tr.dial(ben(Hello{})), true)
	holds(t, tr.dial(ana(Hello{Key: "k3y"})), false)
}

// Nobody's answer counts after somebody else has taken the answers.
func TestServe_takingWaitsForTheAnswerOnItsWay(t *testing.T) {
	tr := serve(t, Options{})
	under, release := make(chan struct{}), make(chan struct{})
	tr.answers(func(journal.Actor, engine.Answer) error {
		close(under)
		<-release
		return nil
	})
	a, b := tr.dial(ana(Hello{})), tr.dial(ben(Hello{}))
	answered, taken := make(chan error, 1), make(chan error, 1)
	go func() { answered <- a.Answer(engine.Answer{}) }()
	<-under
	go func() { taken <- b.Take("now") }()
	a.Interrupt(engine.CancelNow) // does not wait for it
	tr.until("the interrupt", func() bool { return len(tr.done) == 1 })
	if len(tr.seen()) != 2 {
		t.Errorf("the answers moved while one was on its way")
	}
	close(release)
	if err := errors.Join(<-answered, <-taken); err != nil {
		t.Error(err)
	}
	tr.answers(func(journal.Actor, engine.Answer) error { return nil })
	refused(t, a.Answer(engine.Answer{}), "ben holds the answers (pts/2, process 8); this screen watches")
}

// big is an event that no socket's buffer holds.
func big() engine.Event {
	return engine.Warned{Text: safe.Show(strings.Repeat("x", 4000))}
}

func TestServe_stuckScreenIsCutOffAndMayComeBack(t *testing.T) {
	tr := serve(t, Options{Stall: time.Second})
	stuck, _ := raw(t, tr.path)
	if _, err := stuck.Write([]byte(`{"do":"hello","v":1,"hello":{"operator":"ana"}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	tr.until("it attaches", func() bool { return len(tr.moves) == 1 })
	b := tr.dial(ben(Hello{}))
	events, cancel := b.Subscribe()
	defer cancel()
	const n = 2000
	for range n {
		tr.tell(big()) // never waits for a screen
	}
	got := 0
	for env := range events {
		if _, ok := env.Event.(engine.Warned); ok {
			if got++; got == n {
				break
			}
		}
	}
	tr.left("s1")
	again := tr.dial(ana(Hello{}))
	holds(t, again, true)
	events, stop := again.Subscribe()
	defer stop()
	seq, got := int64(0), 0
	for env := range events {
		if env.Seq != seq+1 {
			t.Fatalf("event %d comes after event %d", env.Seq, seq)
		}
		if _, ok := env.Event.(engine.Warned); ok {
			got++
		}
		if seq = env.Seq; got == n {
			break
		}
	}
}

func TestServe_silentScreenIsCutOff(t *testing.T) {
	tr := serve(t, Options{Silence: 50 * time.Millisecond})
	c, r := raw(t, tr.path)
	if _, err := c.Write([]byte(`{"do":"hello","v":1,"hello":{}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	tr.left("s1")
	for {
		if _, err := r.ReadString('\n'); err != nil {
			return
		}
	}
}

func TestServe_screenThatDoesNotGreetIsCutOff(t *testing.T) {
	tr := serve(t, Options{Greet: 50 * time.Millisecond})
	_, r := raw(t, tr.path)
	line, err := r.ReadString('\n')
	if err != nil || !strings.Contains(line, `"refused"`) {
		t.Errorf("%q, %v", line, err)
	}
	if len(tr.seen()) != 0 {
		t.Error("it got a seat")
	}
}

func TestServe_everyScreenGetsTheEnd(t *testing.T) {
	tr := serve(t, Options{})
	end := Ending{
		Result: engine.Failed, Exit: 1, Error: "it broke\nbadly", Told: true, Hint: "mend it",
		Lines: []safe.Text{safe.Lit("line 1")}, Stdout: "said\n",
	}
	screens := []*Client{tr.dial(ana(Hello{})), tr.dial(ben(Hello{})), tr.dial(ben(Hello{Watch: true}))}
	tr.tell(engine.RunFinished{Result: engine.Failed})
	tr.relay.Close()
	tr.end <- end
	for _, c := range screens {
		got, err := c.Ending()
		if err != nil || !reflect.DeepEqual(got, end) {
			t.Errorf("ending %+v, %v", got, err)
		}
		events, cancel := c.Subscribe()
		last := engine.Envelope{}
		for last = range events {
		}
		cancel()
		if _, ok := last.Event.(engine.RunFinished); !ok {
			t.Errorf("the last event is %T", last.Event)
		}
		if err := c.Answer(engine.Answer{}); !errors.Is(err, engine.ErrAnswered) {
			t.Errorf("an answer after the end: %v", err)
		}
	}
	if err := <-tr.over; err != nil {
		t.Error(err)
	}
	tr.over <- nil
	if _, err := Dial(t.Context(), tr.path, Hello{}); !errors.Is(err, ErrNobody) {
		t.Errorf("after the end: %v", err)
	}
}

func TestServe_endWaitsForTheScreenThatStartedTheRun(t *testing.T) {
	tr := serve(t, Options{Key: "k3y"})
	tr.relay.Close()
	tr.end <- Ending{Result: engine.Failed, Exit: 1, Error: "it could not start"}
	c := tr.dial(ana(Hello{Key: "k3y"}))
	if end, err := c.Ending(); err != nil || end.Exit != 1 {
		t.Errorf("%+v, %v", end, err)
	}
}

func TestServe_endDoesNotWaitForEver(t *testing.T) {
	tr := serve(t, Options{Linger: 20 * time.Millisecond})
	c, _ := raw(t, tr.path)
	if _, err := c.Write([]byte(`{"do":"hello","v":1,"hello":{}}` + "\n")); err != nil {
		t.Fatal(err)
	}
	tr.until("it attaches", func() bool { return len(tr.moves) == 1 })
	tr.relay.Close()
	tr.end <- Ending{Result: engine.OK}
	if err := <-tr.over; err != nil {
		t.Error(err)
	}
	tr.over <- nil
}

func TestPeek_takesNoSeat(t *testing.T) {
	tr := serve(t, Options{})
	tr.dial(ana(Hello{}))
	tr.tell(engine.StepStarted{ID: "a"})
	tr.tell(engine.QuestionAsked{Question: engine.Question{ID: "q1", Title: safe.Lit("Really?")}})
	var st Status
	for st.Question.IsEmpty() { // the status follows the events
		var err error
		if st, err = Peek(t.Context(), tr.path); err != nil {
			t.Fatal(err)
		}
	}
	if st.Run != "r1" || st.Step.String() != "1 Apply" || st.Question.String() != "Really?" || st.Holder() == nil || st.PID != os.Getpid() {
		t.Errorf("status %+v", st)
	}
	if len(tr.seen()) != 1 {
		t.Errorf("moves %+v", tr.seen())
	}
}

func TestPeer_otherUserIsRefused(t *testing.T) {
	if sameUser(os.Geteuid(), os.Geteuid()) != nil {
		t.Error("the same user is refused")
	}
	if err := sameUser(1001, 1000); err == nil || err.Error() != "the other end belongs to user 1001, and this process to user 1000" {
		t.Errorf("another user: %v", err)
	}
	tr := serve(t, Options{})
	c, _ := raw(t, tr.path)
	if err := checkPeer(c); err != nil {
		t.Errorf("the system does not say who is on the other end: %v", err)
	}
}
