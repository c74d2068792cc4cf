// Package plain is the run without a screen: lines and prompts, for screen
// readers, dumb terminals and pipes. It takes the same answers as the screen,
// through the same console, and nothing in it needs a cursor, a colour or a
// single key press.
//
// Every event is one line, with three exceptions that would otherwise bury the
// rest: a probe has a line when what it says changes, progress has one when it
// has come a tenth further, and a verification has one when the state of its
// rows changes. Records of the journal are counted, not listed.
//
// A question lists its choices by number. An answer is a number, a key or an id
// of a choice, and a line break alone is never one. What is too long to list is
// listed in parts. The commands at a prompt are:
//
//	show N   one commit, file or resource, or the patch of a way round an outage, in full
//	more     the next part of what was listed
//	ack N    I have read hazard N, or done item N; ack all for all that was shown;
//	         a hazard that costs availability or data asks for its code
//	edit     write the announcement anew
//	again    the question once more
//
// At the end of the input the next question is answered with the choice that
// stops the run.
//
// A run in another process can be left: by detach at any prompt, and by the end
// of the input, which stops nothing then, see [Options.EndStops]. Whoever does not hold the answers is
// told the questions and not asked. On a terminal these can be typed while nothing
// is asked:
//
//	status     who is there, and what is being done for how long
//	stop       after this step; cancel, go on
//	force      press a program that does not end although it was cancelled
//	take over  take the answers
//	detach     leave; the run goes on
package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/past"
	"lockstep/tui/words"
)

// Options say how a run is told.
type Options struct {
	// Export returns the command that hands a run to somebody; a plain one when nil.
	Export func(run string) safe.Text
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Interactive says that a person is at the input, so that it is listened to while
	// nothing is asked; always so when the input is a terminal.
	Interactive bool
	// EndStops says that the end of the input stops a run in another process, too, because
	// no person is at the input.
	EndStops bool
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Export == nil {
		o.Export = func(run string) safe.Text {
			return safe.Sprintf("lockstep export %s --format md", safe.Show(run))
		}
	}
}

// Why a run is not told to its end.
var (
	// ErrLost says that the events ended and the run did not.
	ErrLost = errors.New("the run ended without saying how")
	// ErrDetached says that the operator left a run in another process.
	ErrDetached = errors.New("detached; the run goes on")
)

// A lostError is ErrLost at a run in another process, which is gone.
type lostError struct{ run string }

func (e *lostError) Error() string { return words.Lost(e.run) }

func (e *lostError) Is(target error) bool { return target == ErrLost }

// page is how many lines are listed at once.
const page = 40

// A session is one run that is told.
type session struct {
	ctx     context.Context
	console engine.Console
	events  <-chan engine.Envelope
	lines   <-chan string
	out     *bufio.Writer
	err     error // the first error of out
	o       Options

	seat  string    // of this session at a run in another process, or ""
	since time.Time // when it came
	late  bool      // what is told happened before
	there *engine.Attended

	story    story
	open     *engine.Question
	finished bool
	prompted bool        // the line that is being written is a prompt
	left     bool        // the operator detached
	rest     []safe.Text // what "more" shows
	shown    func()      // called once rest was shown to its end
}

// Run tells a run and asks its questions until the run is over or ctx ends. It
// leaves the run alone in every case; from an [engine.Attached] console the
// operator can leave at any time, which is ErrDetached. A reader that is blocked
// in in is left behind; it ends with the process.
func Run(ctx context.Context, console engine.Console, in io.Reader, out io.Writer, o Options) error {
	o.fill()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Interactive = true
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	s, cancel := open(ctx, console, out, o)
	defer cancel()
	s.lines = read(ctx, in)
	if !s.catchUp() {
		return s.ended()
	}
	for {
		for s.open != nil && s.asks() {
			s.ask(*s.open)
		}
		s.flush()
		if s.left {
			return ErrDetached
		}
		var typed <-chan string
		if s.o.Interactive && !s.finished {
			typed = s.lines
		}
		select {
		case text, ok := <-typed:
			s.aside(text, ok)
		case e, ok := <-s.events:
			switch {
			case s.err != nil:
				return fmt.Errorf("write: %w", s.err)
			case ok:
				s.event(e)
			default:
				return s.ended()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open begins to listen to a run.
func open(ctx context.Context, console engine.Console, out io.Writer, o Options) (s *session, cancel func()) {
	s = &session{ctx: ctx, console: console, out: bufio.NewWriter(out), o: o}
	if a, ok := console.(engine.Attached); ok {
		s.seat = a.Seat()
		s.story.seat = s.seat
	}
	s.since = o.Now()
	s.events, cancel = console.Subscribe()
	return s, cancel
}

// catchUp tells what happened at a run in another process before we came, without
// the details and without asking what was answered. It is false when the events
// have ended.
func (s *session) catchUp() bool {
	if s.seat == "" {
		return true
	}
	before, more := past.Take(s.ctx, s.events, s.since)
	s.late = true
	for _, e := range before {
		switch e.Event.(type) {
		case engine.OutputWritten, engine.Progressed, engine.ProbeMeasured, engine.VerifyMoved:
			continue
		}
		s.event(e)
	}
	s.late = false
	if s.open != nil && !s.holds() {
		s.watch(s.o.Now(), *s.open)
	}
	return more
}

// ended says why there are no more events.
func (s *session) ended() error {
	s.flush()
	switch {
	case s.finished:
		return nil
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.seat != "":
		return &lostError{s.story.run.Run}
	}
	return ErrLost
}

// read passes lines on until the input or ctx ends. A line is taken from the
// input only when the one before it was.
func read(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		r := bufio.NewScanner(in)
		r.Buffer(make([]byte, 4096), 1<<20)
		for r.Scan() {
			select {
			case lines <- r.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// say writes one line.
func (s *session) say(t safe.Text) {
	if s.prompted {
		s.prompted = false
		fmt.Fprintln(s.out)
	}
	if _, err := fmt.Fprintln(s.out, t.String()); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *session) flush() {
	if err := s.out.Flush(); err != nil && s.err == nil {
		s.err = err
	}
}

// errGone says that the question is not open any more.
var errGone = errors.New("the question is not open any more")

// line waits for a line of the operator's. Events are told meanwhile. The error
// is io.EOF at the end of the input, or errGone.
func (s *session) line(prompt safe.Text) (string, error) {
	asked := s.open
	for {
		if !s.prompted { // for the first time, or something was said meanwhile
			fmt.Fprint(s.out, prompt.String(), " ")
			s.prompted = true
		}
		s.flush()
		if s.err != nil {
			return "", errGone
		}
		select {
		case text, ok := <-s.lines:
			if !ok {
				s.prompted = false
				s.say(safe.Text{})
				return "", io.EOF
			}
			s.prompted = false // the terminal has begun a new line
			return text, nil
		case e, ok := <-s.events:
			if !ok {
				s.open = nil
				return "", errGone
			}
			s.event(e)
			if s.open != asked || asked != nil && !s.holds() {
				return "", errGone
			}
		case <-s.ctx.Done():
			s.open = nil
			return "", errGone
		}
	}
}
