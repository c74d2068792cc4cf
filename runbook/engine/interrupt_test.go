package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// effect is a step that has one effect after an interrupt came.
func (h *harness) effect(kind runbook.Effect, how ...Interrupt) *int {
	calls := 0
	h.steps = []runbook.Step{confirm("a"), confirm("b")}
	h.do = map[string]does{
		"a": func(ctx context.Context, op Operator) (Report, error) {
			for _, x := range how {
				h.engine.Interrupt(x)
			}
			_, err := op.Effect(ctx, Intent{Effect: kind, What: safe.Lit("x")}, func(context.Context) (Ending, error) {
				calls++
				return Ending{}, nil
			})
			return Report{}, err
		},
		"b": func(context.Context, Operator) (Report, error) { h.t.Error("went on"); return Report{}, nil },
	}
	return &calls
}

func TestEngine_startsNoEffectAfterItsOperatorHasGoneOrWantsToStop(t *testing.T) {
	for _, c := range []struct {
		kind runbook.Effect
		how  []Interrupt
		want int
	}{
		{runbook.EffectIrreversible, []Interrupt{Abandon}, 0},
		{runbook.EffectRepeatable, []Interrupt{Abandon}, 0},
		{runbook.EffectIrreversible, []Interrupt{Abandon, GoOn}, 0},
		{runbook.EffectIrreversible, []Interrupt{StopSoon}, 0},
		{runbook.EffectRepeatable, []Interrupt{StopSoon}, 1},
	} {
		h := &harness{t: t, mode: Live}
		calls := h.effect(c.kind, c.how...)
		if r, _ := h.run(t.Context()); r != Stopped || *calls != c.want {
			t.Errorf("%s after %q: result %q, started %d times", c.kind, c.how, r, *calls)
		}
		if n := h.journal.count(journal.KindIntent); n != c.want {
			t.Errorf("%s after %q: %d intents", c.kind, c.how, n)
		}
		if n := h.journal.count(journal.KindRefusal); n != 1-c.want {
			t.Errorf("%s after %q: %d refusals", c.kind, c.how, n)
		}
	}
}

func TestEngine_goOnTakesAStopBack(t *testing.T) {
	h := &harness{t: t, mode: Live}
	calls := h.effect(runbook.EffectIrreversible, StopSoon, GoOn)
	h.do["b"] = func(context.Context, Operator) (Report, error) { return Report{}, nil }
	if r, err := h.run(t.Context()); r != OK || *calls != 1 {
		t.Error(r, err, *calls)
	}
}

func TestEngine_aFailureThatNobodyAnswersIsAFailure(t *testing.T) {
	for _, how := range []Interrupt{Abandon, CancelNow} {
		h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
		h.answer = func(c Console, _ Question) { c.Interrupt(how) }
		h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) { return Report{}, errors.New("broken") }}
		r, err := h.run(t.Context())
		if r != Failed || errors.Is(err, ErrStopped) || !strings.Contains(fmt.Sprint(err), "broken") {
			t.Errorf("%s: result %q: %v", how, r, err)
		}
	}
}

func TestEngine_aFailureToRecordCountsMoreThanAStop(t *testing.T) {
	h := &harness{t: t, mode: Live, journal: &memory{failAt: 3}, steps: []runbook.Step{confirm("a")}}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) { return Report{}, ErrStopped }}
	if r, err := h.run(t.Context()); r != Failed || err == nil {
		t.Error(r, err)
	}
}

func TestEngine_aStepCancelledByItselfHasFailed(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.answer = choose(t, map[QuestionKind]string{AskFailure: "stop"})
	h.do = map[string]does{"a": func(ctx context.Context, _ Operator) (Report, error) {
		return Report{}, fmt.Errorf("ask a server: %w", context.Canceled)
	}}
	if r, err := h.run(t.Context()); r != Failed || err == nil {
		t.Error(r, err)
	}
}

