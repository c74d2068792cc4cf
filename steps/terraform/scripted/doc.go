// Package scripted is a Terraform for tests. It does what the real program cannot
// be made to do, and it is fast: it needs a few milliseconds a call, because it
// is a program of its own that is made of the standard library only.
//
// It plans and applies resources of the type terraform_data whose input is a
// literal string, in a state of the "local" backend, and prints what Terraform
// 1.11 prints; a test holds it against the real one. Beyond that:
//
//   - What it does is read from the file "script" in the folder that [Install] made,
//     not from the environment, which is an allow-list; see [Script].
//   - Every change of a resource adds a line to the file "effects", before the state
//     knows of it, as a real change would happen: "PLAN ADDRESS ACTION INPUT".
//   - Every call adds a line to "calls", and every signal one to "signals".
//   - A state is replaced as a whole. The real local backend truncates it first;
//     a remote one, which this stands for, does not.
//   - The lock is a file beside the state, as Terraform's. It ends with the
//     process that holds it, unless the script says that it strands.
package scripted

// A Scenario is what an apply does.
type Scenario string

// The scenarios. WrongVersion shows in every call, the others in apply only.
const (
	OK                 Scenario = "ok"
	Slow               Scenario = "ok-slow"                      // waits until it is told to go on, see Program.Go
	FailBeforeState    Scenario = "fail-before-state"            // the first change happens, the state never hears of it
	FailAfterState     Scenario = "fail-after-state"             // the first change is saved, then it fails
	IgnoresInterrupt   Scenario = "ignores-INT"                  // as Slow, and one interrupt changes nothing
	DiesOnHangup       Scenario = "dies-on-HUP"                  // as Slow; all of them die of a hang-up, as the real one
	DiesOnBrokenPipe   Scenario = "dies-on-SIGPIPE"              // as Slow, and then prints a lot before it saves
	HugeLine           Scenario = "huge-line"                    // one event of 64 MiB
	InvalidEvent       Scenario = "invalid JSON event"           // events cut short, no JSON, wrong types
	Escapes            Scenario = "ESC in every field"           // control sequences in all that it prints
	StateDump          Scenario = "prints-state-dump"            // can only print the state
	ExitsWellUnchanged Scenario = "exits-0-but-state-unchanged"  // says that all is done, and nothing is
	ExitsBadlyApplied  Scenario = "exits-1-but-applied"          // all is done and saved, and it says that it failed
	StalePlan          Scenario = "stale-plan"                   // finds the plan stale
	LockHeld           Scenario = "lock-held"                    // somebody else holds the state
	WrongVersion       Scenario = "wrong-version"                // is older than can be used
	ChildOutlives      Scenario = "forks-child-that-outlives-it" // leaves a process that holds its standard output
)

// Scenarios are all of them.
var Scenarios = []Scenario{
	OK, Slow, FailBeforeState, FailAfterState, IgnoresInterrupt, DiesOnHangup, DiesOnBrokenPipe, HugeLine, InvalidEvent,
	Escapes, StateDump, ExitsWellUnchanged, ExitsBadlyApplied, StalePlan, LockHeld, WrongVersion, ChildOutlives,
}

// waits reports whether an apply waits to be told to go on.
func (s Scenario) waits() bool {
	return s == Slow || s == IgnoresInterrupt || s == DiesOnHangup || s == DiesOnBrokenPipe
}

// A Script is how the program behaves from its next call on.
type Script struct {
	Scenario Scenario `json:"scenario"`
	Strands  bool     `json:"strands"` // the lock of a killed apply stays, as a remote backend's would
}
