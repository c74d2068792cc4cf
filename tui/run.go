package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/past"
	"lockstep/tui/words"
)

// Options say how the screen is shown.
type Options struct {
	Colour    bool             // false for NO_COLOR
	Title     safe.Text        // what the header says before the run began
	Mode      engine.Mode      // what the header says before the run began, or ""
	Preparing <-chan safe.Text // what is being prepared, line by line; may be nil

	// Next offers another run at the end of this one; see [ErrNext].
	Next bool

	// Export returns the command that hands a run to somebody; a plain one when nil.
	Export func(run string) safe.Text
	// Input and Output are the terminal; standard input and output when nil.
	Input  io.Reader
	Output io.Writer
	// Now is the clock; time.Now when nil.
	Now func() time.Time

	after func(time.Duration, tea.Msg) tea.Cmd // a timer; that of Bubble Tea when nil
	grace time.Duration                        // how long an end waits for the terminal; two seconds when 0
}

// Why a screen ends other than by its operator at the end of the run.
var (
	// ErrLeft says that the operator left before there was a run.
	ErrLeft = errors.New("left before the run began")
	// ErrNext says that the operator wants another run, for the next candidate.
	ErrNext = errors.New("on to the next candidate")
	// ErrLost says that the events ended and the run did not.
	ErrLost = errors.New("the run ended without saying how")
	// ErrDetached says that the operator left a detached run, or that its terminal
	// is gone.
	ErrDetached = errors.New("detached; the run goes on")
)

// A lostError is ErrLost at a run in another process, which is gone.
type lostError struct{ run string }

func lost(seat, run string) error {
	if seat == "" {
		return ErrLost
	}
	return &lostError{run}
}

func (e *lostError) Error() string { return words.Lost(e.run) }

func (e *lostError) Is(target error) bool { return target == ErrLost }

// A Prepare makes the run that is to be shown, while the screen is open already.
// It must end soon after its context does.
type Prepare func(context.Context) (engine.Console, error)

// Run shows a run and takes the operator's answers until the operator leaves,
// which is possible once the run is finished, or ctx ends. An operator of an
// [engine.Attached] console can leave at any time, which is ErrDetached; so is the
// end of ctx and of the terminal then. Run leaves the run alone in every case:
// whoever started it waits for it. The terminal is restored
// before Run returns, after a panic too; one that takes nothing more is waited for
// for two seconds only. Signals are the caller's.
func Run(ctx context.Context, console engine.Console, o Options) error {
	return Start(ctx, func(context.Context) (engine.Console, error) { return console, nil }, o)
}

// Start opens the screen at once, shows what is being prepared, and goes on as
// Run does. An error of prepare ends the screen and is returned.
func Start(ctx context.Context, prepare Prepare, o Options) error {
	o.fill()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	t, err := openTTY(o.Input, o.Output, func(err error) {
		end(fmt.Errorf("the screen closed: the terminal is gone: %w", err))
	})
	if err != nil {
		return fmt.Errorf("opening the screen: %w", err)
	}
	m := newModel(ctx, o)
	g := &guard{m: m}
	p := tea.NewProgram(g, tea.WithAltScreen(), tea.WithFPS(120), tea.WithoutSignalHandler(),
		tea.WithInput(t.in), tea.WithOutput(t.out), tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			if _, ok := msg.(tea.QuitMsg); ok {
				t.leave(o.grace)
			}
			return msg
		}))
	g.quit = p.Quit
	// Not tea.WithContext: it kills the program, and that closes the input under
	// a read. The program may not hear us while the terminal takes nothing.
	stopped := context.AfterFunc(ctx, func() {
		t.leave(o.grace)
		p.Quit()
	})
	if w, h, ok := size(o.Output); ok {
		m.width, m.height = w, h
		paint(t.out, m)
	}

	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := guarded(func() error { return feed(ctx, p, prepare, o) }); err != nil && !errors.Is(err, ctx.Err()) {
			p.Send(failedMsg{err})
		}
	}()
	_, err = p.Run()
	cause := context.Cause(ctx)
	stopped()
	t.close(o.grace)
	end(nil)
	<-done
	switch {
	case m.err != nil:
		return m.err
	case cause != nil && !errors.Is(err, tea.ErrProgramPanic):
		if m.seat != "" && m.run.finished == nil {
			return fmt.Errorf("%w (%w)", ErrDetached, cause)
		}
		return cause
	case err != nil:
		return fmt.Errorf("the screen closed: %w", err)
	}
	return nil
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Input == nil {
		o.Input = os.Stdin
	}
	if o.Output == nil {
		o.Output = os.Stdout
	}
	if o.grace == 0 {
		o.grace = 2 * time.Second
	}
	if o.after == nil {
		o.after = func(d time.Duration, msg tea.Msg) tea.Cmd {
			return tea.Tick(d, func(time.Time) tea.Msg { return msg })
		}
	}
	if o.Export == nil {
		o.Export = func(run string) safe.Text {
			return safe.Sprintf("lockstep export %s --format md", safe.Show(run))
		}
	}
}

// feed prepares the run and passes its events on until they end.
func feed(ctx context.Context, p *tea.Program, prepare Prepare, o Options) error {
	told := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(told)
		for {
			select {
			case line, ok := <-o.Preparing:
				if !ok {
					return
				}
				p.Send(preparedMsg{line})
			case <-stop:
				return
			}
		}
	}()
	console, err := prepare(ctx)
	close(stop)
	<-told
	if err != nil || ctx.Err() != nil {
		return err
	}
	p.Send(consoleMsg{console})
	since := o.Now()
	events, unsubscribe := console.Subscribe()
	defer unsubscribe()
	if _, attached := console.(engine.Attached); attached {
		before, more := past.Take(ctx, events, since)
		if len(before) > 0 {
			p.Send(eventsMsg(before))
		}
		if !more {
			p.Send(endedMsg{})
			return nil
		}
	}
	pump(ctx, events, func(batch []engine.Envelope) { p.Send(eventsMsg(batch)) })
	if ctx.Err() == nil { // else it is we who leave
		p.Send(endedMsg{})
	}
	return nil
}

// size returns how large the terminal behind w is.
func size(w io.Writer) (width, height int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return width, height, err == nil && width > 0 && height > 0
}

// paint draws the first frame before anything else is done. Bubble Tea would draw
// it at the next tick of its own; it finds the terminal as it would leave it.
func paint(w io.Writer, m *model) {
	fmt.Fprint(w, "\x1b[?1049h\x1b[?25l\x1b[H", crlf(m.View()))
}

func crlf(frame string) string {
	var out []byte
	for i := range len(frame) {
		if frame[i] == '\n' {
			out = append(out, '\r')
		}
		out = append(out, frame[i])
	}
	return string(out)
}
