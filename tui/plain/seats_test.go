package plain

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A far run is in another process: what is told comes when the test says so.
type far struct {
	events     chan engine.Envelope
	answers    chan engine.Answer
	took       chan string
	forced     chan string
	interrupts chan engine.Interrupt
	refuse     error
	seq        int64
	at         time.Time
}

var _ engine.Attached = (*far)(nil)

func newFar() *far {
	f := &far{
		events: make(chan engine.Envelope, 100), answers: make(chan engine.Answer, 9), took: make(chan string, 9),
		forced: make(chan string, 9), interrupts: make(chan engine.Interrupt, 9), at: epoch.Add(-time.Hour),
	}
	f.tell(engine.RunStarted{
		Run: "7f3a", Title: safe.Show("Roll out"), Environment: safe.Show("production"), Mode: engine.Live,
		Steps: []engine.StepOutline{{ID: "apply", Position: "1", Kind: runbook.KindApply}},
	})
	return f
}

func (f *far) tell(e engine.Event) {
	f.seq++
	name, _ := strings.CutPrefix(fmt.Sprintf("%T", e), "engine.")
	f.events <- engine.Envelope{Seq: f.seq, Time: f.at, Step: "apply", Type: name, Event: e}
}

func (f *far) Subscribe() (<-chan engine.Envelope, func()) { return f.events, func() {} }
func (f *far) Answer(a engine.Answer) error                { f.answers <- a; return nil }
func (f *far) Interrupt(how engine.Interrupt)              { f.interrupts <- how }
func (f *far) Seat() string                                { return "s1" }

func (f *far) Force(how engine.Interrupt, typed string) error {
	f.forced <- string(how) + " " + typed
	return f.refuse
}

func (f *far) Take(reason string) error {
	f.took <- reason
	return f.refuse
}

func (f *far) Fetch(context.Context, engine.Request) (engine.Part, error) {
	return nil, errors.New("no such part")
}

func there(mine, theirs bool) engine.Attended {
	return engine.Attended{Seats: []engine.Seat{
		{ID: "s2", Actor: journal.Actor{Name: "ana", Host: "ops1"}, Where: safe.Lit("pts/3, process 812"), Holds: theirs},
		{ID: "s1", Actor: journal.Actor{Name: "bo", Host: "ops2"}, Where: safe.Lit("pts/5, process 99"), Holds: mine},
	}}
}

func settle(id string) engine.QuestionAsked {
	return engine.QuestionAsked{Question: engine.Question{
		ID: id, Kind: engine.AskSettle, Title: safe.Lit("Nobody recorded how this apply ended"), Digest: "d",
		Choices: []engine.Choice{
			{ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true},
			{ID: "release", Key: "d", Label: safe.Lit("release the lock"), Typed: "7c1e", NeedsReason: true, Irreversible: true},
		},
		Payload: engine.Settlement{
			What: safe.Lit("apply plan 5f2c"), Started: epoch.Add(-37 * time.Minute), By: safe.Lit("ana@ops1"), Intent: 58, Verdict: "stranded-lock",
			Found: safe.Lit("the lock is still held"), Lines: safe.Lines("lock: 7c1e, held by ana@ops1\nstate: serial 119"),
		},
	}}
}

// A talk is a run that is told to somebody at a keyboard.
type talk struct {
	t     *testing.T
	far   *far
	keys  *io.PipeWriter
	said  *bufio.Reader
	all   bytes.Buffer
	ended chan error
}

func talkTo(t *testing.T, f *far) *talk {
	in, keys := io.Pipe()
	said, out := io.Pipe()
	x := &talk{t: t, far: f, keys: keys, said: bufio.NewReader(said), ended: make(chan error, 1)}
	go func() {
		err := Run(context.Background(), f, in, out, Options{Now: func() time.Time { return epoch }, Interactive: true})
		out.Close()
		x.ended <- err
	}()
	t.Cleanup(func() { keys.Close(); said.Close() })
	return x
}

// hears reads until something was said.
func (x *talk) hears(words string) {
	x.t.Helper()
	from := x.all.Len()
	for !strings.Contains(x.all.String()[from:], words) {
		b, err := x.said.ReadByte()
		if err != nil {
			x.t.Fatalf("it never says %q:\n%s", words, x.all.String())
		}
		x.all.WriteByte(b)
	}
}

func (x *talk) types(line string) {
	x.t.Helper()
	if _, err := io.WriteString(x.keys, line+"\n"); err != nil {
		x.t.Fatal(err)
	}
}

