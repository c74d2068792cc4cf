package engine

import (
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A QuestionKind tells questions apart for scripts and screens.
type QuestionKind string

// The questions a run can ask.
const (
	AskCommit     QuestionKind = "pick_commit" // payload Candidates
	AskReview     QuestionKind = "review_diff" // payload Review
	AskChange     QuestionKind = "plan"        // payload PlanReview; which change is next
	AskCure       QuestionKind = "cure"        // payload CureReview; what to do with a way round an outage
	AskApply      QuestionKind = "apply"       // payload PlanReview; the saved plan that will be applied
	AskNext       QuestionKind = "next_change" // go on with the next change, or stop here
	AskAnnounce   QuestionKind = "announce"    // payload Message
	AskPin        QuestionKind = "record_pin"  // payload PinReview
	AskConfirm    QuestionKind = "confirm"
	AskManual     QuestionKind = "manual"  // payload Checklist
	AskCommand    QuestionKind = "command" // before a program with an effect runs
	AskVerify     QuestionKind = "verify"  // a verification failed; payload Failure
	AskFailure    QuestionKind = "failure" // any other step failed; payload Failure
	AskPostMortem QuestionKind = "unknown" // an effect ended in a way nobody knows; payload Failure
	AskSettle     QuestionKind = "settle"  // a resumed run found an effect without an outcome; payload Settlement
)

// A Question is what the run wants to know. It has exactly one answer.
type Question struct {
	ID      string       `json:"id"`   // set by the engine
	Step    string       `json:"step"` // set by the engine
	Kind    QuestionKind `json:"kind"`
	Title   safe.Text    `json:"title"`
	Body    []safe.Text  `json:"body"`
	Choices []Choice     `json:"choices"` // the safe one first
	Digest  string       `json:"digest"`  // what the answer binds; the answer repeats it
	Payload Payload      `json:"payload"` // nil when Title and Body say all

	// Check looks at an answer that is formally right and refuses it with a
	// sentence for the operator. It stays on the engine's side.
	Check func(Answer) error `json:"-"`
	// Fetch gives a part of the payload that is too large to travel with the
	// question. It stays on the engine's side and may be called at any time until
	// the question is answered, by several callers at once.
	Fetch func(Request) (Part, error) `json:"-"`
}

// A Choice is one way to answer.
type Choice struct {
	ID           string    `json:"id"`
	Tags         []string  `json:"tags"` // other names for scripts, such as "recommended"
	Key          string    `json:"key"`  // the key a screen should bind
	Label        safe.Text `json:"label"`
	Consequence  safe.Text `json:"consequence"`
	Disabled     safe.Text `json:"disabled"`     // why it cannot be chosen now, or empty
	NeedsItem    bool      `json:"needs_item"`   // the answer names an item of the payload
	NeedsReason  bool      `json:"needs_reason"` // the answer gives a reason, which is recorded
	Typed        string    `json:"typed"`        // a word the operator types to say yes, or ""
	Irreversible bool      `json:"irreversible"` // never by Enter, type-ahead or paste
	Recommended  bool      `json:"recommended"`
	Stops        bool      `json:"stops"` // ends the run; always a safe choice
}

// An Answer is what the operator said.
type Answer struct {
	Question    string    `json:"question"`
	Choice      string    `json:"choice"` // id of a choice
	Item        string    `json:"item"`   // hash of a commit, id of a change
	Reason      string    `json:"reason"`
	Typed       string    `json:"typed"`
	Text        string    `json:"text"`        // an edited announcement, a note
	Acknowledge []string  `json:"acknowledge"` // keys of hazards (see plan.Hazard.Key), viewed files, ticked items
	Digest      string    `json:"digest"`      // of the question
	By          string    `json:"by"`          // set by the engine
	At          time.Time `json:"at"`          // set by the engine
}

// A Payload is what a question is about. The set is closed.
type Payload interface{ payload() }

// Candidates are the commits an environment does not have.
type Candidates struct {
	Environment safe.Text   `json:"environment"`
	Branch      safe.Text   `json:"branch"`
	Pin         Candidate   `json:"pin"`       // where the environment is now
	PinnedAt    time.Time   `json:"pinned_at"` // when the pin was written; zero when not known
	Ahead       int         `json:"ahead"`     // first-parent commits of the branch after the pin
	Items       []Candidate `json:"items"`     // those that touch the environment, oldest first
	After       safe.Text   `json:"after"`     // environment that must have verified the commit, or empty
	AfterAt     safe.Text   `json:"after_at"`  // commit that environment has verified last, short
	Notes       []safe.Text `json:"notes"`     // what is unusual about the pin or the branch
	Paths       []safe.Text `json:"paths"`     // what counts as touching
}

// A Candidate is one commit of the branch.
type Candidate struct {
	Hash        string      `json:"hash"`
	Short       string      `json:"short"`
	When        time.Time   `json:"when"` // committer's date
	Author      safe.Text   `json:"author"`
	Email       safe.Text   `json:"email"`
	Subject     safe.Text   `json:"subject"`
	Takes       int         `json:"takes"`       // candidates that choosing it applies, itself included
	Files       int         `json:"files"`       // files it touches in this environment
	Signature   safe.Text   `json:"signature"`   // "none", or the kind and that it is not checked
	Verified    time.Time   `json:"verified"`    // when the environment before verified it; zero when not
	Hazards     []safe.Text `json:"hazards"`     // Deploy-Hazard trailers
	Alone       bool        `json:"alone"`       // Deploy-Alone trailer
	After       []safe.Text `json:"after"`       // Deploy-After trailers
	RevertedBy  string      `json:"reverted_by"` // short hash of the commit that reverts it, or ""
	Reverts     string      `json:"reverts"`     // short hash of the commit it reverts, or ""
	Disabled    safe.Text   `json:"disabled"`    // why it cannot be chosen, or empty
	Reason      safe.Text   `json:"reason"`      // why choosing it needs a reason, or empty
	Recommended bool        `json:"recommended"`
}

// A FileStatus says what happened to a file.
type FileStatus string

// The states of a file in a diff.
const (
	FileAdded    FileStatus = "A"
	FileModified FileStatus = "M"
	FileDeleted  FileStatus = "D"
	FileMode     FileStatus = "T" // only its mode or type changed
)

// A Review is what a commit changes for an environment, file by file.
type Review struct {
	From    Candidate    `json:"from"`
	To      Candidate    `json:"to"`
	Commits []Candidate  `json:"commits"` // the candidates it contains
	Files   []ReviewFile `json:"files"`
	Hazards []safe.Text  `json:"hazards"` // Deploy-Hazard trailers; each has to be acknowledged as "hazard N", from 1
}

// A ReviewFile is one file of a review. Its lines come by Fetch with
// Request{What: "file", Index: i} as a FileDiff.
type ReviewFile struct {
	Path         safe.Text  `json:"path"`
	Status       FileStatus `json:"status"`
	Input        bool       `json:"input"`        // an input, read from the head of the branch
	Added        int        `json:"added"`        // -1 until the file was opened
	Removed      int        `json:"removed"`      // -1 until the file was opened
	Unreviewable safe.Text  `json:"unreviewable"` // why it cannot be shown, or empty
}

// ViewedKey is how an answer's Acknowledge says that file i of a review was viewed.
func (r Review) ViewedKey(i int) string { return "file " + r.Files[i].Path.String() }

// A PlanReview is a plan that is being decided on. The attributes of a
// resource come by Fetch with Request{What: "resource", Index: i} as a
// ResourceDetail; the order graph with Request{What: "order"} as an Order.
type PlanReview struct {
	Commit  Candidate     `json:"commit"`
	Plan    plan.Plan     `json:"plan"`
	Changes []plan.Change `json:"changes"` // the recommended sequence; empty for AskApply
	Chosen  plan.Change   `json:"chosen"`  // for AskApply
	Hazards []plan.Hazard `json:"hazards"`
	Round   int           `json:"round"` // of the each_change, from 1; 0 outside

	// Forecast is what applying Plan in one go is expected to do.
	Forecast forecast.Forecast `json:"forecast"`
	// Sequence is what applying Changes one at a time is expected to do; empty for AskApply.
	Sequence forecast.Sequence `json:"sequence"`
	// Commits are the candidates that Origin of a resource change can name.
	Commits []Candidate `json:"commits"`
}

// A CureReview is the ways round an outage that were found and tried out.
type CureReview struct {
	Commit Candidate       `json:"commit"`
	Cures  []forecast.Cure `json:"cures"`  // the best first; an answer names one by its ID
	Branch safe.Text       `json:"branch"` // name of the branch that is made when asked for
}

// A Message is an announcement before it is sent.
type Message struct {
	Text     string           `json:"text"` // what the operator can edit; untrusted text is already inert
	Channels []MessageChannel `json:"channels"`
	Muted    safe.Text        `json:"muted"` // why it will not be sent, such as a rehearsal, or empty
}

// A MessageChannel is one receiver of a message.
type MessageChannel struct {
	Name   string      `json:"name"`
	Kind   string      `json:"kind"`
	Where  safe.Text   `json:"where"`  // without secrets
	Footer []safe.Text `json:"footer"` // lines that are added below the text
}

// A PinReview is a pin before it is written.
type PinReview struct {
	Environment safe.Text   `json:"environment"`
	From        Candidate   `json:"from"`
	To          Candidate   `json:"to"`
	Where       safe.Text   `json:"where"`
	Checks      []CheckLine `json:"checks"`
}

// A CheckLine is one thing that was looked at before going on.
type CheckLine struct {
	OK   bool      `json:"ok"`
	Text safe.Text `json:"text"`
}

// A Checklist is work for a person. An answer acknowledges "item N", from 1.
type Checklist struct {
	Items []safe.Text `json:"items"`
}

// A Failure is what went wrong.
type Failure struct {
	What  safe.Text   `json:"what"`
	Hint  safe.Text   `json:"hint"`  // one imperative sentence, or empty
	Lines []safe.Text `json:"lines"` // the whole of it, such as diagnostics with source lines
	Rows  []VerifyRow `json:"rows"`  // for a verification, when it was asked
}

// A Settlement is what was found out about an effect whose end nobody recorded.
type Settlement struct {
	What    safe.Text   `json:"what"`    // the effect, as its intent says
	Started time.Time   `json:"started"` // when the intent was written
	By      safe.Text   `json:"by"`      // who had said yes to it, name@host
	Intent  int64       `json:"intent"`  // seq of the intent
	Verdict string      `json:"verdict"` // a word of the decision table, see [Finding]
	Found   safe.Text   `json:"found"`   // the finding in one sentence
	Lines   []safe.Text `json:"lines"`   // the evidence, for reading
}

func (Settlement) payload() {}
func (Candidates) payload() {}
func (Review) payload()     {}
func (PlanReview) payload() {}
func (CureReview) payload() {}
func (Message) payload()    {}
func (PinReview) payload()  {}
func (Checklist) payload()  {}
func (Failure) payload()    {}

// A Request asks for a part of the payload of an open question.
type Request struct {
	Question string `json:"question"`
	What     string `json:"what"` // file, resource, order, commit, others
	Index    int    `json:"index"`
}

// A Part is what a Request gives. The set is closed.
type Part interface{ part() }

// A FileDiff is the change of one file.
type FileDiff struct {
	Hunks   []Hunk `json:"hunks"`
	Added   int    `json:"added"`
	Removed int    `json:"removed"`
	Coarse  bool   `json:"coarse"` // too different to align; shown as removed and added whole
}

// A Hunk is a run of lines around changes.
type Hunk struct {
	OldStart int        `json:"old_start"` // from 1
	OldLines int        `json:"old_lines"`
	NewStart int        `json:"new_start"` // from 1
	NewLines int        `json:"new_lines"`
	Lines    []DiffLine `json:"lines"`
}

// A DiffLine is one line of a hunk.
type DiffLine struct {
	Op   byte      `json:"op"` // ' ', '+', '-', or '\\' for a note such as a missing final line feed
	Text safe.Text `json:"text"`
}

// A ResourceDetail is the attributes of one resource change.
type ResourceDetail struct {
	Attributes []plan.Attribute `json:"attributes"`
}

// An Order is which resources wait for which, as indexes into Plan.Resources.
type Order struct {
	WaitsFor [][]int `json:"waits_for"`
}

// A CommitDetail is the whole of one candidate. It comes by
// Request{What: "commit", Index: i} with i into Candidates.Items.
type CommitDetail struct {
	Message []safe.Text `json:"message"`
	Files   []safe.Text `json:"files"` // those that touch the environment
}

// Others are the commits of the branch that do not touch the environment. They
// come by Request{What: "others"}.
type Others struct {
	Items []Candidate `json:"items"`
}

func (FileDiff) part()       {}
func (ResourceDetail) part() {}
func (Order) part()          {}
func (CommitDetail) part()   {}
func (Others) part()         {}
