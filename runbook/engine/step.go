package engine

import (
	"context"
	"errors"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/forecast"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Step does one thing the runbook asks for and reports how it went.
type Step interface {
	// Run performs the step. It returns soon after ctx is cancelled, unless an
	// effect is under way that has to end by itself. An error that wraps
	// [ErrDeclined], [ErrStopped] or [ErrNothingToDo] ends the run without being a
	// failure.
	Run(ctx context.Context, op Operator) (Report, error)
}

// A Builder makes a step from what the runbook says.
type Builder func(runbook.Step) (Step, error)

// A Kit is a builder for each kind of step.
type Kit map[runbook.Kind]Builder

// A Report is what a step that succeeded says of itself.
type Report struct {
	Summary safe.Text // a few words for the list of steps
	Result  Result    // OK when empty; Accepted or Skipped otherwise
}

// An Operator is the person in charge, as a running step sees them, and the
// only way for a step to have an effect.
type Operator interface {
	// Tell reports an event. It never blocks on a person.
	Tell(Event)
	// Ask blocks until the question is answered or ctx ends. The question and
	// its answer are in the journal before Ask returns. An answer whose choice
	// Stops comes back as an error that wraps ErrDeclined.
	Ask(ctx context.Context, q Question) (Answer, error)
	// Effect writes the intent, makes it durable, runs do, and writes the outcome.
	// Without a durable intent do is not called. In a rehearsal do is never called
	// and Effect returns ErrRehearsed.
	Effect(ctx context.Context, i Intent, do func(context.Context) (Ending, error)) (Ending, error)
	// Evidence records something that was measured or shown.
	Evidence(what safe.Text, facts map[string]any, blobs ...Blob) error
	// Bind records all that the answer to the next question will hold for. Values
	// that may be secret stand in it as keyed digests.
	Bind(what safe.Text, things map[string]any) error
	// Refuse records that something was not done, and returns err.
	Refuse(what safe.Text, err error) error
	// Facts is what the steps of this run know together. Only the running step
	// may use it.
	Facts() *Facts
	// Run says what the step is part of.
	Run() Run
}

// A Run is what does not change while a run lasts.
type Run struct {
	ID          string
	Mode        Mode
	Runbook     *runbook.Runbook
	Environment *runbook.Environment
	Actor       journal.Actor
	Started     time.Time
	WorkDir     string // private folder of the run, for checkouts and plans; removed at its end unless Facts.Keep
	Folder      string // folder the runbook's relative paths start from
}

// Rehearsal reports whether no effect may start.
func (r Run) Rehearsal() bool { return r.Mode != Live }

// An Intent is an effect that is about to start.
type Intent struct {
	Effect runbook.Effect
	What   safe.Text      // one sentence
	Facts  map[string]any // all that is needed to find out later what became of it

	// Force presses the program of the effect: SecondInterrupt or Kill. It is called
	// while the effect is under way only, and may be nil.
	Force func(how Interrupt) error `json:"-"`
}

// An Ending is how an effect ended.
type Ending struct {
	Result Result // OK when empty
	Detail safe.Text
	Facts  map[string]any
	Blobs  []Blob
}

// A Blob is content for the journal that is too large for a line.
type Blob struct {
	Name string
	Data []byte
}

// Facts is what the steps of one run tell each other.
type Facts struct {
	Commit    *Candidate   // chosen by pick_commit
	Pin       *Candidate   // where the environment was when the run began
	Commits   []Candidate  // the candidates from the pin to the commit
	Head      string       // head of the branch when the commit was chosen
	Reviewed  string       // digest of the diff that was shown
	Plan      *Planned     // made by plan, used up by apply
	PlanEmpty bool         // the last full plan had nothing to do
	Rehearsed []string     // ids of the changes a rehearsal went through
	Applied   []ChangeDone // applies of this run
	Verified  bool         // the last verification passed or was accepted, and nothing was applied since
	NewPin    *Candidate   // written by record_pin
	Round     int          // of the each_change, from 1; 0 outside
	Remaining int          // changes that are left after the chosen one, as far as known
	Keep      safe.Text    // why the work folder must outlive the run, or empty
	Dark      []DarkSpan   // when which probes failed in this run, as of the start of the step
}

// Planned is a saved plan that was chosen and may be applied.
type Planned struct {
	Plan    plan.Plan
	Change  plan.Change
	Commit  string // hash of the commit whose tree was planned
	Tree    string // hash of that tree
	File    string // path of the saved plan
	Dir     string // folder of the root module in the checkout
	Order   [][]int
	Reason  string // why everything is taken at once, or ""
	Hazards []plan.Hazard

	Forecast forecast.Forecast // of applying it
}

// What a step can wrap to end a run without having failed.
var (
	// ErrDeclined says that the operator said no.
	ErrDeclined = errors.New("declined by the operator")
	// ErrStopped says that the run was stopped between two effects.
	ErrStopped = errors.New("stopped by the operator")
	// ErrNothingToDo says that the environment has everything already. It ends the
	// run, which is done then.
	ErrNothingToDo = errors.New("nothing to deploy")
	// ErrRehearsed says that an effect was not started because this is a rehearsal.
	ErrRehearsed = errors.New("not done in a rehearsal")
	// ErrStale says that what was reviewed is not what is there any more.
	ErrStale = errors.New("changed since it was reviewed")
	// ErrGivenUp says that a step failed and that the operator was asked about it
	// already and said stop. The run has failed; nobody is asked again.
	ErrGivenUp = errors.New("given up after it failed")
	// ErrUnknown says that an effect started and nobody knows how it ended.
	ErrUnknown = errors.New("outcome unknown")
)

// A Problem is a failure that the operator can do something about.
type Problem struct {
	Err        error
	Hint       string      // one imperative sentence, or ""
	Lines      []safe.Text // the whole of it, such as diagnostics with source lines
	Acceptable bool        // the operator may go on in spite of it, with a reason
}

// Error returns the error's words without the hint.
func (p *Problem) Error() string { return p.Err.Error() }

// Unwrap returns the error.
func (p *Problem) Unwrap() error { return p.Err }
