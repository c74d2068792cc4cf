package engine

import (
	"time"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// Mode says whether a run may have effects. The zero value may not.
type Mode string

// The modes.
const (
	Rehearsal Mode = "rehearsal"
	Live      Mode = "live"
)

// An Event is something that happened in a run. Events are values that can be
// serialised; they hold no pointer to anything that changes. The set is closed.
type Event interface{ event() }

// An Envelope is an event with its place in the run.
type Envelope struct {
	Seq   int64     `json:"seq"` // from 1, without gaps for events that are not merged
	Time  time.Time `json:"time"`
	Step  string    `json:"step"` // id of the step, or "" for the run
	Type  string    `json:"type"` // name of the event's type
	Event Event     `json:"event"`
}

// A StepOutline is a step as the list of steps shows it.
type StepOutline struct {
	ID       string       `json:"id"`
	Position string       `json:"position"`
	Kind     runbook.Kind `json:"kind"`
	Name     safe.Text    `json:"name"`
	Why      safe.Text    `json:"why"`
	Parent   string       `json:"parent"` // id of the each_change it stands in, or ""
}

// A ProbeOutline is a probe as the list of probes shows it.
type ProbeOutline struct {
	Name   string        `json:"name"`
	Kind   string        `json:"kind"` // dns, http, tls, tcp, command, no_changes
	Target safe.Text     `json:"target"`
	Every  time.Duration `json:"every"`
}

// A Result says how a step or a run ended.
type Result string

// The results.
const (
	OK       Result = "ok"
	Failed   Result = "failed"
	Declined Result = "declined" // the operator said no
	Stopped  Result = "stopped"  // ended between two effects, or by an interrupt
	Accepted Result = "accepted" // failed, and accepted by the operator with a reason
	Skipped  Result = "skipped"
	Unknown  Result = "unknown" // an effect started and nobody knows how it ended
)

type (
	// RunStarted is the first event of a run.
	RunStarted struct {
		Run         string         `json:"run"`
		Title       safe.Text      `json:"title"`
		Environment safe.Text      `json:"environment"`
		Mode        Mode           `json:"mode"`
		Operator    safe.Text      `json:"operator"` // name@host
		Journal     safe.Text      `json:"journal"`  // path of the journal's file
		Steps       []StepOutline  `json:"steps"`    // in order, children after their each_change
		Resumed     int            `json:"resumed"`  // how often the run was resumed before; 0 for a new one
		Probes      []ProbeOutline `json:"probes"`
	}

	// StepStarted says that a step began. Attempt counts from 1 over retries and
	// over the rounds of an each_change.
	StepStarted struct {
		ID      string `json:"id"`
		Attempt int    `json:"attempt"`
	}

	// StepFinished says how a step ended. When a run is resumed, it comes without a
	// StepStarted for a step that ended before.
	StepFinished struct {
		ID      string        `json:"id"`
		Result  Result        `json:"result"`
		Summary safe.Text     `json:"summary"` // a few words for the list of steps
		Elapsed time.Duration `json:"elapsed"`
	}

	// RoundStarted says that an each_change begins with its next change.
	RoundStarted struct {
		ID    string `json:"id"`
		Round int    `json:"round"` // from 1
	}

	// Progressed says how far long work is. The newest one replaces older ones of
	// the same step.
	Progressed struct {
		What  safe.Text `json:"what"`
		Done  int64     `json:"done"`
		Total int64     `json:"total"` // 0 when not known
	}

	// OutputWritten carries lines that a program printed.
	OutputWritten struct {
		Lines   []safe.Text `json:"lines"`
		Dropped int         `json:"dropped"` // lines left out before these because nobody kept up
	}

	// Warned is something the operator should know and need not answer.
	Warned struct {
		Text safe.Text `json:"text"`
	}

	// QuestionAsked says that the run waits for an answer.
	QuestionAsked struct {
		Question Question `json:"question"`
	}

	// QuestionAnswered says that a question has its one answer.
	QuestionAnswered struct {
		Answer Answer `json:"answer"`
	}

	// QuestionWithdrawn says that a question will not be answered any more.
	QuestionWithdrawn struct {
		ID string `json:"id"`
	}

	// CommitChosen says which commit the run is for.
	CommitChosen struct {
		Commit Candidate `json:"commit"`
		Reason safe.Text `json:"reason"`
	}

	// PlanMade says that a plan is ready. A plan without resources means that
	// there is nothing left to do.
	PlanMade struct {
		Plan    plan.Plan     `json:"plan"`
		Changes []plan.Change `json:"changes"` // the recommended sequence; the first one is next
	}

	// ApplyStarted lists what Terraform is about to do.
	ApplyStarted struct {
		Title safe.Text   `json:"title"`
		Items []ApplyItem `json:"items"`
		Watch []string    `json:"watch"` // probes shown beside
		// Outages are those that were forecast; OpenedBy, ClosedBy and WaitingFor are
		// indexes into Items.
		Outages []forecast.Outage `json:"outages"`
		Takes   forecast.Span     `json:"takes"` // how long the whole is expected to take
	}

	// ResourceMoved says that the work on one item of an apply changed its state.
	ResourceMoved struct {
		Item  int         `json:"item"` // index into ApplyStarted.Items
		State ApplyState  `json:"state"`
		Error []safe.Text `json:"error"` // diagnostics when it failed
	}

	// ApplyFinished says how the apply ended.
	ApplyFinished struct {
		Result Result        `json:"result"`
		Took   time.Duration `json:"took"`
		Serial int64         `json:"serial"` // of the state afterwards
	}

	// ProbeMeasured is one measurement.
	ProbeMeasured struct {
		Probe   string        `json:"probe"`
		Due     time.Time     `json:"due"` // when it should have started
		At      time.Time     `json:"at"`  // when it started
		Took    time.Duration `json:"took"`
		Outcome Outcome       `json:"outcome"`
		Word    safe.Text     `json:"word"`   // ok, refused, timeout, NXDOMAIN, wrong value, …
		Got     safe.Text     `json:"got"`    // what was seen, and what was expected when it differs
		Missed  int           `json:"missed"` // slots of the schedule that passed unmeasured before this one
	}

	// VerifyMoved is the state of a verification. The newest one replaces older ones.
	VerifyMoved struct {
		Rows     []VerifyRow   `json:"rows"`
		Elapsed  time.Duration `json:"elapsed"`
		Within   time.Duration `json:"within"`
		Deciding bool          `json:"deciding"` // a person is deciding; measuring goes on
	}

	// AnnouncementSent says what became of a message to one channel.
	AnnouncementSent struct {
		Channel string    `json:"channel"`
		Result  Result    `json:"result"`
		Detail  safe.Text `json:"detail"`
	}

	// PinRecorded says that the environment's pin is at a commit.
	PinRecorded struct {
		Commit safe.Text `json:"commit"`
		Where  safe.Text `json:"where"`
		Pushed bool      `json:"pushed"`
	}

	// Recorded says that the journal holds one record more.
	Recorded struct {
		Seq  int64  `json:"seq"` // of the record in the journal
		Kind string `json:"kind"`
	}

	// Interrupted says that an operator asked the run to end early.
	Interrupted struct {
		How Interrupt `json:"how"`
		By  safe.Text `json:"by"` // name of the operator
	}

	// Attended says who is at the run. It comes first after RunStarted when the
	// run is detached, and whenever somebody comes, goes or takes over.
	Attended struct {
		Seats []Seat `json:"seats"`
		// Holding says that the run holds still until somebody holds the answers,
		// and what would be next; empty otherwise.
		Holding safe.Text `json:"holding"`
	}

	// RunFinished is the last event of a run.
	RunFinished struct {
		Result  Result  `json:"result"`
		Summary Summary `json:"summary"`
	}
)

func (RunStarted) event()        {}
func (StepStarted) event()       {}
func (StepFinished) event()      {}
func (RoundStarted) event()      {}
func (Progressed) event()        {}
func (OutputWritten) event()     {}
func (Warned) event()            {}
func (QuestionAsked) event()     {}
func (QuestionAnswered) event()  {}
func (QuestionWithdrawn) event() {}
func (CommitChosen) event()      {}
func (PlanMade) event()          {}
func (ApplyStarted) event()      {}
func (ResourceMoved) event()     {}
func (ApplyFinished) event()     {}
func (ProbeMeasured) event()     {}
func (VerifyMoved) event()       {}
func (AnnouncementSent) event()  {}
func (PinRecorded) event()       {}
func (Recorded) event()          {}
func (Interrupted) event()       {}
func (Attended) event()          {}
func (RunFinished) event()       {}

// ApplyState is where the work on one resource stands.
type ApplyState string

// The states. The zero value waits.
const (
	Waiting    ApplyState = ""
	Running    ApplyState = "running"
	Done       ApplyState = "done"
	Errored    ApplyState = "failed"
	NotStarted ApplyState = "not started" // the apply ended before its turn
)

// An ApplyItem is one action of an apply.
type ApplyItem struct {
	Address  safe.Text   `json:"address"`
	Name     safe.Text   `json:"name"`      // the shortest name that tells it from the others; may be empty
	Action   plan.Action `json:"action"`    // create, update, delete, read or forget; a replacement is two items
	WaitsFor []int       `json:"waits_for"` // items that must be over before this one starts

	// When it was forecast to run, from the start of the apply.
	Start forecast.Span      `json:"start"`
	End   forecast.Span      `json:"end"`
	Takes durations.Estimate `json:"takes"`
}

// An Outcome is what one measurement said. The zero value says nothing.
type Outcome string

// The outcomes.
const (
	Inconclusive Outcome = ""
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
)

// A VerifyRow is one probe of a verification.
type VerifyRow struct {
	Probe   string        `json:"probe"`
	Target  safe.Text     `json:"target"`
	Outcome Outcome       `json:"outcome"`
	Word    safe.Text     `json:"word"`
	Got     safe.Text     `json:"got"`
	HeldFor time.Duration `json:"held_for"`
	Need    time.Duration `json:"need"`
	Passes  int           `json:"passes"` // in a row
	NeedN   int           `json:"need_n"` // in a row
	Met     bool          `json:"met"`
}

// A Summary says what a run did, for the end of it.
type Summary struct {
	Sentence  safe.Text     `json:"sentence"`
	Commit    safe.Text     `json:"commit"` // deployed, or empty
	Pin       safe.Text     `json:"pin"`    // the pin afterwards
	Changes   []ChangeDone  `json:"changes"`
	Decisions []safe.Text   `json:"decisions"` // those with a reason
	Probes    []ProbeTotals `json:"probes"`
	Journal   safe.Text     `json:"journal"`
	Records   int64         `json:"records"`
	Head      string        `json:"head"` // digest of the last record, that of the close
	PlanEmpty bool          `json:"plan_empty"`
	Elapsed   time.Duration `json:"elapsed"`
}

// A ChangeDone is one apply of a run.
type ChangeDone struct {
	ID     string              `json:"id"` // the same for the same content
	Title  safe.Text           `json:"title"`
	Result Result              `json:"result"`
	Took   time.Duration       `json:"took"`
	Counts map[plan.Action]int `json:"counts"`

	Expected forecast.Span `json:"expected"` // how long it was forecast to take
	Dark     forecast.Span `json:"dark"`     // how long live things were forecast to be absent
	Forecast safe.Text     `json:"forecast"` // that in words, or empty
}

// ProbeTotals counts the measurements of a probe over the run.
type ProbeTotals struct {
	Probe        string `json:"probe"`
	Asked        int    `json:"asked"`
	Failed       int    `json:"failed"`
	Inconclusive int    `json:"inconclusive"`
	Missed       int    `json:"missed"`
	// Dark is how long it failed: the sum of the times from a first failing
	// measurement to the next passing one.
	Dark time.Duration `json:"dark"`
}
