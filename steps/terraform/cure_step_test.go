package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
)

// Looking for cures is an offer: when it fails the plan is as good as before. But
// what cannot be gone to its end is not recommended then.
func TestCure_thatCannotBeLookedForIsNotTheEnd(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	tool := New(p.deps())
	asked := 0
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		if asked++; asked == 1 {
			if err := os.RemoveAll(tool.session(o).work.top); err != nil {
				t.Error(err)
			}
			return engine.Answer{Choice: lookForCures}
		}
		i := slices.IndexFunc(q.Choices, func(c engine.Choice) bool { return slices.Contains(c.Tags, "recommended") })
		if i < 0 || q.Choices[i].ID != "stop" || !q.Choices[i].Recommended {
			t.Errorf("choices %+v", q.Choices)
		}
		return engine.Answer{Choice: "stop"}
	}
	o.take[engine.AskCure] = func(q engine.Question) engine.Answer {
		if n := len(q.Payload.(engine.CureReview).Cures); n > 0 {
			t.Errorf("%d cures", n)
		}
		return engine.Answer{Choice: "back"}
	}
	_, err := o.step(t.Context(), tool, runbook.KindPlan)
	if !errors.Is(err, engine.ErrDeclined) || asked != 2 || !strings.Contains(o.warnings(), "could not be looked for") {
		t.Errorf("%v after %d questions; %s", err, asked, o.warnings())
	}
}

func TestCure_anAnswerThatNamesNoneIsRefused(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	curing(o, "patch")
	o.take[engine.AskCure] = func(engine.Question) engine.Answer { return engine.Answer{Choice: "patch", Item: "another"} }
	_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
	if refused := (*engine.RefusedError)(nil); !errors.As(err, &refused) || len(o.intents) > 0 {
		t.Errorf("got %v", err)
	}
}

// forgetful cannot record how an effect ended.
type forgetful struct{ *operator }

func (f forgetful) Effect(ctx context.Context, i engine.Intent, do func(context.Context) (engine.Ending, error)) (engine.Ending, error) {
	end, err := f.operator.Effect(ctx, i, do)
	return end, errors.Join(err, fmt.Errorf("%w: the disk is full", engine.ErrUnknown))
}

func TestCure_thatCannotBeRecordedEndsTheStep(t *testing.T) {
	t.Parallel()
	p, o := newRename(t, plan.DeleteWholeName)
	p.patches = filepath.Join(p.dir, "state", "terraform.tfstate", "patches") // below a file
	curing(o, "patch", "back")
	_, err := (&planStep{New(p.deps())}).Run(t.Context(), forgetful{o})
	if !errors.Is(err, engine.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}