func TestEngine_aTimeoutIsAFailureWhateverTheStepSays(t *testing.T) {
	s := confirm("a")
	s.Timeout = runbook.Duration(time.Millisecond)
	h := &harness{t: t, mode: Live, steps: []runbook.Step{s}}
	h.answer = choose(t, map[QuestionKind]string{AskFailure: "stop"})
	h.do = map[string]does{"a": func(ctx context.Context, _ Operator) (Report, error) {
		<-ctx.Done()
		return Report{}, fmt.Errorf("%w: %w", context.Cause(ctx), ctx.Err())
	}}
	if r, err := h.run(t.Context()); r != Failed || err == nil {
		t.Error(r, err)
	}
}

func TestEngine_asksNothingMoreAboutAFailureThatWasGivenUp(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) {
		return Report{}, fmt.Errorf("%w: broken", ErrGivenUp)
	}}
	if r, _ := h.run(t.Context()); r != Failed || h.journal.count(journal.KindQuestion) != 0 {
		t.Errorf("result %q, journal %q", r, h.journal.kinds())
	}
}

func TestEngine_numbersEveryStartOfAStepAnew(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps(), do: rounds(2)}
	plans, apply := 0, h.do["apply"]
	h.do["apply"] = func(ctx context.Context, op Operator) (Report, error) {
		if plans++; plans == 1 {
			return Report{}, errors.New("broken")
		}
		return apply(ctx, op)
	}
	h.answer = choose(t, map[QuestionKind]string{AskNext: "continue", AskFailure: "retry"})
	if r, err := h.run(t.Context()); r != OK {
		t.Fatal(r, err)
	}
	var got []int
	for _, e := range h.events {
		if s, ok := e.Event.(StepStarted); ok && s.ID == "apply" {
			got = append(got, s.Attempt)
		}
	}
	if fmt.Sprint(got) != "[1 2 3]" {
		t.Errorf("attempts %v", got)
	}
}

func TestEngine_aChangeThatWasNotAppliedIsNoRepetition(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps()}
	left, tries := []string{"a", "b"}, 0
	h.do = map[string]does{
		"plan": func(_ context.Context, op Operator) (Report, error) {
			f := op.Facts()
			f.Plan, f.PlanEmpty, f.Remaining = nil, len(left) == 0, len(left)-1
			if len(left) > 0 {
				f.Plan = &Planned{Change: plan.Change{ID: left[0]}}
			}
			return Report{}, nil
		},
		"apply": func(_ context.Context, op Operator) (Report, error) {
			// The apply of a fails, and another change is taken instead of it.
			done := ChangeDone{ID: op.Facts().Plan.Change.ID, Result: OK}
			if tries++; tries == 1 {
				done.Result = Failed
				op.Facts().Applied = append(op.Facts().Applied, done)
				op.Facts().Plan.Change.ID = "b"
				return Report{}, errors.New("broken")
			}
			left = left[:1]
			if done.ID == "a" {
				left = nil
			}
			op.Facts().Applied = append(op.Facts().Applied, done)
			return Report{}, nil
		},
	}
	h.answer = func(c Console, q Question) {
		if q.Kind == AskNext && q.Choices[1].NeedsReason {
			t.Errorf("said to be a repetition: %q", q.Body)
		}
		choose(t, map[QuestionKind]string{AskNext: "continue", AskFailure: "retry"})(c, q)
	}
	if r, err := h.run(t.Context()); r != OK {
		t.Error(r, err)
	}
}

func TestEngine_aRepetitionGoesOnOnlyWithAReason(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps(), do: rounds(1)}
	h.do["plan"] = func(_ context.Context, op Operator) (Report, error) {
		op.Facts().Plan = &Planned{Change: plan.Change{ID: "same"}}
		return Report{}, nil
	}
	h.answer = func(c Console, q Question) {
		var refused *RefusedError
		if err := c.Answer(Answer{Question: q.ID, Choice: "continue"}); !errors.As(err, &refused) {
			t.Errorf("a script may go on for ever: %v", err)
			c.Interrupt(CancelNow)
			return
		}
		choose(t, map[QuestionKind]string{AskNext: "stop"})(c, q)
	}
	if r, _ := h.run(t.Context()); r != Stopped || len(h.engine.facts.Applied) != 2 {
		t.Errorf("result %q after %d applies", r, len(h.engine.facts.Applied))
	}
}

