package main

import (
	"errors"
	"fmt"
	"io"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/export"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// The exit codes of the program.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2 // the program was not called rightly; nothing was done
	exitDeclined = 3 // the operator said no
	exitUnknown  = 4 // an effect started and nobody knows how it ended
	exitFound    = 5 // a check found something
)

// A usageError is a mistake in calling the program.
type usageError struct {
	err     error
	command string // whose help tells more
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), "lockstep"}
}

func isUsage(err error) bool {
	var usage *usageError
	return errors.As(err, &usage)
}

// A runError says how a run ended that did not end well. Its errors are many
// sometimes, a wish to stop among them; how the run ended is said once.
type runError struct {
	result engine.Result
	err    error
}

func (e *runError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("the run ended as %q", e.result)
	}
	return e.err.Error()
}
func (e *runError) Unwrap() error { return e.err }

// errFound says that a check found something, and that all there is to say has
// been said on standard output.
var errFound = errors.New("the check found something")

// exitCode returns the exit code for how a command ended. What is unknown
// counts more than anything else that went wrong with it.
func exitCode(err error) int {
	var run *runError
	var elsewhere *toldError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &elsewhere):
		return elsewhere.end.Exit
	case errors.Is(err, engine.ErrUnknown):
		return exitUnknown
	case errors.As(err, &run) && run.result == engine.Failed:
		return exitFailed
	case errors.Is(err, engine.ErrDeclined), errors.Is(err, engine.ErrStopped):
		return exitDeclined
	case errors.Is(err, errFound):
		return exitFound
	case isUsage(err):
		return exitUsage
	}
	return exitFailed
}

// explain says what went wrong and what to do about it. Saying no is not an
// error, and a check has said already what it found.
func explain(w io.Writer, err error) {
	var problem *engine.Problem
	switch told := errors.As(err, &problem); exitCode(err) {
	case exitDone, exitFound:
		return
	case exitDeclined:
		if !told {
			return
		}
		// Stopped, and what was under way did not end well, such as an apply.
	}
	for _, line := range safe.Lines(err.Error()) {
		fmt.Fprintf(w, "lockstep: error: %s\n", line)
	}
	if problem != nil {
		for _, line := range problem.Lines {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if h := hint(err); h != "" {
		fmt.Fprintf(w, "lockstep: hint: %s\n", safe.Show(h))
	}
}

// hint returns what can be done about an error, or "".
func hint(err error) string {
	var (
		problem  *engine.Problem
		usage    *usageError
		locked   *journal.LockedError
		problems *runbook.Problems
		corrupt  *journal.CorruptError
	)
	switch {
	case errors.As(err, &problem) && problem.Hint != "":
		return problem.Hint
	case errors.As(err, &usage):
		return fmt.Sprintf("%s --help shows how it is used", usage.command)
	case errors.As(err, &locked):
		return "wait until that run has ended; only one run at a time can work on an environment"
	case errors.As(err, &problems):
		return "lockstep schema prints what a runbook may hold"
	case errors.As(err, &corrupt):
		return "lockstep verify shows all that is wrong with it; keep a copy before anything else"
	case errors.Is(err, export.ErrNoRun):
		return "lockstep runs lists the runs"
	}
	return ""
}
