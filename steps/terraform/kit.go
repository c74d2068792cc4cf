package terraform

import (
	"context"
	"os"
	"sync"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
)

// A Source gives the files of a commit.
type Source interface {
	// Checkout writes the tree of a commit, with the inputs from the commit head,
	// into the empty folder into, and returns the hash of the tree.
	Checkout(ctx context.Context, commit, head string, inputs []string, into string) (tree string, err error)
}

// Deps is what the steps need from outside. Only Open has to be there.
type Deps struct {
	// Open opens the repository of an environment. folder is where its relative
	// paths start.
	Open func(env *runbook.Environment, folder string) (Source, error)
	// Binary is used instead of terraform.binary of the environment, when set.
	Binary string
	// Environ is the environment of this process, os.Environ when nil.
	Environ func() []string
	// Rescue is the folder for states that Terraform could not save, made when
	// needed. When empty it is lockstep/rescued below $XDG_STATE_HOME.
	Rescue string
	// States is the folder for copies of the state from right before each apply,
	// made when needed. When empty it is lockstep/states below $XDG_STATE_HOME.
	States string
	// Patches is the folder that patches are written to when the operator asks for
	// one, made when needed. When empty it is patches in the folder of the runbook.
	Patches string
	// Learned is what earlier applies to the environment took. It may be nil, and
	// is asked again for every plan.
	Learned func() *durations.Learned
	// Negative says how long resolvers remember that a DNS name is missing, when
	// that is known. It may be nil.
	Negative func(ctx context.Context, name string) (time.Duration, bool)
}

// A Tool makes the steps of runs and measures for them. What a plan step found
// out is there for the apply step that follows.
type Tool struct {
	deps Deps

	mu       sync.Mutex
	sessions map[string]*session // by id of the run
	last     *session            // the one a step asked for last
}

// New returns a tool.
func New(d Deps) *Tool {
	if d.Environ == nil {
		d.Environ = os.Environ
	}
	return &Tool{deps: d, sessions: map[string]*session{}}
}

// Kit returns the builders of the steps plan and apply.
func Kit(d Deps) engine.Kit { return New(d).Kit() }

// Kit returns the builders of the steps plan and apply.
func (t *Tool) Kit() engine.Kit {
	return engine.Kit{
		runbook.KindPlan: func(runbook.Step) (engine.Step, error) {
			return &planStep{tool: t}, nil
		},
		runbook.KindApply: func(s runbook.Step) (engine.Step, error) {
			return &applyStep{tool: t, watch: s.Apply.Watch}, nil
		},
	}
}

// session returns what is known for the run of op.
func (t *Tool) session(op engine.Operator) *session {
	run := op.Run()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.sessions[run.ID]
	if s == nil {
		s = newSession(t.deps, run)
		t.sessions[run.ID] = s
	}
	t.last = s
	return s
}
