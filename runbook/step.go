package runbook

// A Kind names what a step does. It is the key of the step in the YAML.
type Kind string

// The kinds of step.
const (
	KindPickCommit Kind = "pick_commit"
	KindReviewDiff Kind = "review_diff"
	KindPlan       Kind = "plan"
	KindApply      Kind = "apply"
	KindVerify     Kind = "verify"
	KindAnnounce   Kind = "announce"
	KindRecordPin  Kind = "record_pin"
	KindManual     Kind = "manual"
	KindCommand    Kind = "command"
	KindConfirm    Kind = "confirm"
	KindWait       Kind = "wait"
	KindEachChange Kind = "each_change"
)

// A Step is one item of a runbook. Exactly one of the kind fields is set.
type Step struct {
	ID        string    `yaml:"id" doc:"Short name for this step, unique in the runbook; made from the kind when it is missing."`
	Name      string    `yaml:"name" doc:"What the operator reads in the list of steps."`
	Why       string    `yaml:"why" doc:"Why the step is there; shown to the operator while it runs."`
	Timeout   Duration  `yaml:"timeout" doc:"How long the step may work, such as 15m. Time in which it waits for an answer does not count. No limit when missing."`
	OnFailure OnFailure `yaml:"on_failure" doc:"What happens when the step fails: ask the operator, or stop the run." default:"ask" enum:"ask,stop"`
	// Unattended lets a detached run start the step.
	Unattended bool `yaml:"unattended" doc:"The step may start while nobody is attached to the run. Its questions wait all the same." default:"false"`

	PickCommit *PickCommit `yaml:"pick_commit" kind:"true" doc:"Choose the commit to deploy from those the environment does not have."`
	ReviewDiff *ReviewDiff `yaml:"review_diff" kind:"true" doc:"Read what the chosen commit changes."`
	Plan       *Plan       `yaml:"plan" kind:"true" doc:"Plan with Terraform and choose the change to apply."`
	Apply      *Apply      `yaml:"apply" kind:"true" doc:"Apply exactly the plan that was shown."`
	Verify     *Verify     `yaml:"verify" kind:"true" doc:"Measure until the probes pass."`
	Announce   *Announce   `yaml:"announce" kind:"true" doc:"Tell people."`
	RecordPin  *RecordPin  `yaml:"record_pin" kind:"true" doc:"Write down that the environment is at the chosen commit."`
	Manual     *Manual     `yaml:"manual" kind:"true" doc:"Instructions for a person, ticked off one by one."`
	Command    *Command    `yaml:"command" kind:"true" doc:"Run a program."`
	Confirm    *Confirm    `yaml:"confirm" kind:"true" doc:"Ask the operator before going on."`
	Wait       *Wait       `yaml:"wait" kind:"true" doc:"Let time pass while the probes go on measuring."`
	EachChange []Step      `yaml:"each_change" kind:"true" doc:"Steps that are repeated, one change at a time, until the plan is empty. The first is a plan."`

	// Position is where the step stands, such as "4.2". Load sets it, and ID.
	Position string `yaml:"-"`
	// Line and Column say where the step starts in its file, from 1.
	Line   int `yaml:"-"`
	Column int `yaml:"-"`
}

// Kind returns the kind of the step, or "" when no kind field is set.
func (s *Step) Kind() Kind {
	switch {
	case s.PickCommit != nil:
		return KindPickCommit
	case s.ReviewDiff != nil:
		return KindReviewDiff
	case s.Plan != nil:
		return KindPlan
	case s.Apply != nil:
		return KindApply
	case s.Verify != nil:
		return KindVerify
	case s.Announce != nil:
		return KindAnnounce
	case s.RecordPin != nil:
		return KindRecordPin
	case s.Manual != nil:
		return KindManual
	case s.Command != nil:
		return KindCommand
	case s.Confirm != nil:
		return KindConfirm
	case s.Wait != nil:
		return KindWait
	case s.EachChange != nil:
		return KindEachChange
	}
	return ""
}

// OnFailure says what the engine does when a step fails. The zero value asks.
type OnFailure string

// The ways to go on after a failure.
const (
	FailureAsks  OnFailure = "ask"
	FailureStops OnFailure = "stop"
)

// PickCommit has no options: the environment says all there is to say.
type PickCommit struct{}

// ReviewDiff sets the limits of what can be reviewed on a screen.
type ReviewDiff struct {
	MaxFileBytes int `yaml:"max_file_bytes" doc:"A file larger than this is unreviewable and has to be acknowledged." default:"8388608" min:"1" max:"1073741824"`
}

// Plan has no options yet beyond those of the environment.
type Plan struct{}

// Apply says what is watched while Terraform works.
type Apply struct {
	Watch []string `yaml:"watch" doc:"Probes shown beside the resources on the same time axis."`
}

// Verify says which probes must pass and for how long.
type Verify struct {
	Probes   []string `yaml:"probes" doc:"Probes that must pass." required:"true"`
	Within   Duration `yaml:"within" doc:"How long the probes may take to pass." default:"5m"`
	For      Duration `yaml:"for" doc:"How long they must go on passing without a break." default:"0s"`
	Attempts int      `yaml:"attempts" doc:"How many measurements of a probe must pass in a row." default:"1" min:"1" max:"1000000"`
}

// Announce is a message to channels.
type Announce struct {
	To       []string `yaml:"to" doc:"Channels the message is sent to." required:"true"`
	Template string   `yaml:"template" doc:"Built-in text: start, done or stopped." enum:"start,done,stopped"`
	Text     string   `yaml:"text" doc:"Own text as a Go text/template; the fields are listed in the documentation of announcements."`
}

// RecordPin says how the pin is written.
type RecordPin struct {
	Push   bool   `yaml:"push" doc:"Push the pin to the remote, refused when the remote moved." default:"false"`
	Remote string `yaml:"remote" doc:"The remote that is pushed to." default:"origin"`
}

// Manual is work for a person.
type Manual struct {
	Instructions []string `yaml:"instructions" doc:"One item each; every item has to be ticked." required:"true"`
}

// Command is a program that is run without a shell.
type Command struct {
	Argv        []string `yaml:"argv" doc:"Program and arguments, each a string of its own. No shell reads them." required:"true"`
	Directory   string   `yaml:"directory" doc:"Where it runs, relative to the runbook." default:"."`
	Environment []string `yaml:"environment" doc:"Names of environment variables it may see, as in terraform.environment."`
	Effect      Effect   `yaml:"effect" doc:"What happens when it runs: none (it only reads), repeatable (twice is as good as once), irreversible." default:"irreversible" enum:"none,repeatable,irreversible"`
}

// Confirm is a question to the operator.
type Confirm struct {
	Question string `yaml:"question" doc:"What is asked." required:"true"`
	Typed    string `yaml:"typed" doc:"A word that has to be typed to say yes."`
}

// Wait lets time pass.
type Wait struct {
	For   Duration `yaml:"for" doc:"How long." required:"true"`
	Watch []string `yaml:"watch" doc:"Probes shown meanwhile; a failing one is reported, and waiting goes on."`
}

// An Effect says what a step does to the world. The zero value is the most
// careful reading: it cannot be undone and must not be repeated.
type Effect string

// The effects.
const (
	EffectNone         Effect = "none"
	EffectRepeatable   Effect = "repeatable"
	EffectIrreversible Effect = "irreversible"
)
