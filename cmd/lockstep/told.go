package main

import (
	"errors"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
)

// A toldError is an error of another process: its words, its hint and its exit
// code, so that it is said here as it would be said there.
type toldError struct{ end attach.Ending }

func (e *toldError) Error() string { return e.end.Error }

// Unwrap makes it a problem again that the operator can do something about.
func (e *toldError) Unwrap() error {
	end := e.end
	if !end.Told && (end.Hint == "" || end.Exit == exitDeclined) {
		return nil
	}
	return &engine.Problem{Err: errors.New(end.Error), Hint: end.Hint, Lines: end.Lines}
}

// tell says an error, or that there is none, for another process.
func tell(result engine.Result, err error) attach.Ending {
	end := attach.Ending{Result: result, Exit: exitCode(err)}
	if err == nil {
		return end
	}
	end.Error, end.Hint = err.Error(), hint(err)
	var problem *engine.Problem
	if errors.As(err, &problem) {
		end.Told, end.Lines = true, problem.Lines
	}
	return end
}

// toldBy is the error that another process said, or nil.
func toldBy(end attach.Ending) error {
	if end.Error == "" && end.Exit == exitDone {
		return nil
	}
	return &toldError{end}
}
