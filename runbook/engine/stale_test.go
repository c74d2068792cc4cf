package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/journal"
)

// Before the pin is written a resumed run looks again: days may have passed since
// the plan was empty and the verification passed. Nothing with an effect is repeated.
func TestEngine_looksAgainBeforeThePin(t *testing.T) {
	verify := runbook.Step{ID: "check", Position: "3", Verify: &runbook.Verify{}}
	inner := []runbook.Step{
		{ID: "plan", Position: "2.1", Plan: &runbook.Plan{}},
		{ID: "apply", Position: "2.2", Apply: &runbook.Apply{}},
		{ID: "verify", Position: "2.3", Verify: &runbook.Verify{}},
	}
	steps := []runbook.Step{
		confirm("first"),
		{ID: "each", Position: "2", EachChange: inner},
		verify, confirm("tell"),
		{ID: "pin", Position: "5", RecordPin: &runbook.RecordPin{}},
	}
	var looks []string // of the process that runs
	_, base := deployment(2)
	kit := func(effects *[]string) map[string]Step {
		m := base(effects)
		noting := func(id string, s Step) Step {
			return does(func(ctx context.Context, op Operator) (Report, error) {
				looks = append(looks, id)
				return s.Run(ctx, op)
			})
		}
		m["plan"], m["verify"] = noting("plan", m["plan"]), noting("verify", m["verify"])
		m["check"], m["tell"] = noting("check", m["verify"]), causes(effects, "tell", runbook.EffectRepeatable)
		pin := causes(effects, "pin", runbook.EffectRepeatable)
		m["pin"] = does(func(ctx context.Context, op Operator) (Report, error) {
			if f := op.Facts(); !f.PlanEmpty || !f.Verified || len(f.Applied) != 2 || f.Round != 0 {
				return Report{}, fmt.Errorf("not finished: %+v", f)
			}
			return pin.Run(ctx, op)
		})
		return m
	}
	for record, want := range map[string]string{
		"tell intent": "plan check verify", // the last verification and the last plan, and neither of the rounds
		"pin step":    "plan check verify",
		"pin intent":  "", // the pin may be written in part
	} {
		p := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit}
		p.until(record, 1)
		looks = nil
		if r, err := p.run(0); r != OK {
			t.Errorf("%s: %s %v", record, r, err)
		}
		if got := strings.Join(looks, " "); got != want {
			t.Errorf("%s: looked by %q, want %q", record, got, want)
		}
		for _, e := range []string{"apply 1", "apply 2", "first"} {
			if n := len(slices.DeleteFunc(slices.Clone(p.effects), func(x string) bool { return x != e })); n != 1 {
				t.Errorf("%s: %s happened %d times", record, e, n)
			}
		}
		if p.journal.count(journal.KindClose) != 1 {
			t.Errorf("%s: %q", record, p.journal.kinds())
		}
	}
}
