package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A terminal is a real one, as far as the screen can tell.
type terminal struct {
	t       *testing.T
	ours    *os.File
	theirs  *os.File
	mu      sync.Mutex
	changed *sync.Cond
	seen    bytes.Buffer
	ahead   atomic.Int64
}

func newTerminal(t *testing.T) *terminal {
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ours, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, ours: ours, theirs: theirs}
	x.changed = sync.NewCond(&x.mu)
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := ours.Read(buf)
			x.mu.Lock()
			x.seen.Write(buf[:n])
			x.changed.Broadcast()
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	// The program's side stays open: Bubble Tea leaves a look at the terminal's
	// size behind when it quits, which must not find a closed file.
	t.Cleanup(func() { ours.Close() })
	return x
}

func (x *terminal) options() Options {
	return Options{Input: x.theirs, Output: x.theirs, Now: func() time.Time {
		return time.Now().Add(time.Duration(x.ahead.Load()))
	}}
}

// await blocks until the screen has written something.
func (x *terminal) await(words string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for !strings.Contains(x.seen.String(), words) {
		x.changed.Wait()
	}
}

func (x *terminal) all() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen.String()
}

func (x *terminal) press(keys string) {
	x.ahead.Add(int64(time.Minute)) // the keyboard has been quiet
	if _, err := x.ours.WriteString(keys); err != nil {
		x.t.Error(err)
	}
}

func (x *terminal) restored() {
	x.t.Helper()
	x.await("\x1b[?1049l")
	x.await("\x1b[?25h")
}

