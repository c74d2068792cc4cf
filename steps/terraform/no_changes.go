package terraform

import (
	"context"
	"errors"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Left plans the commit of the run and returns how many resources and outputs
// would change, with a few words about them: the measurement of the probe
// no_changes for the step that is running.
func (t *Tool) Left(ctx context.Context, op engine.Operator) (changes int, what safe.Text, err error) {
	facts := op.Facts()
	if facts.Commit == nil {
		return 0, what, errors.New("no commit was chosen in this run")
	}
	s := t.session(op)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.countChanges(ctx, facts.Commit.Hash, facts.Head)
}

// errBusy says that a measurement did not take place.
var errBusy = errors.New("terraform is working for a step of this run")

// Changes is the same measurement for a prober that runs beside the steps: it
// plans the commit that was planned last and returns how many resources and
// outputs would change. It never gets in the way of a step: while one of them
// uses Terraform, whose state can be locked by one only, it says so and does nothing.
func (t *Tool) Changes(ctx context.Context) (changes int, what safe.Text, err error) {
	t.mu.Lock()
	s := t.last
	t.mu.Unlock()
	if s == nil {
		return 0, what, errors.New("nothing was planned yet in this run")
	}
	if !s.mu.TryLock() {
		return 0, what, errBusy
	}
	defer s.mu.Unlock()
	if s.work == nil {
		return 0, what, errors.New("nothing was planned yet in this run")
	}
	return s.countChanges(ctx, s.work.commit, s.work.head)
}

// countChanges makes a full plan and forgets it. The caller holds s.mu.
//
// The exit code of Terraform is not enough: it counts data sources of check
// blocks, which are read again each time, as changes.
func (s *session) countChanges(ctx context.Context, commit, head string) (int, safe.Text, error) {
	w, err := s.workplace(ctx, silent{}, commit, head)
	if err != nil {
		return 0, safe.Text{}, err
	}
	p, err := s.measure(ctx, silent{}, w, nil)
	if err != nil {
		return 0, safe.Text{}, err
	}
	defer s.drop(p)
	if p.model.IsEmpty() {
		return 0, safe.Sprintf("the plan is empty; serial %d", p.model.Serial), nil
	}
	n := len(p.model.Resources) + len(p.model.Outputs)
	return n, safe.Sprintf("%s: %s", countWords(&p.model), names(p.model.Resources)), nil
}
