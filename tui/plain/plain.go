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
package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Options say how a run is told.
type Options struct {
	// Export returns the command that hands a run to somebody; a plain one when nil.
	Export func(run string) safe.Text
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// ErrLost says that the events ended and the run did not.
var ErrLost = errors.New("the run ended without saying how")

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

	story    story
	open     *engine.Question
	finished bool
	rest     []safe.Text // what "more" shows
	shown    func()      // called once rest was shown to its end
}

// Run tells a run and asks its questions until the run is over or ctx ends. It
// leaves the run alone in every case. A reader that is blocked in in is left
// behind; it ends with the process.
func Run(ctx context.Context, console engine.Console, in io.Reader, out io.Writer, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Export == nil {
		o.Export = func(run string) safe.Text {
			return safe.Sprintf("lockstep export %s --format md", safe.Show(run))
		}
	}
	events, cancel := console.Subscribe()
	defer cancel()
	ctx, done := context.WithCancel(ctx)
	defer done()
	s := &session{ctx: ctx, console: console, events: events, lines: read(ctx, in), out: bufio.NewWriter(out), o: o}
	for {
		for s.open != nil && !s.finished {
			s.ask(*s.open)
		}
		s.flush()
		select {
		case e, ok := <-events:
			switch {
			case s.err != nil:
				return fmt.Errorf("write: %w", s.err)
			case ok:
				s.event(e)
			case s.finished:
				return nil
			case ctx.Err() != nil:
				return ctx.Err()
			default:
				return ErrLost
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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
	fmt.Fprint(s.out, prompt.String(), " ")
	asked := s.open
	for {
		s.flush()
		if s.err != nil {
			return "", errGone
		}
		select {
		case text, ok := <-s.lines:
			if !ok {
				s.say(safe.Text{})
				return "", io.EOF
			}
			return text, nil
		case e, ok := <-s.events:
			if !ok {
				s.open = nil
				return "", errGone
			}
			s.event(e)
			if s.open != asked {
				return "", errGone
			}
		case <-s.ctx.Done():
			s.open = nil
			return "", errGone
		}
	}
}
