package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

// until runs a trip until a record of a kind stands for the n-th time, and dies there.
func (p *trip) until(record string, n int) {
	p.t.Helper()
	p.journal.dieAt = 0
	probe := &trip{t: p.t, journal: &keeping{}, steps: p.steps, kit: p.kit, say: p.say}
	probe.journal.records = slices.Clone(p.journal.records)
	probe.journal.blobs = map[string][]byte{}
	for k, v := range p.journal.blobs {
		probe.journal.blobs[k] = v
	}
	_, _ = probe.run(0)
	for i, kind := range probe.journal.kinds() {
		if kind != record {
			continue
		}
		if n--; n == 0 {
			if _, err := p.run(i + 1); err == nil {
				p.t.Fatal("the run did not die")
			}
			return
		}
	}
	p.t.Fatalf("no such record: %q", probe.journal.kinds())
}

// What was learnt of an apply on one resume is not learnt again on the next, when
// the step it belongs to has not started meanwhile.
func TestEngine_learnsOfAnEffectOnce(t *testing.T) {
	var applied []ChangeDone
	p := &trip{t: t, journal: &keeping{}, steps: []runbook.Step{
		{ID: "plan", Position: "1", Plan: &runbook.Plan{}}, {ID: "apply", Position: "2", Apply: &runbook.Apply{}},
	}}
	p.kit = func(*[]string) map[string]Step {
		tries := 0
		return map[string]Step{
			"plan": does(func(_ context.Context, op Operator) (Report, error) {
				op.Facts().Plan = &Planned{}
				return Report{}, nil
			}),
			"apply": looker{does(func(ctx context.Context, op Operator) (Report, error) {
				op.Facts().Plan = nil
				if tries++; len(op.Facts().Applied) == 0 {
					_, err := op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) {
						return Ending{}, errors.New("a provider failed")
					})
					return Report{}, err
				}
				applied = slices.Clone(op.Facts().Applied)
				return Report{}, nil
			}), func(u Unsettled) Finding {
				return Finding{Verdict: "recorded", Sure: true, Then: ThenAgain, Learn: func(f *Facts) {
					f.Applied = append(f.Applied, ChangeDone{ID: "x", Result: Failed})
				}}
			}},
		}
	}
	p.until("apply outcome", 1)
	p.until("plan step", 4) // it was planned anew, and the apply did not start
	if r, err := p.run(0); r != OK || len(applied) != 1 {
		t.Errorf("%s %v, the run knows of %d applies", r, err, len(applied))
	}
}

// What was confirmed with a plan in view is confirmed again for the next one.
func TestEngine_confirmsANewPlanAnew(t *testing.T) {
	said := 0
	p := &trip{t: t, journal: &keeping{}, steps: []runbook.Step{
		confirm("before"), {ID: "plan", Position: "1", Plan: &runbook.Plan{}}, confirm("seen"), {ID: "apply", Position: "2", Apply: &runbook.Apply{}},
	}}
	p.kit = func(effects *[]string) map[string]Step {
		nothing := does(func(context.Context, Operator) (Report, error) { return Report{}, nil })
		return map[string]Step{
			"before": nothing,
			"plan": does(func(_ context.Context, op Operator) (Report, error) {
				op.Facts().Plan = &Planned{}
				return Report{}, nil
			}),
			"seen":  does(func(context.Context, Operator) (Report, error) { said++; return Report{}, nil }),
			"apply": nothing,
		}
	}
	_, _ = p.run(8) // open, before: step step, plan: step step, seen: step step, apply: step
	if r, err := p.run(0); r != OK || said != 2 {
		t.Errorf("%s %v, confirmed %d times: %q", r, err, said, p.journal.kinds())
	}
}

// The plan of a dead process is gone also when another step was settled since.
func TestEngine_plansAnewAfterAnotherStepWasSettled(t *testing.T) {
	p := &trip{t: t, journal: &keeping{}, steps: []runbook.Step{
		{ID: "plan", Position: "1", Plan: &runbook.Plan{}}, confirm("between"), {ID: "apply", Position: "2", Apply: &runbook.Apply{}},
	}}
	p.kit = func(effects *[]string) map[string]Step {
		return map[string]Step{
			"plan": does(func(_ context.Context, op Operator) (Report, error) {
				op.Facts().Plan = &Planned{}
				return Report{}, nil
			}),
			"between": looker{causes(effects, "between", runbook.EffectIrreversible), func(Unsettled) Finding {
				return Finding{Verdict: "seen", Sure: true, Then: ThenDone}
			}},
			"apply": does(func(_ context.Context, op Operator) (Report, error) {
				if op.Facts().Plan == nil {
					return Report{}, errors.New("apply without a plan")
				}
				return Report{}, nil
			}),
		}
	}
	p.until("between intent", 1)
	p.until("between step", 2) // settled; the plan was not made anew yet
	var m remembered
	last := p.journal.records[len(p.journal.records)-1]
	if raw, err := p.journal.blob(last.Blobs[0]); err != nil || json.Unmarshal(raw, &m) != nil || !m.Pending {
		t.Errorf("forgot that the plan is gone: %+v %v", m, err)
	}
	if r, err := p.run(0); r != OK {
		t.Errorf("%s %v", r, err)
	}
}
