package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

var yesNo = []Choice{{ID: "no", Stops: true}, {ID: "yes"}}

func TestEngine_recordsIntentBeforeAndOutcomeAfterAnEffect(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	var seen []string
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) {
			seen = h.journal.kinds()
			return Ending{}, nil
		})
		return Report{}, err
	}}
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Fatal(r, err)
	}
	if want := []string{"open", "a step", "a intent"}; !slices.Equal(seen, want) {
		t.Errorf("at the effect the journal held %q", seen)
	}
	if want := []string{"open", "a step", "a intent", "a outcome", "a step", "close"}; !slices.Equal(h.journal.kinds(), want) {
		t.Errorf("at the end the journal held %q", h.journal.kinds())
	}
}

func TestEngine_startsNoEffectWithoutADurableIntent(t *testing.T) {
	h := &harness{t: t, mode: Live, journal: &memory{failAt: 3}, steps: []runbook.Step{confirm("a")}}
	called := false
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{}, func(context.Context) (Ending, error) { called = true; return Ending{}, nil })
		return Report{}, err
	}}
	if r, err := h.run(t.Context()); r != Failed || err == nil {
		t.Fatal(r, err)
	}
	if called {
		t.Error("the effect was started")
	}
}

func TestEngine_startsNoEffectInARehearsal(t *testing.T) {
	h := &harness{t: t, steps: []runbook.Step{confirm("a")}}
	called := false
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{What: safe.Lit("x")}, func(context.Context) (Ending, error) { called = true; return Ending{}, nil })
		if !errors.Is(err, ErrRehearsed) {
			t.Errorf("got %v", err)
		}
		return Report{}, err
	}}
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Fatal(r, err)
	}
	if called || h.journal.count(journal.KindIntent) != 0 {
		t.Error("a rehearsal had an effect")
	}
}

func TestEngine_leavesTheIntentOpenWhenTheEndWasNotSeen(t *testing.T) {
	for name, effect := range map[string]func(context.Context) (Ending, error){
		"said so":  func(context.Context) (Ending, error) { return Ending{}, ErrUnknown },
		"panicked": func(context.Context) (Ending, error) { panic("x") },
	} {
		t.Run(name, func(t *testing.T) {
			h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a"), confirm("b")}}
			h.answer = choose(t, map[QuestionKind]string{AskPostMortem: "stop"})
			h.do = map[string]does{
				"a": func(ctx context.Context, op Operator) (Report, error) {
					_, err := op.Effect(ctx, Intent{}, effect)
					return Report{}, err
				},
				"b": func(context.Context, Operator) (Report, error) { t.Error("went on"); return Report{}, nil },
			}
			if r, _ := h.run(t.Context()); r != Unknown {
				t.Errorf("result %q", r)
			}
			if h.journal.count(journal.KindIntent) != 1 || h.journal.count(journal.KindOutcome) != 0 {
				t.Errorf("journal %q", h.journal.kinds())
			}
		})
	}
}

func TestEngine_givesAQuestionExactlyOneAnswer(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	var mu sync.Mutex
	accepted := 0
	h.answer = func(c Console, q Question) {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := c.Answer(Answer{Question: q.ID, Choice: "yes"}); err == nil {
					mu.Lock()
					accepted++
					mu.Unlock()
				} else if !errors.Is(err, ErrAnswered) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Ask(ctx, Question{Kind: AskConfirm, Choices: yesNo})
		return Report{}, err
	}}
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Fatal(r, err)
	}
	if accepted != 1 || h.journal.count(journal.KindDecision) != 1 {
		t.Errorf("%d answers accepted, %d recorded", accepted, h.journal.count(journal.KindDecision))
	}
}

func TestEngine_refusesAnswersThatWillNotDo(t *testing.T) {
	q := Question{Kind: AskConfirm, Digest: "d", Choices: []Choice{
		{ID: "no", Stops: true},
		{ID: "off", Disabled: safe.Lit("not read to the end")},
		{ID: "item", NeedsItem: true},
		{ID: "reason", NeedsReason: true},
		{ID: "typed", Typed: "production"},
		{ID: "yes"},
	}, Check: func(a Answer) error {
		if a.Item == "bad" {
			return errors.New("bad item")
		}
		return nil
	}}
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.answer = func(c Console, q Question) {
		for _, x := range []struct {
			a    Answer
			want string
		}{
			{Answer{Choice: "maybe"}, `"maybe" is not one of the choices`},
			{Answer{Choice: "off"}, "not read to the end"},
			{Answer{Choice: "item"}, "nothing is chosen"},
			{Answer{Choice: "reason", Reason: " \t"}, "a reason is needed; it is recorded"},
			{Answer{Choice: "typed", Typed: "prod"}, `type "production" to say yes`},
			{Answer{Choice: "yes", Digest: "other"}, "the answer is for something that was not shown"},
			{Answer{Choice: "item", Item: "bad", Digest: "d"}, "bad item"},
		} {
			x.a.Question = q.ID
			var refused *RefusedError
			if err := c.Answer(x.a); !errors.As(err, &refused) || refused.Why != x.want {
				t.Errorf("%+v: got %v, want %q", x.a, err, x.want)
			}
		}
		if err := c.Answer(Answer{Question: q.ID, Choice: "no"}); err != nil {
			t.Error(err)
		}
	}
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Ask(ctx, q)
		return Report{}, err
	}}
	if r, _ := h.run(t.Context()); r != Declined {
		t.Errorf("result %q", r)
	}
}

