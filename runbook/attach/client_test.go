package attach

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

func TestClient_errorsSurviveTheWire(t *testing.T) {
	tr := serve(t, Options{})
	c := tr.dial(ana(Hello{}))
	want := engine.Answer{Question: "q1", Choice: "take", Reason: "näh", Acknowledge: []string{"file a b"}}
	for _, err := range []error{nil, engine.ErrAnswered, &engine.RefusedError{Why: "type “production” to say yes"}, errors.New("disk full")} {
		tr.answers(func(who journal.Actor, a engine.Answer) error {
			if who.Name != "ana" || !reflect.DeepEqual(a, want) {
				t.Errorf("%s answered %+v", who.Name, a)
			}
			return err
		})
		got := c.Answer(want)
		if !reflect.DeepEqual(got, err) {
			t.Errorf("%#v came as %#v", err, got)
		}
	}
	part, err := c.Fetch(t.Context(), engine.Request{Question: "q1", What: "commit"})
	if d, ok := part.(engine.CommitDetail); err != nil || !ok || d.Message[0].String() != "q1" {
		t.Errorf("part %+v, %v", part, err)
	}
	if _, err := c.Fetch(t.Context(), engine.Request{What: "nothing"}); err == nil || err.Error() != "there is no such part" {
		t.Errorf("part that is not there: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Fetch(gone, engine.Request{What: "commit"}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("fetched for nobody: %v", err)
	}
}

func TestClient_severalSubscribersGetEverythingInOrder(t *testing.T) {
	tr := serve(t, Options{})
	c := tr.dial(ana(Hello{}))
	early, cancel := c.Subscribe()
	defer cancel()
	const n = 500
	go func() {
		for i := range n {
			tr.tell(engine.StepStarted{ID: fmt.Sprint(i), Attempt: i + 1})
		}
		tr.relay.Close()
		tr.end <- Ending{Result: engine.OK}
	}()
	check := func(events <-chan engine.Envelope) {
		t.Helper()
		next, seq := 0, int64(0)
		for env := range events {
			if env.Seq <= seq {
				t.Fatalf("event %d after event %d", env.Seq, seq)
			}
			seq = env.Seq
			if ev, ok := env.Event.(engine.StepStarted); ok {
				if ev.ID != fmt.Sprint(next) {
					t.Fatalf("step %s instead of %d", ev.ID, next)
				}
				next++
			}
		}
		if next != n {
			t.Errorf("%d of %d events", next, n)
		}
	}
	check(early)
	late, stop := c.Subscribe()
	defer stop()
	check(late)
}

func TestClient_closingSendsWhatWasAskedBefore(t *testing.T) {
	tr := serve(t, Options{})
	c := tr.dial(ana(Hello{}))
	holds(t, c, true)
	c.Interrupt(engine.Abandon)
	c.Close()
	tr.until("the interrupt", func() bool { return len(tr.done) == 1 && tr.done[0] == "ana abandon" })
	if _, err := c.Ending(); !errors.Is(err, ErrLeft) {
		t.Errorf("after closing: %v", err)
	}
	c.Interrupt(engine.CancelNow) // nobody hears that, and it does not block
	if err := c.Answer(engine.Answer{}); !errors.Is(err, ErrLeft) {
		t.Errorf("an answer after closing: %v", err)
	}
}

func TestOpen_leavesOutWhatIsAnswered(t *testing.T) {
	tr := serve(t, Options{})
	ask := func(id string) { tr.tell(engine.QuestionAsked{Question: engine.Question{ID: id}}) }
	ask("q1")
	tr.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: "q1"}})
	ask("q2")
	tr.tell(engine.QuestionWithdrawn{ID: "q2"})
	ask("q3")
	for { // the runner follows its own events
		st, err := Peek(t.Context(), tr.path)
		if err != nil {
			t.Fatal(err)
		}
		if !st.Question.IsEmpty() || !st.Asked.IsZero() {
			break
		}
	}
	c := tr.dial(ana(Hello{}))
	events, cancel := c.Open().Subscribe()
	defer cancel()
	ask("q4")
	tr.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: "q4"}})
	tr.relay.Close()
	tr.end <- Ending{Result: engine.OK}
	var asked []string
	for env := range events {
		if q, ok := env.Event.(engine.QuestionAsked); ok {
			asked = append(asked, q.Question.ID)
		}
	}
	if !reflect.DeepEqual(asked, []string{"q3", "q4"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestDial_saysThatNobodyListens(t *testing.T) {
	dir := t.TempDir()
	if _, err := Dial(t.Context(), filepath.Join(dir, "s"), Hello{}); !errors.Is(err, ErrNobody) {
		t.Errorf("no socket: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, "d"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := Peek(t.Context(), filepath.Join(dir, "d")); !errors.Is(err, ErrNobody) {
		t.Errorf("a socket that a dead runner left: %v", err)
	}
}

// pretend is a runner that says given lines after the hello, and then closes.
func pretend(t *testing.T, lines ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "attach")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			bufio.NewReader(c).ReadString('\n')
			for _, line := range lines {
				fmt.Fprintln(c, line)
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}

const welcome = `{"say":"welcome","v":1,"run":"r1","seat":"s1"}`

func TestDial_turnedAwaySaysWhy(t *testing.T) {
	for line, want := range map[string]string{
		`{"say":"refused","v":7,"why":"the screen speaks version 1","lockstep":"9.9"}`: "the runner ended the connection: the screen speaks version 1; attach with the version of lockstep that started the run, 9.9",
		`{"say":"refused","v":1,"why":"no \u001b"}`:                                    `the runner ended the connection: no \x1b`,
	} {
		_, err := Dial(t.Context(), pretend(t, line), Hello{})
		var away *TurnedAwayError
		if !errors.As(err, &away) || err.Error() != want {
			t.Errorf("%s: %v", line, err)
		}
		if _, perr := Peek(t.Context(), pretend(t, line)); !errors.As(perr, &away) {
			t.Errorf("%s: peeking: %v", line, perr)
		}
	}
	for _, line := range []string{`{"say":"end","end":{}}`, `{"say":"welcome","v":2,"seat":"s1"}`, `{"say":"welcome","v":1}`, "x", `{"say":"welcome","v":1,"seat":"s1","more":1}`} {
		if _, err := Dial(t.Context(), pretend(t, line), Hello{}); err == nil {
			t.Errorf("%s was taken", line)
		}
	}
	if _, err := Dial(t.Context(), pretend(t), Hello{}); !errors.Is(err, ErrGone) {
		t.Errorf("no first message: %v", err)
	}
}

func TestClient_rejectsWhatIsNotTheProtocol(t *testing.T) {
	event := func(seq int) string {
		return fmt.Sprintf(`{"say":"event","event":{"seq":%d,"time":"2026-11-22T09:00:00Z","step":"","type":"Warned","event":{"text":"x"}}}`, seq)
	}
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"events go back":      {[]string{event(2), event(2)}, "read a message: event 2 comes after event 2"},
		"a second welcome":    {[]string{welcome}, `read a message: "welcome" does not stand here`},
		"an unknown event":    {[]string{strings.Replace(event(1), "Warned", "Moved", 1)}, `read a message: read an event: "Moved" is not known here`},
		"no event":            {[]string{`{"say":"event"}`}, `read a message: "event" is not complete`},
		"an unknown message":  {[]string{`{"say":"sing"}`}, `read a message: there is no message "sing"`},
		"two objects":         {[]string{`{"say":"reply","id":1}{}`}, "read a message: something follows the object"},
		"no UTF-8":            {[]string{"{\"say\":\"\xff\"}"}, "read a message: it is not UTF-8"},
		"a list":              {[]string{"[]"}, "read a message: it is not an object"},
		"it dies":             {nil, ErrGone.Error()},
		"it dies in a line":   {[]string{event(1) + "\n{"}, "read a message: unexpected EOF"},
		"turned away later":   {[]string{event(1), `{"say":"refused","v":1,"why":"enough"}`}, "the runner ended the connection: enough"},
		"an ending with more": {[]string{`{"say":"end","end":{"result":"ok","extra":1}}`}, `read a message: json: unknown field "extra"`},
	} {
		cl, err := Dial(t.Context(), pretend(t, append([]string{welcome}, c.lines...)...), Hello{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = cl.Ending()
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err := cl.Answer(engine.Answer{}); err == nil {
			t.Errorf("%s: an answer was taken", name)
		}
		cl.Close()
	}
}

func TestClient_repliesThatNobodyWaitsForAreNothing(t *testing.T) {
	c, err := Dial(t.Context(), pretend(t, welcome, `{"say":"reply","id":99,"error":"x"}`, `{"say":"end","end":{"result":"ok"}}`), Hello{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if end, err := c.Ending(); err != nil || end.Result != engine.OK {
		t.Errorf("%+v, %v", end, err)
	}
}
