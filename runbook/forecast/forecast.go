package forecast

import (
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Span is a length or a point of time as far as it is known.
type Span struct {
	Min     time.Duration `json:"min"`
	Typical time.Duration `json:"typical"`
	Max     time.Duration `json:"max"`
	// Open says that there is no upper bound: it rests on a duration that nobody
	// knows. The other values then are the least it takes.
	Open bool `json:"open"`
}

// An Action is one action of an apply and when it is expected to run, from the
// start of the apply. The actions of a forecast are the items of the order of
// its plan that do something: without moves.
type Action struct {
	Resource int                `json:"resource"` // index into Plan.Resources
	Address  safe.Text          `json:"address"`
	Name     safe.Text          `json:"name"` // short, see plan.Plan.Names
	Action   plan.Action        `json:"action"`
	Deposed  string             `json:"deposed"` // key of an object left over from earlier, or ""
	Start    Span               `json:"start"`
	End      Span               `json:"end"`
	Takes    durations.Estimate `json:"takes"`
	WaitsFor []int              `json:"waits_for"` // indexes of actions, without those that others imply; may be shared
	// Path is the action this one starts right behind on the typical schedule, or
	// -1: following it backwards explains why something starts so late.
	Path int `json:"path"`
}

// A Verdict says what becomes of a live thing.
type Verdict string

// The verdicts.
const (
	Window  Verdict = "window"  // it is absent from … to …
	Swap    Verdict = "swap"    // one object takes the place of another; milliseconds, if anything, but see Outage.Slow
	Gone    Verdict = "gone"    // it goes and nothing brings it back
	None    Verdict = "none"    // it is there all the time
	Unknown Verdict = "unknown" // which name it is is known only after the apply
)

// An Outage is what happens to one live thing that loses an object.
type Outage struct {
	Thing   plan.Thing `json:"thing"`
	Verdict Verdict    `json:"verdict"`
	From    Span       `json:"from"` // end of the delete
	To      Span       `json:"to"`   // end of what brings it back; zero when gone
	Length  Span       `json:"length"`
	// OpenedBy and ClosedBy are indexes of actions; -1 when there is none.
	OpenedBy int `json:"opened_by"`
	ClosedBy int `json:"closed_by"`
	// WaitingFor are the actions that what closes it waits for and that take the
	// time, the slowest first.
	WaitingFor []int `json:"waiting_for"`
	// Handover says that the thing is deleted at one address and created at another.
	Handover bool `json:"handover"`
	// Unordered says that nothing orders the delete and the create.
	Unordered bool `json:"unordered"`
	// SeenLeast and SeenMost are how long users see it, for a DNS record: a cached
	// answer hides the beginning, a remembered "no such name" prolongs the end.
	SeenLeast time.Duration `json:"seen_least"`
	SeenMost  Span          `json:"seen_most"`
	Negative  time.Duration `json:"negative"` // negative TTL of the zone; 0 when not known
	Why       safe.Text     `json:"why"`      // the cause in one plain sentence
}

// Slow reports whether a swap may take so long, at worst, that users miss the
// thing: where nothing orders the delete and the create, or they may take longer
// than usual.
func (o Outage) Slow() bool {
	return o.Verdict == Swap && o.Length.Max >= noticeable
}

// A Forecast is what one apply is expected to do to live things.
type Forecast struct {
	Actions     []Action      `json:"actions"`
	Outages     []Outage      `json:"outages"` // the worst first
	Hazards     []plan.Hazard `json:"hazards"`
	Parallelism int           `json:"parallelism"`
	Takes       Span          `json:"takes"`
	Dark        Span          `json:"dark"`    // the sum of all windows; Open when something is gone
	Unknown     int           `json:"unknown"` // actions whose duration nobody knows
}

// A Sequence is what applying changes one at a time is expected to do. Steps
// stand as the changes do. Outages are those that last from one step to a later
// one, whose length depends on the operator: OpenedBy and ClosedBy are then
// indexes of steps.
type Sequence struct {
	Steps   []Forecast `json:"steps"`
	Outages []Outage   `json:"outages"`
	Dark    Span       `json:"dark"`
}

// A CureKind names a way round an outage.
type CureKind string

// The cures, in the order in which they are tried.
const (
	CureMoved        CureKind = "moved"                 // say that the address moved: one object, nothing is deleted
	CureForget       CureKind = "removed"               // let go of the old object instead of deleting it
	CureCreateFirst  CureKind = "create_before_destroy" // of a replacement
	CureDeployBefore CureKind = "create_before_destroy one deploy earlier"
)

// A Cure is a change of the configuration that was proved by planning it in a
// scratch checkout: nothing but the plan and the patch came of it.
type Cure struct {
	ID      string      `json:"id"`
	Kind    CureKind    `json:"kind"`
	Title   safe.Text   `json:"title"`
	Why     safe.Text   `json:"why"` // how it works, in one sentence
	Thing   plan.Thing  `json:"thing"`
	Patch   []safe.Text `json:"patch"`  // unified diff, one line each, that git apply takes
	Files   []safe.Text `json:"files"`  // paths in the repository that it changes
	Before  []Outage    `json:"before"` // without it, everything at once
	After   []Outage    `json:"after"`  // with it, everything at once
	Dark    Span        `json:"dark"`   // with it, one change at a time
	Proved  bool        `json:"proved"` // planned, and the outage is gone or shorter
	Problem safe.Text   `json:"problem"`
}
