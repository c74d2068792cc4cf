package terraform

import (
	"context"
	"os"
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
// forecast of the plan, as look makes it. pin is the commit that is deployed
// now, or "" when that is not known. What cannot be tried says so. Nothing but
// the patches, in s.proposals, is left of it.
func (s *session) cures(ctx context.Context, op teller, p *saved, pin string, f forecast.Forecast, look look) ([]forecast.Cure, error) {
	s.proposals = map[string]cure.Proposal{}
	dir, err := filepath.Rel(p.work.top, p.work.root.Dir)
	if err != nil {
		return nil, err
	}
	src := cure.Source{Top: p.work.top, Dir: dir, Raw: p.doc.Raw}
	drafts, err := cure.Propose(src, &p.model, f)
	if err != nil {
		return nil, err
	}
	t := trial{session: s, op: op, plan: p}
	defer t.close()
	c := cure.Case{
		Plan: &p.model, Before: f, Try: t.try, Look: look,
		Tell: func(d cure.Proposal, done, total int) {
			op.Tell(engine.Progressed{
				What: safe.Sprintf("trying a way round: %s", d.Cure.Title), Done: int64(done), Total: int64(total),
			})
		},
	}
	proved, err := c.Prove(ctx, drafts)
	if err != nil {
		return nil, err
	}
	earlier, err := s.earlier(ctx, op, p, pin, func(top string) ([]cure.Proposal, error) {
		return cure.ProposeEarlier(cure.Source{Top: top, Dir: dir, Raw: p.doc.Raw}, &p.model, f, proved)
	})
	if err == nil {
		earlier, err = c.Prove(ctx, earlier)
	}
	if err != nil {
		return nil, err
	}
	proved = append(proved, earlier...)
	cure.Sort(proved)
	out := make([]forecast.Cure, len(proved))
	for i, c := range proved {
		out[i] = c.Cure
		s.proposals[c.Cure.ID] = c
	}
	return out, nil
}

// earlier shows a checkout of the pin to propose, when there is a use for it.
func (s *session) earlier(ctx context.Context, op teller, p *saved, pin string, propose func(top string) ([]cure.Proposal, error)) ([]cure.Proposal, error) {
	// The planned commit will do to see whether anything would be proposed.
	if would, err := propose(p.work.top); err != nil || len(would) == 0 || pin == "" {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	top := s.path("pin")
	if err := os.MkdirAll(top, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(top)
	src, err := s.deps.Open(s.env, s.run.Folder)
	if err == nil {
		_, err = src.Checkout(ctx, pin, p.work.head, s.env.Inputs, top)
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil: // the other cures stand
		op.Tell(engine.Warned{Text: safe.Sprintf("what is deployed now could not be looked at, so nothing is proposed for it: %v", err)})
		return nil, nil
	}
	return propose(top)
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
	p, err := t.scratch.plan(ctx, d)
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
