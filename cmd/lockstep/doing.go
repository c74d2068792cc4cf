package main

import (
	"strings"
	"time"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// What a run that goes on is doing, in a word.
const (
	stateRunning   = "running"
	stateAsking    = "waiting for an answer"
	stateAttending = "waiting for somebody to attach"

	stateInterrupted = "interrupted" // its runner died
)

// stateOf says in a word what a run is doing.
func stateOf(s attach.Status) string {
	switch {
	case !s.Holding.IsEmpty():
		return stateAttending
	case !s.Question.IsEmpty() && s.Holder() == nil:
		return stateAttending
	case !s.Question.IsEmpty():
		return stateAsking
	}
	return stateRunning
}

// doing says in a few words what a run is doing, after "it".
func doing(s attach.Status) safe.Text {
	switch {
	case !s.Holding.IsEmpty():
		return safe.Sprintf("waits for somebody to attach, before %s", s.Holding)
	case !s.Question.IsEmpty():
		return safe.Sprintf("has been waiting for an answer since %s: %s", clock(s.Asked), s.Question)
	case !s.Step.IsEmpty():
		return safe.Sprintf("has been at step %s since %s", s.Step, clock(s.Since))
	case s.Resuming:
		return safe.Sprintf("has been finding out since %s what became of what was under way", clock(s.Since))
	}
	return safe.Lit("is between two steps")
}

// who lists the people at a run.
func who(seats []engine.Seat) safe.Text {
	var out []string
	for _, s := range seats {
		part := safe.Sprintf("%s (%s)", safe.Show(s.Actor.Name), s.Where).String()
		if s.Holds {
			part += " holds the answers"
		} else {
			part += " watches"
		}
		out = append(out, part)
	}
	if len(out) == 0 {
		return safe.Lit("nobody is attached")
	}
	return safe.Show(strings.Join(out, ", "))
}

func clock(t time.Time) safe.Text { return safe.Show(t.UTC().Format("15:04:05 UTC")) }
