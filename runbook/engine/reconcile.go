package engine

import (
	"context"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A Reconciler is a step that can find out what became of one of its effects
// after the process that started it died. A step that is none is asked about
// nothing: what can be repeated is repeated, and the operator says what became of
// the rest.
type Reconciler interface {
	// Reconcile looks at what is left of an effect. It changes nothing by itself.
	// It may wait for a program that still runs, and tells so; it returns the
	// context's error soon after ctx ends without having touched the program. It is
	// called again after a choice whose Then is Look.
	Reconcile(ctx context.Context, op Operator, u Unsettled) (Finding, error)
}

// An Unsettled is an effect of an attempt that did not come to its end.
type Unsettled struct {
	Seq     int64 // of the intent
	Step    string
	Attempt int
	Effect  runbook.Effect
	What    safe.Text
	Facts   map[string]any // of the intent; numbers are json.Number
	At      time.Time      // when the intent was written
	Boot    string         // of the machine then
	Actor   journal.Actor  // who had said yes
	// Outcome is how it ended, when that was recorded before the process died and
	// only the end of the step was not; nil when nobody knows.
	Outcome *journal.OutcomeBody
}

// A Finding is what a Reconciler found.
type Finding struct {
	// Verdict is a word for the record and for scripts, such as "reconciled-applied".
	Verdict string
	// Sure says that Ending is what happened, so that nobody needs to be asked.
	Sure   bool
	Ending Ending
	Then   Then           // what follows when Sure
	Found  safe.Text      // the finding in one sentence
	Lines  []safe.Text    // the evidence, for reading
	Facts  map[string]any // the evidence, for the record
	Blobs  []Blob
	// Choices are what the operator can say when it is not sure, the safe one first.
	Choices []Settling
	// Learn brings the facts of the run up to date when Sure and before Then; it may be nil.
	Learn func(*Facts)
}

// A Settling is one thing the operator can say about an effect.
type Settling struct {
	Choice Choice
	// Do is done first, through op and so recorded; it may be nil. When it fails the
	// question comes back.
	Do func(ctx context.Context, op Operator) error
	// Ending becomes the outcome of the intent, unless Then is Look.
	Ending Ending
	Then   Then
	// Learn brings the facts of the run up to date; it may be nil.
	Learn func(*Facts)
}

// Then says how a run goes on after an effect was settled.
type Then string

// The ways on.
const (
	// ThenDone says that the effect happened: its step is done.
	ThenDone Then = "done"
	// ThenAgain says that the step starts from its beginning.
	ThenAgain Then = "again"
	// ThenStop says that the run ends here.
	ThenStop Then = "stop"
	// ThenLook says that the evidence is looked at again, because it was changed.
	ThenLook Then = "look"
)
