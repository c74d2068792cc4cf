package terraform

import (
	"context"
	"path/filepath"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cure"
)

// A look forecasts a plan: everything at once, and one change at a time.
type look func(*plan.Plan, *plan.Order) (forecast.Forecast, forecast.Sequence)

// cures drafts ways round the outages that a full plan would cause, plans each
// of them in a scratch checkout, and returns them, the best first. f is the
// forecast of the plan. What cannot be tried says so; the only error is that ctx
// ended. Nothing but the patches is left of it.
func (s *session) cures(ctx context.Context, op teller, p *saved, f forecast.Forecast, look look) ([]forecast.Cure, error) {
	s.proposals = map[string]cure.Proposal{}
	dir, err := filepath.Rel(p.work.top, p.work.root.Dir)
	if err != nil {
		return nil, err
	}
	drafts, err := cure.Propose(cure.Source{Top: p.work.top, Dir: dir, Raw: p.doc.Raw}, &p.model, f)
	if err != nil || len(drafts) == 0 {
		return nil, err
	}
	t := trial{session: s, op: op, plan: p}
	defer t.close()
	proved, err := cure.Case{
		Plan: &p.model, Before: f, Look: look, Try: t.try,
		Tell: func(d cure.Proposal, done, total int) {
			op.Tell(engine.Progressed{
				What: safe.Sprintf("trying a way round: %s", d.Cure.Title), Done: int64(done), Total: int64(total),
			})
		},
	}.Prove(ctx, drafts)
	if err != nil {
		return nil, err
	}
	out := make([]forecast.Cure, len(proved))
	for i, c := range proved {
		out[i] = c.Cure
		s.proposals[c.Cure.ID] = c
	}
	return out, nil
}

// A trial plans drafts in one scratch checkout, made for the first of them.
type trial struct {
	session *session
	op      teller
	plan    *saved
	scratch *scratch
	failed  error // why there is no scratch checkout
}

func (t *trial) try(ctx context.Context, d cure.Proposal) (*plan.Plan, *plan.Order, error) {
	// Not for the whole trial: a measurement beside the steps goes in between.
	t.session.mu.Lock()
	defer t.session.mu.Unlock()
	if t.scratch == nil && t.failed == nil {
		t.scratch, t.failed = t.session.openScratch(ctx, t.plan)
	}
	if t.failed != nil {
		return nil, nil, t.failed
	}
	p, err := t.scratch.plan(ctx, d.Edits)
	if err != nil {
		return nil, nil, err
	}
	return &p.model, p.order, nil
}

func (t *trial) close() {
	if t.scratch == nil {
		return
	}
	if err := t.scratch.close(); err != nil {
		t.op.Tell(engine.Warned{Text: safe.Sprintf("%v", err)})
	}
}
