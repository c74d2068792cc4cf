package main

import (
	"strings"
	"testing"
	"time"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func TestDoing_saysWhatARunIsAt(t *testing.T) {
	at := time.Date(2026, 3, 1, 4, 5, 6, 0, time.FixedZone("CET", 3600))
	ana := []engine.Seat{{Actor: journal.Actor{Name: "ana"}, Holds: true}}
	for _, c := range []struct {
		status attach.Status
		state  string
		doing  string
	}{
		{attach.Status{Seats: ana}, stateRunning, "is between two steps"},
		{attach.Status{Step: safe.Lit("4.2 Apply"), Since: at}, stateRunning, "has been at step 4.2 Apply since 03:05:06 UTC"},
		{attach.Status{Resuming: true, Since: at}, stateRunning, "has been finding out since 03:05:06 UTC what became of what was under way"},
		{
			attach.Status{Resuming: true, Question: safe.Lit("what became of it?"), Asked: at, Seats: ana},
			stateAsking,
			"has been waiting for an answer since 03:05:06 UTC: what became of it?",
		},
		{attach.Status{Question: safe.Lit("apply?"), Asked: at}, stateAttending, "has been waiting for an answer since 03:05:06 UTC: apply?"},
		{attach.Status{Holding: safe.Lit("step 5, Verify")}, stateAttending, "waits for somebody to attach, before step 5, Verify"},
	} {
		if got := stateOf(c.status); got != c.state {
			t.Errorf("%+v is %q, want %q", c.status, got, c.state)
		}
		if got := doing(c.status).String(); got != c.doing {
			t.Errorf("%+v: it %q, want %q", c.status, got, c.doing)
		}
	}
}

// Only the last run of an environment can be resumed; the list says how.
func TestRuns_sayHowToGoOn(t *testing.T) {
	row := func(run, state string, unknown ...int64) runRow {
		return runRow{Run: run, Mode: string(engine.Live), State: state, Unknown: unknown, Journal: "j"}
	}
	for _, c := range []struct {
		rows []runRow
		want string
	}{
		{[]runRow{row("r1", journal.ResultUnknown, 7)}, "r1 was interrupted, and nobody knows how 1 effect ended\n  lockstep resume r1 --state-dir /s\n"},
		{[]runRow{row("r1", stateInterrupted), row("r2", stateInterrupted)}, "r2 was interrupted\n  lockstep resume r2 --state-dir /s\n"},
		{[]runRow{row("r1", stateInterrupted), row("r2", "done")}, ""},
	} {
		var out strings.Builder
		printRuns(&out, c.rows, "/s")
		if _, got, _ := strings.Cut(out.String(), "\n\n"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.rows, got, c.want)
		}
	}
}
