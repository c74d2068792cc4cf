package keep

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrGone says that there is no program to signal: it has not started, has ended,
// or its process id belongs to another one now.
var ErrGone = errors.New("the program is not running")

// startTime is how long a signal waits for a program that is about to start.
const startTime = 10 * time.Second

// Signal sends a job's program a signal, and nobody else: only while process id,
// start time and boot are still those of the program.
func Signal(folder string, sig syscall.Signal) error {
	return send(folder, func(p *os.Process) error { return p.Signal(sig) })
}

// SignalGroup is Signal to all the program has started that did not leave its
// process group.
func SignalGroup(folder string, sig syscall.Signal) error {
	return send(folder, func(p *os.Process) error { return syscall.Kill(-p.Pid, sig) })
}

func send(folder string, signal func(*os.Process) error) error {
	who, err := running(folder)
	if err != nil {
		return err
	}
	// Found first and compared then: where the system can, what was found stays
	// this process, whoever gets its id.
	p, err := os.FindProcess(who.PID)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	defer func() { _ = p.Release() }()
	there, err := who.there()
	switch {
	case err != nil:
		return fmt.Errorf("the program is not signalled, since it is not known to be there: %w", err)
	case !there:
		return fmt.Errorf("%w: process %d is gone", ErrGone, who.PID)
	}
	if err := signal(p); errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%w: process %d is gone", ErrGone, who.PID)
	} else if err != nil {
		return fmt.Errorf("signal process %d: %w", who.PID, err)
	}
	return nil
}

// running returns the process of a job that runs, after it has one.
func running(folder string) (identity, error) {
	for until := time.Now().Add(startTime); ; time.Sleep(soon) {
		s, err := look(folder, false)
		switch {
		case errors.Is(err, errUnclaimed):
		case err != nil:
			return identity{}, err
		case s.Phase != Running:
			return identity{}, fmt.Errorf("%w: %s", ErrGone, s.Words())
		case s.PID != 0:
			var who identity
			_, err := read(folder, programFile, &who)
			return who, err
		}
		if time.Now().After(until) {
			return identity{}, fmt.Errorf("%w: it has not started yet", ErrGone)
		}
	}
}