func TestEngine_failureMenuRetriesAcceptsAndStops(t *testing.T) {
	for _, c := range []struct {
		choices []string
		result  Result
		calls   int
	}{
		{[]string{"stop"}, Failed, 1},
		{[]string{"retry", "retry", "accept"}, OK, 3},
	} {
		calls := 0
		h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
		left := c.choices
		h.answer = func(con Console, q Question) {
			choose(t, map[QuestionKind]string{AskFailure: left[0]})(con, q)
			left = left[1:]
		}
		h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) {
			calls++
			return Report{}, &Problem{Err: errors.New("no"), Acceptable: true}
		}}
		if r, _ := h.run(t.Context()); r != c.result || calls != c.calls {
			t.Errorf("%q: result %q after %d calls", c.choices, r, calls)
		}
	}
}

func TestEngine_onFailureStopAsksNothing(t *testing.T) {
	s := confirm("a")
	s.OnFailure = runbook.FailureStops
	h := &harness{t: t, mode: Live, steps: []runbook.Step{s}}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) { return Report{}, errors.New("no") }}
	if r, _ := h.run(t.Context()); r != Failed || h.journal.count(journal.KindQuestion) != 0 {
		t.Errorf("result %q, journal %q", r, h.journal.kinds())
	}
}

func each(children ...runbook.Step) runbook.Step {
	return runbook.Step{ID: "each", Position: "1", EachChange: children}
}

// rounds is a plan with n changes and an apply that takes one.
func rounds(n int) map[string]does {
	left := n
	return map[string]does{
		"plan": func(_ context.Context, op Operator) (Report, error) {
			f := op.Facts()
			f.PlanEmpty = left == 0
			if left > 0 {
				f.Plan = &Planned{Change: plan.Change{ID: fmt.Sprint("c", left)}}
				f.Remaining = left - 1
			}
			return Report{}, nil
		},
		"apply": func(_ context.Context, op Operator) (Report, error) {
			left--
			op.Facts().Applied = append(op.Facts().Applied, ChangeDone{ID: op.Facts().Plan.Change.ID, Result: OK})
			return Report{}, nil
		},
	}
}

func eachSteps() []runbook.Step {
	return []runbook.Step{each(
		runbook.Step{ID: "plan", Plan: &runbook.Plan{}},
		runbook.Step{ID: "apply", Apply: &runbook.Apply{}},
	)}
}

func TestEngine_eachChangeGoesOnUntilThePlanIsEmpty(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps(), do: rounds(3)}
	h.answer = choose(t, map[QuestionKind]string{AskNext: "continue"})
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Fatal(r, err)
	}
	last := h.events[len(h.events)-1].Event.(RunFinished)
	if len(last.Summary.Changes) != 3 || !last.Summary.PlanEmpty {
		t.Errorf("summary %+v", last.Summary)
	}
	if n := h.journal.count(journal.KindQuestion); n != 2 {
		t.Errorf("asked %d times between 3 changes", n)
	}
}

func TestEngine_eachChangeCanStopBetweenTwoChanges(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps(), do: rounds(3)}
	h.answer = choose(t, map[QuestionKind]string{AskNext: "stop"})
	if r, _ := h.run(t.Context()); r != Stopped {
		t.Errorf("result %q", r)
	}
	if n := len(h.engine.facts.Applied); n != 1 {
		t.Errorf("%d changes were applied", n)
	}
}

func TestEngine_saysWhenTheConfigurationDoesNotSettle(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: eachSteps()}
	h.do = rounds(1)
	h.do["plan"] = func(_ context.Context, op Operator) (Report, error) {
		op.Facts().Plan = &Planned{Change: plan.Change{ID: "same"}}
		return Report{}, nil
	}
	h.answer = choose(t, map[QuestionKind]string{AskNext: "stop"})
	if r, _ := h.run(t.Context()); r != Stopped {
		t.Errorf("result %q", r)
	}
	if n := len(h.engine.facts.Applied); n != 2 {
		t.Errorf("%d changes were applied", n)
	}
}

