package keep

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"
)

// A Phase is how far a job is.
type Phase int

// The phases. The last three are for good.
const (
	// Running says that the program runs or is about to.
	Running Phase = iota
	// NotStarted says that it is certain that the program never ran and never will.
	NotStarted
	// Ended says that the program ended, and how.
	Ended
	// Lost says that the program ran or may have run, that it is gone, and that
	// nobody knows how it ended.
	Lost
)

// String returns the phase as a word or two.
func (p Phase) String() string {
	return [...]string{"running", "not started", "ended", "lost"}[p]
}

// A State is what is known of a job.
type State struct {
	Phase   Phase
	PID     int       // of the program, 0 when it has none yet or never had one
	Started time.Time // when the program was let go
	Over    time.Time // when it had ended; zero unless Ended
	Exit    int       // exit code when Ended, -1 when a signal ended it
	Signal  string    // name of the signal that ended it, or ""
	Left    bool      // Ended, but something it started still has its output open
	Kept    bool      // its keeper is alive
	Why     string    // why it was not started, or is lost

	signal int
}

// Words says the state in a few words.
func (s State) Words() string {
	switch {
	case s.Phase == Ended && s.Signal != "":
		return "ended by the signal " + s.Signal
	case s.Phase == Ended:
		return fmt.Sprintf("ended with exit code %d", s.Exit)
	case s.Phase == Running && s.PID != 0:
		return fmt.Sprintf("running as process %d", s.PID)
	case s.Why != "":
		return s.Phase.String() + ": " + s.Why
	}
	return s.Phase.String()
}

// Look tells how far a job is. A job that nobody has started yet cannot be
// started any more after Look, so that NotStarted stays true: it is for who comes
// after the one who wanted to start it. An error says that nothing can be said.
func Look(folder string) (State, error) {
	s, err := look(folder, true)
	if err != nil {
		return State{}, fmt.Errorf("look at a job: %w", err)
	}
	return s, nil
}

// Peek is Look for who may still be the one to start the job: one that nobody
// has started stays that way, and is Running.
func Peek(folder string) (State, error) {
	s, err := look(folder, false)
	if errors.Is(err, errUnclaimed) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("look at a job: %w", err)
	}
	return s, nil
}

// errUnclaimed says that nobody has started the job yet.
var errUnclaimed = errors.New("the job was not started yet")

// look is Look; without settle a job that nobody has started is errUnclaimed.
func look(folder string, settle bool) (State, error) {
	if err := private(folder); errors.Is(err, fs.ErrNotExist) {
		return State{Phase: Lost, Why: "its folder is gone"}, nil
	} else if err != nil {
		return State{}, err
	}
	// The lock first: when nobody has it, nothing that follows can still change, but
	// for what the gate and the program do.
	taken, held, err := claimed(folder)
	if err != nil {
		return State{}, err
	}
	if !taken {
		if !settle {
			return State{}, errUnclaimed
		}
		f, err := claim(folder, false)
		if errors.Is(err, ErrClaimed) {
			return look(folder, settle)
		}
		if err != nil {
			return State{}, err
		}
		return State{Phase: NotStarted, Why: "nobody came to start it"}, f.Close()
	}
	s := State{Kept: held}
	var who identity
	started, err := read(folder, programFile, &who)
	if err != nil {
		return s, err
	}
	if started {
		s.PID, s.Started = who.PID, who.At
	}
	if done, err := s.final(folder); done || err != nil {
		return s, err
	}
	switch {
	case held:
		return s, nil // Running
	case !started:
		s.Phase, s.Why = NotStarted, "who started it died before"
		return s, nil
	}
	if there, err := who.there(); there || err != nil {
		return s, err // Running, without a keeper
	}
	// The gate may have had a last word since.
	if done, err := s.final(folder); done || err != nil {
		return s, err
	}
	s.Phase, s.Why = Lost, "its keeper died before it could write down how it ended"
	return s, nil
}

// final fills in what the files say that are written once and for good.
func (s *State) final(folder string) (bool, error) {
	var rc rcRecord
	ended, err := read(folder, rcFile, &rc)
	if errors.Is(err, errCorrupt) {
		// It had ended, and this is all that is known for good.
		s.Phase, s.Why = Lost, err.Error()
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if ended {
		s.Phase, s.Exit, s.Over, s.signal = Ended, rc.Exit, rc.At, rc.Signal
		if rc.Signal != 0 {
			s.Signal = syscall.Signal(rc.Signal).String()
		}
		s.Left, err = held(folder)
		return true, err
	}
	var n neverRecord
	never, err := read(folder, neverFile, &n)
	if never {
		s.Phase, s.Why, s.PID, s.Started = NotStarted, n.Why, 0, time.Time{}
	}
	return never, err
}

// held reports whether somebody still has the output open.
func held(folder string) (bool, error) {
	for _, name := range []string{stdoutFile, stderrFile} {
		if _, held, err := locked(filepath.Join(folder, name)); held || err != nil {
			return held, err
		}
	}
	return false, nil
}