func TestEngine_keepsTheWorkFolderAndWhatWasSeenWhenTheEndIsNotKnown(t *testing.T) {
	for _, unknown := range []bool{false, true} {
		h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
		h.answer = choose(t, map[QuestionKind]string{AskPostMortem: "stop"})
		var dir string
		h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
			dir = op.Run().WorkDir
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return Report{}, err
			}
			_, err := op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) {
				end := Ending{Facts: map[string]any{"exit": -1}, Blobs: []Blob{{Name: "log", Data: []byte("seen")}}}
				if unknown {
					return end, ErrUnknown
				}
				return end, nil
			})
			return Report{}, err
		}}
		if r, err := h.run(t.Context()); (r == Unknown) != unknown {
			t.Error(r, err)
		}
		if _, err := os.Stat(dir); (err == nil) != unknown {
			t.Errorf("unknown %t: the work folder: %v", unknown, err)
		}
		evidence, outcomes := h.journal.count(journal.KindEvidence), h.journal.count(journal.KindOutcome)
		if unknown && (evidence != 1 || outcomes != 0) || !unknown && (evidence != 0 || outcomes != 1) {
			t.Errorf("unknown %t: journal %q", unknown, h.journal.kinds())
		}
	}
}

// Who wants the run to end is recorded once, and so is who takes that back; before
// the run and after it nothing is.
func TestEngine_recordsWhoInterrupted(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	bo := journal.Actor{Name: "bo"}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) {
		for _, how := range []Interrupt{GoOn, StopSoon, StopSoon, GoOn, CancelNow, CancelNow, StopSoon} {
			h.engine.InterruptAs(bo, how)
		}
		return Report{}, ErrStopped
	}}
	if r, _ := h.run(t.Context()); r != Stopped {
		t.Errorf("result %q", r)
	}
	h.engine.InterruptAs(bo, Abandon)
	if got := h.journal.decided(t); !slices.Equal(got, []string{"interrupt stop", "interrupt go on", "interrupt cancel"}) {
		t.Errorf("recorded are %q", got)
	}
	for _, r := range h.journal.records {
		if r.Kind == journal.KindDecision && r.Actor != bo {
			t.Errorf("%s is by %+v", r.Kind, r.Actor)
		}
	}
	if last := h.journal.records[len(h.journal.records)-1]; last.Kind != journal.KindClose {
		t.Errorf("the last record is %q", last.Kind)
	}
}

// While a cancelled run waits for what is under way, its probes go on measuring.
func TestEngine_measuresWhileACancelledEffectEnds(t *testing.T) {
	measured := make(chan struct{})
	p := &proberFunc{name: "site", run: func(ctx context.Context, tell func(ProbeMeasured)) {
		for {
			select {
			case <-ctx.Done():
				return
			case measured <- struct{}{}:
				tell(ProbeMeasured{Probe: "site", Outcome: Pass})
			}
		}
	}}
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}, probers: []Prober{p}}
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{Effect: runbook.EffectIrreversible}, func(ctx context.Context) (Ending, error) {
			h.engine.InterruptAs(journal.Actor{Name: "a signal"}, CancelNow)
			<-ctx.Done()
			for range 3 {
				<-measured
			}
			return Ending{Result: Stopped}, context.Cause(ctx)
		})
		return Report{}, err
	}}
	result, err := h.run(t.Context())
	if result != Stopped || err == nil || err.Error() != "stopped by a signal" {
		t.Error(result, err)
	}
}

type proberFunc struct {
	name string
	run  func(context.Context, func(ProbeMeasured))
}

func (p *proberFunc) Outline() ProbeOutline { return ProbeOutline{Name: p.name} }

func (p *proberFunc) Run(ctx context.Context, tell func(ProbeMeasured)) { p.run(ctx, tell) }
