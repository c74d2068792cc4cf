package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lockstep/runbook/answers"
	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/tui"
	"lockstep/tui/plain"
)

// A seat is a screen at a detached run, as the command knows it that shows it.
type seat struct {
	client   *attach.Client
	note     runnerNote
	stateDir string // as the command was told
}

// back is the command that brings a screen back.
func (s *seat) back() string { return commandFor("attach", s.note.Run, s.stateDir) }

// A dialer attaches to a run, which it may have to start. It may take a while.
type dialer func(ctx context.Context) (*seat, error)

// follow shows a run that goes on elsewhere until it is over or the screen goes,
// and returns what the exit code is made of. The run never ends with its screen.
func follow(ctx context.Context, dial dialer, watch watcher, out, say io.Writer) error {
	watching, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	var s *seat
	h := &hearing{leave: leave, say: say}
	defer hear(h.on)()
	werr := watch(watching, func(ctx context.Context) (engine.Console, error) {
		dialed, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		s = dialed
		h.client.Store(s.client)
		return s.client, nil
	})
	gone := h.gone.Load()
	switch {
	case s == nil && gone != nil:
		err := fmt.Errorf("%w: %w", engine.ErrStopped, gone)
		if p := (*engine.Problem)(nil); errors.As(werr, &p) { // such as that the run had started
			err = errors.Join(err, p)
		}
		return err
	case s == nil:
		return werr
	}
	defer s.client.Close()
	var stuck *answers.StuckError
	switch isStuck := errors.As(werr, &stuck); {
	case gone != nil:
		return &engine.Problem{Err: fmt.Errorf("this screen was ended (%s); run %s goes on", gone.signal, s.note.Run), Hint: s.back()}
	case werr == tui.ErrDetached, werr == plain.ErrDetached: // and not because the terminal is gone
		s.client.Close()
		_, err := fmt.Fprintf(out, "detached; run %s goes on; come back with: %s\n", s.note.Run, s.back())
		return err
	case isStuck && !s.client.Holds():
		return &engine.Problem{Err: fmt.Errorf("%w; run %s goes on", stuck, s.note.Run), Hint: s.back()}
	case isStuck, werr == nil:
		<-s.client.Ended() // soon: it was asked to end, or has
	case !ended(s.client.Ended()):
		s.client.Close()
		return &engine.Problem{Err: fmt.Errorf("nobody watches any more (%w); run %s goes on", werr, s.note.Run), Hint: s.back()}
	}
	return s.finish(werr, stuck, out)
}

// finish returns how a run ended whose screen has nothing more to show.
func (s *seat) finish(werr error, stuck *answers.StuckError, out io.Writer) error {
	end, err := s.client.Ending()
	if err != nil {
		return s.lost(err)
	}
	_, oerr := io.WriteString(out, end.Stdout)
	switch {
	case stuck != nil && end.Exit != exitUnknown:
		// That the run was stopped then is no choice of the operator's.
		return errors.Join(&runError{end.Result, stuck}, oerr)
	case stuck != nil:
		return errors.Join(toldBy(end), stuck, oerr)
	case errors.Is(werr, tui.ErrLost), errors.Is(werr, plain.ErrLost):
		werr = nil // now it is known
	}
	return errors.Join(toldBy(end), unlessCanceled(werr), oerr)
}

// lost says what became of a run whose runner does not say it.
func (s *seat) lost(err error) error {
	live := findLive(context.Background(), s.note.dir)
	for range 50 {
		if live == nil || live.status != nil {
			break
		}
		time.Sleep(100 * time.Millisecond) // a process that dies closes its files one by one
		live = findLive(context.Background(), s.note.dir)
	}
	if live != nil && live.Run == s.note.Run {
		return &engine.Problem{Err: fmt.Errorf("run %s goes on without this screen: %w", s.note.Run, err), Hint: s.back()}
	}
	p := &engine.Problem{Err: fmt.Errorf("the runner of run %s is gone: %w", s.note.Run, err)}
	records, rerr := journal.Read(filepath.Join(s.note.dir, journal.FileName))
	var torn *journal.TornError
	if rerr != nil && !errors.As(rerr, &torn) {
		return errors.Join(p, rerr)
	}
	for _, i := range journal.Runs(records) {
		switch {
		case i.ID != s.note.Run:
		case i.Closed:
			p.Err = fmt.Errorf("run %s has ended as %q: %w", i.ID, safe.Show(i.Result), err)
			p.Hint = commandFor("show", i.ID, s.stateDir) + " tells how"
		case len(i.Unknown) > 0:
			p.Err = fmt.Errorf("%w: %w", engine.ErrUnknown, p.Err)
			fallthrough
		default:
			p.Hint = commandFor("resume", i.ID, s.stateDir) + " finds out what became of it and goes on"
		}
	}
	return p
}

// whereAmI says where a screen is: its terminal and its process.
func whereAmI() string {
	where := fmt.Sprintf("process %d", os.Getpid())
	if name := terminalName(os.Stdin); name != "" {
		where = name + ", " + where
	}
	return where
}

// hello says who attaches.
func hello(operator, key string, watch bool) attach.Hello {
	return attach.Hello{Operator: actor(operator).Name, Where: whereAmI(), Key: key, Watch: watch, Lockstep: versionText()}
}

// dial attaches to the runner of a note.
func (n runnerNote) dial(ctx context.Context, h attach.Hello, stateDir string) (*seat, error) {
	c, err := attach.Dial(ctx, n.Socket, h)
	if err != nil {
		return nil, err
	}
	return &seat{c, n, stateDir}, nil
}

// commandFor is a command about a run, for the operator to type.
func commandFor(verb, run, stateDir string) string {
	cmd := "lockstep " + verb + " " + inert(run)
	if stateDir != "" {
		cmd += " --state-dir " + inert(stateDir)
	}
	return cmd
}