func TestStart_paintsBeforeAnythingIsPrepared(t *testing.T) {
	x := newTerminal(t)
	gone := errors.New("nothing to show")
	o := x.options()
	o.Title = safe.Lit("Sandbox")
	err := Start(context.Background(), func(context.Context) (engine.Console, error) {
		x.await("Preparing")
		if !strings.HasPrefix(x.all(), "\x1b[?1049h\x1b[?25l\x1b[H") {
			t.Errorf("the first bytes are %.60q", x.all())
		}
		return nil, gone
	}, o)
	if !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestStart_showsWhatIsPrepared(t *testing.T) {
	x := newTerminal(t)
	lines := make(chan safe.Text)
	o := x.options()
	o.Preparing = lines
	err := Start(context.Background(), func(ctx context.Context) (engine.Console, error) {
		lines <- safe.Lit("a git repository")
		x.await("a git repository")
		x.press("q")
		x.await("leave")
		x.press("l")
		<-ctx.Done()
		return nil, ctx.Err()
	}, o)
	if !errors.Is(err, ErrLeft) {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestRun_asksAnswersAndLeaves(t *testing.T) {
	x := newTerminal(t)
	con := &calls{fake: fake{events: make(chan engine.Envelope, 8)}, answered: make(chan engine.Answer, 8)}
	done := make(chan error)
	go func() { done <- Run(context.Background(), con, x.options()) }()
	q := failureQuestion()
	q.ID = "q1"
	con.events <- engine.Envelope{Seq: 1, Event: started(engine.Live)}
	con.events <- engine.Envelope{Seq: 2, Event: engine.QuestionAsked{Question: q}}
	x.await("Plan failed")
	x.press("r")
	if a := <-con.answered; a.Choice != "retry" || a.Question != "q1" {
		t.Errorf("answer %+v", a)
	}
	con.events <- engine.Envelope{Seq: 3, Event: finished()}
	close(con.events)
	x.await("no query failed")
	x.press("q")
	if err := <-done; err != nil {
		t.Error(err)
	}
	x.restored()
}

// calls is a fake that is used from several goroutines.
type calls struct {
	fake
	answered chan engine.Answer
}

func (c *calls) Answer(a engine.Answer) error {
	c.answered <- a
	return nil
}

func TestRun_saysWhenTheRunIsLost(t *testing.T) {
	x := newTerminal(t)
	con := &fake{events: make(chan engine.Envelope, 1)}
	con.events <- engine.Envelope{Seq: 1, Event: started(engine.Live)}
	close(con.events)
	if err := Run(context.Background(), con, x.options()); !errors.Is(err, ErrLost) {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestStart_restoresTheTerminalAfterAPanic(t *testing.T) {
	x := newTerminal(t)
	err := Start(context.Background(), func(context.Context) (engine.Console, error) {
		panic("boom")
	}, x.options())
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestStart_endsWithItsContext(t *testing.T) {
	x := newTerminal(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := Start(ctx, func(ctx context.Context) (engine.Console, error) {
		x.await("Preparing")
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}, x.options())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	x.restored()
}

func TestStart_endsWithAPanicOfTheScreens(t *testing.T) {
	var broken atomic.Bool
	boom := func() {
		if broken.Load() {
			panic("boom")
		}
	}
	for name, set := range map[string]func(*Options){
		"drawing": func(o *Options) {
			now := o.Now
			o.Now = func() time.Time { boom(); return now() }
		},
		"in a command": func(o *Options) {
			o.after = func(d time.Duration, msg tea.Msg) tea.Cmd {
				return func() tea.Msg { boom(); return msg }
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			broken.Store(false)
			x := newTerminal(t)
			o := x.options()
			set(&o)
			err := Start(context.Background(), func(ctx context.Context) (engine.Console, error) {
				x.await("Preparing")
				broken.Store(true)
				x.press("?") // something to draw
				<-ctx.Done()
				return nil, ctx.Err()
			}, o)
			if err == nil || !strings.Contains(err.Error(), "boom") {
				t.Errorf("error %v", err)
			}
			x.restored()
		})
	}
}

func TestStart_endsWithItsTerminal(t *testing.T) {
	x := newTerminal(t)
	err := Start(context.Background(), func(ctx context.Context) (engine.Console, error) {
		x.await("Preparing")
		x.ours.Close()
		<-ctx.Done()
		return nil, ctx.Err()
	}, x.options())
	// Reading keys may tell it, or a look at the terminal's size.
	if err == nil || !strings.Contains(err.Error(), "the screen closed") {
		t.Errorf("error %v", err)
	}
}

// A terminal that nobody reads from any more takes some pages and then nothing.
func TestStart_leavesATerminalThatIsStuck(t *testing.T) {
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	if err := pty.Setsize(ours, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	stuck := make(chan struct{})
	go func() {
		defer close(stuck)
		theirs.Write(bytes.Repeat([]byte("."), 1<<20))
	}()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	err = Start(ctx, func(ctx context.Context) (engine.Console, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}, Options{Input: theirs, Output: theirs, grace: 50 * time.Millisecond})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	select {
	case <-stuck:
		t.Error("the terminal was not stuck")
	default:
	}
}

func TestPatient_writesInOrderOnceReleased(t *testing.T) {
	from, to := io.Pipe()
	released := make(chan struct{})
	w := &patient{to: to, released: released, last: make(chan struct{})}
	close(w.last)
	close(released)
	for _, s := range []string{"a", "b", "c"} {
		if n, err := w.Write([]byte(s)); n != 1 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	got := make([]byte, 3)
	if _, err := io.ReadFull(from, got); err != nil || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPump_leavesNothingOutAndMergesWhatIsFast(t *testing.T) {
	const n = 20000
	events := make(chan engine.Envelope)
	go func() {
		defer close(events)
		for i := range n {
			events <- engine.Envelope{Seq: int64(i + 1)}
		}
	}()
	var next, messages int64
	pump(context.Background(), events, func(batch []engine.Envelope) {
		messages++
		for _, e := range batch {
			if next++; e.Seq != next {
				t.Fatalf("event %d came as number %d", e.Seq, next)
			}
		}
	})
	if next != n {
		t.Errorf("%d events of %d", next, n)
	}
	if messages > n/10 {
		t.Errorf("%d messages for %d events", messages, n)
	}
}