func TestEngine_stopSoonStartsNothingNew(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a"), confirm("b")}}
	h.do = map[string]does{
		"a": func(context.Context, Operator) (Report, error) { h.engine.Interrupt(StopSoon); return Report{}, nil },
		"b": func(context.Context, Operator) (Report, error) { t.Error("started"); return Report{}, nil },
	}
	if r, _ := h.run(t.Context()); r != Stopped {
		t.Errorf("result %q", r)
	}
}

func TestEngine_cancelEndsAnOpenQuestionWithoutAnAnswer(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.answer = func(c Console, q Question) {
		c.Interrupt(CancelNow)
	}
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Ask(ctx, Question{Kind: AskConfirm, Choices: yesNo})
		return Report{}, err
	}}
	if r, _ := h.run(t.Context()); r != Stopped {
		t.Errorf("result %q", r)
	}
	if got := h.journal.decided(t); !slices.Equal(got, []string{"interrupt cancel"}) || h.journal.count(journal.KindRefusal) != 1 {
		t.Errorf("journal %q", h.journal.kinds())
	}
}

func TestEngine_nobodyThereMeansNo(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a")}}
	h.answer = func(c Console, q Question) { c.Interrupt(Abandon) }
	ended := false
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{}, func(ctx context.Context) (Ending, error) {
			h.engine.Interrupt(Abandon)
			ended = ctx.Err() == nil
			return Ending{}, nil
		})
		if err != nil {
			return Report{}, err
		}
		_, err = op.Ask(ctx, Question{Kind: AskConfirm, Choices: yesNo})
		return Report{}, err
	}}
	if r, _ := h.run(t.Context()); r != Stopped || !ended {
		t.Errorf("result %q, the effect could end: %v", r, ended)
	}
	if got := h.journal.decided(t); h.journal.count(journal.KindOutcome) != 1 || !slices.Equal(got, []string{"interrupt abandon"}) {
		t.Errorf("journal %q", h.journal.kinds())
	}
}

func TestEngine_timeoutCountsWorkAndNotThinking(t *testing.T) {
	s := confirm("a")
	s.Timeout = runbook.Duration(20 * time.Millisecond)
	s.OnFailure = runbook.FailureStops
	h := &harness{t: t, mode: Live, steps: []runbook.Step{s}}
	thought := make(chan struct{})
	h.answer = func(c Console, q Question) {
		// The limit passes while the question is open.
		time.AfterFunc(60*time.Millisecond, func() {
			close(thought)
			if err := c.Answer(Answer{Question: q.ID, Choice: "yes"}); err != nil {
				t.Error(err)
			}
		})
	}
	h.do = map[string]does{"a": func(ctx context.Context, op Operator) (Report, error) {
		if _, err := op.Ask(ctx, Question{Kind: AskConfirm, Choices: yesNo}); err != nil {
			return Report{}, err
		}
		<-thought
		<-ctx.Done()
		return Report{}, ctx.Err()
	}}
	r, err := h.run(t.Context())
	if r != Failed || err == nil || !strings.Contains(err.Error(), "timeout of 20ms") {
		t.Errorf("%q, %v", r, err)
	}
}

func TestEngine_aPanicInAStepIsAFailure(t *testing.T) {
	s := confirm("a")
	s.OnFailure = runbook.FailureStops
	h := &harness{t: t, mode: Live, steps: []runbook.Step{s}}
	h.do = map[string]does{"a": func(context.Context, Operator) (Report, error) { panic("boom") }}
	if r, err := h.run(t.Context()); r != Failed || !strings.Contains(err.Error(), "boom") {
		t.Errorf("%q, %v", r, err)
	}
}

func TestEngine_isDoneWhenThereIsNothingToDo(t *testing.T) {
	h := &harness{t: t, mode: Live, steps: []runbook.Step{confirm("a"), confirm("b")}}
	h.do = map[string]does{
		"a": func(context.Context, Operator) (Report, error) {
			return Report{}, fmt.Errorf("%w: production has it all", ErrNothingToDo)
		},
		"b": func(context.Context, Operator) (Report, error) { t.Error("went on"); return Report{}, nil },
	}
	if r, err := h.run(t.Context()); r != OK || err != nil {
		t.Errorf("%s, %v", r, err)
	}
	var step StepFinished
	var run RunFinished
	for _, e := range h.events {
		switch ev := e.Event.(type) {
		case StepFinished:
			step = ev
		case RunFinished:
			run = ev
		}
	}
	if step.Result != Skipped || run.Summary.Sentence.String() != "Nothing to deploy: production has it all." {
		t.Errorf("step %+v, run %+v", step, run)
	}
	var body journal.CloseBody
	if err := json.Unmarshal(h.journal.records[len(h.journal.records)-1].Body, &body); err != nil || body.Result != "done" {
		t.Errorf("closed with %+v, %v", body, err)
	}
}