func (x *talk) end() error {
	go io.Copy(io.Discard, x.said)
	return <-x.ended
}

func TestRun_settlesWithTheEvidenceAndTheWord(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(settle("q1"))
	x := talkTo(t, f)
	x.hears("you answer · ana watches")
	x.hears("started: apply plan 5f2c")
	x.hears("when: 37 min ago, at 22 Nov 2026 08:38:02 UTC, by ana@ops1, record 58")
	x.hears("found: the lock is still held")
	x.hears("verdict: stranded-lock")
	x.hears("evidence, state: serial 119")
	x.hears("or detach")
	x.types("2")
	x.hears("reason, recorded:")
	x.types("the process is gone")
	x.hears("type 7c1e")
	x.types("7c1e")
	if a := <-f.answers; a.Choice != "release" || a.Typed != "7c1e" || a.Reason != "the process is gone" {
		t.Errorf("answer %+v", a)
	}
	close(f.events)
	if err := x.end(); !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "lockstep resume 7f3a") {
		t.Errorf("error %v", err)
	}
}

func TestRun_detachesByWordKeyAndEndOfInput(t *testing.T) {
	leave := map[string]func(*talk){
		"detach at a question": func(x *talk) { x.far.tell(settle("q1")); x.hears("answer:"); x.types("detach") },
		"detach meanwhile":     func(x *talk) { x.types("detach") },
		"d meanwhile":          func(x *talk) { x.types("d") },
		"end at a question":    func(x *talk) { x.far.tell(settle("q1")); x.hears("answer:"); x.keys.Close() },
		"end meanwhile":        func(x *talk) { x.keys.Close() },
	}
	for name, do := range leave {
		t.Run(name, func(t *testing.T) {
			f := newFar()
			f.tell(there(true, false))
			x := talkTo(t, f)
			x.hears("you answer")
			do(x)
			x.hears("come back with lockstep attach 7f3a")
			if err := x.end(); !errors.Is(err, ErrDetached) {
				t.Errorf("error %v", err)
			}
			if len(f.answers)+len(f.interrupts) > 0 {
				t.Error("leaving did something to the run")
			}
		})
	}
}

func TestRun_theKeyOfAChoiceDoesNotDetach(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(settle("q1"))
	x := talkTo(t, f)
	x.hears("answer:")
	x.types("d")
	x.hears("reason, recorded:")
	x.types("")
	x.hears("Nothing was done")
	x.types("detach")
	if err := x.end(); !errors.Is(err, ErrDetached) {
		t.Errorf("error %v", err)
	}
}

func TestRun_pipedAnswersAreNotTakenForCommands(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() {
		done <- Run(context.Background(), f, strings.NewReader("1\n"), &out, Options{Now: func() time.Time { return epoch }})
	}()
	f.tell(settle("q1"))
	if a := <-f.answers; a.Choice != "stop" {
		t.Errorf("answer %+v", a)
	}
	f.tell(engine.RunFinished{Result: engine.Declined})
	close(f.events)
	if err := <-done; err != nil {
		t.Errorf("error %v", err)
	}
}

func TestRun_aWatcherIsToldAndNotAsked(t *testing.T) {
	f := newFar()
	f.tell(there(false, true))
	f.tell(settle("q1"))
	x := talkTo(t, f)
	x.hears("ana@ops1 answers (pts/3) · you watch")
	x.hears("asked: Nobody recorded how this apply ended")
	x.hears("evidence, lock: 7c1e")
	x.hears("type take over to answer yourself")
	x.types("1")
	x.hears("Nothing is asked now")
	x.types("cancel")
	x.hears("Not now: somebody else answers")
	x.types("take over")
	x.hears("reason, recorded:")
	x.types("ana is asleep")
	x.hears("type take over to do that:")
	x.types("take over")
	if r := <-f.took; r != "ana is asleep" {
		t.Errorf("reason %q", r)
	}
	f.tell(there(true, false))
	x.hears("answer:")
	f.tell(there(false, true))
	x.hears("ana@ops1 took over from you")
	x.types("1")
	x.hears("Nothing is asked now")
	x.types("detach")
	if err := x.end(); !errors.Is(err, ErrDetached) || len(f.answers)+len(f.interrupts) > 0 {
		t.Errorf("error %v, %d answers, %d interrupts", err, len(f.answers), len(f.interrupts))
	}
}

