package journal

import "lockstep/runbook/safe"

// OpenBody starts a run.
type OpenBody struct {
	Title       safe.Text `json:"title"`
	Environment string    `json:"environment"`
	Mode        string    `json:"mode"` // "live" or "rehearsal"
	Runbook     string    `json:"runbook"`
	Digest      string    `json:"digest"` // SHA-256 of the runbook's bytes
	Lockstep    string    `json:"lockstep"`
}

// StepBody says that a step started or ended.
type StepBody struct {
	Position string    `json:"position"`
	Kind     string    `json:"kind"`
	Name     safe.Text `json:"name"`
	State    string    `json:"state"` // "started", or a result: ok, failed, declined, stopped, accepted, skipped
	Summary  safe.Text `json:"summary"`
}

// QuestionBody says what the operator was asked. The whole question, as it was
// shown, is a blob named "question".
type QuestionBody struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	Title  safe.Text `json:"title"`
	Digest string    `json:"digest"` // of what the answer binds, such as a saved plan; may be ""
}

// The kinds of decisions that answer no question.
const (
	DecisionForce     = "force"     // a program was pressed
	DecisionInterrupt = "interrupt" // the run is to end early, or not any more
)

// DecisionBody is the answer that was accepted.
type DecisionBody struct {
	Question     string    `json:"question"`
	Kind         string    `json:"kind"`
	Choice       string    `json:"choice"`
	Item         string    `json:"item"`
	Reason       safe.Text `json:"reason"`
	Acknowledged []string  `json:"acknowledged"`
	Digest       string    `json:"digest"`
	Text         safe.Text `json:"text"` // first line of an edited text; the whole is a blob named "text"
}

// IntentBody is written, and durable, before an effect starts.
type IntentBody struct {
	Effect string         `json:"effect"`
	What   safe.Text      `json:"what"`
	Facts  map[string]any `json:"facts"`
}

// OutcomeBody says how the effect of an intent ended. An intent without an
// outcome is unknown, never a success and never a failure.
type OutcomeBody struct {
	Intent int64          `json:"intent"` // seq of the intent
	Result string         `json:"result"` // ok, failed, stopped, repeat; unknown says nothing
	Detail safe.Text      `json:"detail"`
	Facts  map[string]any `json:"facts"`
}

// EvidenceBody is something that was measured or shown.
type EvidenceBody struct {
	What  safe.Text      `json:"what"`
	Facts map[string]any `json:"facts"`
}

// RefusalBody is something that was not done.
type RefusalBody struct {
	What safe.Text `json:"what"`
	Why  safe.Text `json:"why"`
}

// RecoveredBody says what was set aside when the journal was opened.
type RecoveredBody struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// CloseBody ends a run.
type CloseBody struct {
	Result  string    `json:"result"` // done, failed, declined, stopped
	Commit  string    `json:"commit"` // what was deployed, or "" when the pin was not written
	Summary safe.Text `json:"summary"`
}

// LockBody says that a writer took the journal of an environment. Its record's
// epoch is one more than any before, and so is that of all records up to the next lock.
type LockBody struct {
	User    string `json:"user"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Started string `json:"started"` // when the process started, as the system counts it; with pid and boot it names one process
	Purpose string `json:"purpose"` // run, rehearse, resume, demo
}

// BindBody is all that an approval holds for, before it is asked for. Values that
// may be secret stand as a keyed digest.
type BindBody struct {
	What   safe.Text      `json:"what"`
	Things map[string]any `json:"things"`
}

// ResumeBody says that an interrupted run goes on in another process.
type ResumeBody struct {
	After     int64     `json:"after"`     // seq of the last record of the run before
	Unsettled []int64   `json:"unsettled"` // intents that have no outcome
	Why       safe.Text `json:"why"`       // how the run was found
}

// SeatBody says who is at a run.
type SeatBody struct {
	Move   string    `json:"move"` // attached, left, took
	Seat   string    `json:"seat"`
	Where  safe.Text `json:"where"`
	Holds  bool      `json:"holds"`
	From   string    `json:"from"`   // who held the answers before
	Reason safe.Text `json:"reason"` // for took
	There  int       `json:"there"`  // seats afterwards
}