func TestRun_forcesOnlyByTheWholeWord(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(engine.StepStarted{ID: "apply", Attempt: 1})
	f.tell(engine.ApplyStarted{Title: safe.Lit("certificate"), Items: []engine.ApplyItem{{Address: safe.Lit("certificate.static"), Action: plan.Create}}})
	f.tell(engine.ResourceMoved{Item: 0, State: engine.Running})
	x := talkTo(t, f)
	x.hears("certificate.static: running")
	x.types("force")
	x.hears("Type cancel first")
	x.types("cancel")
	if how := <-f.interrupts; how != engine.CancelNow {
		t.Errorf("interrupt %q", how)
	}
	f.tell(engine.Interrupted{How: engine.CancelNow, By: safe.Lit("bo")})
	x.hears("bo asked to cancel now")
	x.hears("at work: create certificate.static")
	x.types("force")
	x.hears("at work: create certificate.static for 1 h")
	x.hears("kill terraform: it ends where it stands: its state may be lost")
	x.hears("in full")
	x.types("kill")
	x.hears("Nothing was done")
	f.refuse = &engine.RefusedError{Why: "nothing is under way that could be forced"}
	x.types("force")
	x.hears("in full")
	x.types("interrupt again")
	if got := <-f.forced; got != "second interrupt interrupt again" {
		t.Errorf("forced %q", got)
	}
	x.hears("Refused: nothing is under way")
	x.types("detach")
	x.end()
}

func TestRun_doesNotAskWhatWasAnsweredBefore(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(settle("q1"))
	f.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: "q1", Choice: "release", By: "ana"}})
	f.tell(engine.Attended{Seats: there(true, false).Seats, Holding: safe.Lit("step 1, apply")})
	f.tell(settle("q2"))
	x := talkTo(t, f)
	x.hears("holds still: nobody answers; next is step 1, apply")
	x.hears("answer:")
	if n := strings.Count(x.all.String(), "QUESTION:"); n != 1 {
		t.Errorf("%d questions were put:\n%s", n, x.all.String())
	}
	x.types("1")
	if a := <-f.answers; a.Question != "q2" {
		t.Errorf("answer %+v", a)
	}
	x.types("detach")
	x.end()
}

func TestRun_saysHowToGoOnWhenUnknown(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(engine.RunFinished{Result: engine.Unknown})
	close(f.events)
	x := talkTo(t, f)
	x.hears("stays open: ")
	x.hears("lockstep resume 7f3a looks for what became of it")
	x.end()
}

// What happens while a question waits does not leave the operator without a prompt.
func TestRun_promptsAgainAfterAnEvent(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(settle("q1"))
	x := talkTo(t, f)
	x.hears("answer: ")
	f.tell(engine.Interrupted{How: engine.StopSoon, By: safe.Lit("ana")})
	x.hears("asked to stop after this step\nanswer: ")
	if got := x.all.String(); !strings.Contains(got, "answer: \n08:") {
		t.Errorf("the event does not begin a line:\n%s", got)
	}
	x.types("detach")
	x.end()
}

func TestRun_saysWhatWasDoneBeforeTheResume(t *testing.T) {
	p := &play{t: t, events: make(chan engine.Envelope, 100)}
	p.tell(engine.RunStarted{Run: "7f3a", Resumed: 1, Steps: []engine.StepOutline{{ID: "pick", Position: "1", Kind: runbook.KindPickCommit}}})
	p.tell(engine.StepFinished{ID: "pick", Result: engine.OK, Summary: safe.Lit("4b226e2")})
	p.next()
	says(t, tellAll(t, p), "is resumed", "before the run was resumed. 4b226e2")
}

func TestJSON_holdsWhoIsThereAndWhatWasFound(t *testing.T) {
	f := newFar()
	f.tell(there(true, false))
	f.tell(settle("q1"))
	close(f.events)
	var out bytes.Buffer
	err := JSON(context.Background(), f, &out)
	if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "resume 7f3a") {
		t.Errorf("error %v", err)
	}
	says(t, out.String(), `"type":"Settlement"`, `"verdict":"stranded-lock"`, `"seats":[{"id":"s2"`, `"holds":true`)
}

// Who was there before this one came is nobody's concern.
func TestStory_beginsWhenItsOwnSeatIsThere(t *testing.T) {
	y := &story{seat: "s2"}
	if told := y.attended(engine.Attended{Holding: safe.Lit("step 1")}); told != nil {
		t.Errorf("told %q", told)
	}
	told := y.attended(engine.Attended{Seats: []engine.Seat{{ID: "s2", Holds: true}}})
	if len(told) != 1 || told[0].String() != "you answer, and are there alone" {
		t.Errorf("told %q", told)
	}
	if told := y.attended(engine.Attended{Holding: safe.Lit("step 2")}); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}
