package engine

import (
	"context"
	"errors"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// eachChange repeats steps, one change at a time, until the plan is empty.
// Between two changes the operator may stop; then nothing is under way, and the
// pin has not moved.
func (e *Engine) eachChange(ctx context.Context, s runbook.Step) (err error) {
	if e.before(s) {
		return nil
	}
	if err := e.mayStart(ctx); err != nil {
		return err
	}
	if e.facts.Round == 0 { // else an earlier process was in the middle of a round
		e.rounds = cycle{Applied: len(e.facts.Applied)}
		e.facts.Round = 1
		e.forget(s.EachChange)
	}
	e.attempts[s.ID] = 1
	if _, err := e.append(s.ID, 1, journal.KindStep, stepBody(s, stepStarted, safe.Text{})); err != nil {
		return err
	}
	e.stream.publish(s.ID, StepStarted{ID: s.ID, Attempt: 1})
	defer func() {
		result, text := e.resultOf(err), safe.Sprintf("%d changes", e.rounds.Done)
		if e.rounds.Done == 1 {
			text = safe.Lit("1 change")
		}
		if result == OK {
			e.facts.Round = 0
		}
		// A round that did not end is remembered, for the case that the run is resumed.
		err = errors.Join(err, e.finish(s, 1, result, text))
		e.facts.Round = 0
	}()
	for ; ; e.facts.Round++ {
		e.stream.publish(s.ID, RoundStarted{ID: s.ID, Round: e.facts.Round})
		for _, child := range s.EachChange {
			if err := e.step(ctx, child); err != nil {
				return err
			}
			if child.Kind() != runbook.KindPlan {
				continue
			}
			if e.facts.PlanEmpty {
				return nil
			}
		}
		e.rounds.Done++
		if err := e.next(ctx, s, e.repeated(e.rounds.Applied)); err != nil {
			return err
		}
		e.rounds.Applied = len(e.facts.Applied)
		e.forget(s.EachChange)
	}
}

// forget makes the steps of a round ones that are still to be done.
func (e *Engine) forget(steps []runbook.Step) {
	for _, s := range steps {
		delete(e.done, s.ID)
	}
}

// repeated reports whether one of the applies from number n on did what an
// earlier one of the run had done already.
func (e *Engine) repeated(n int) bool {
	well := func(c ChangeDone) bool { return c.Result == OK || c.Result == "" }
	return slices.ContainsFunc(e.facts.Applied[n:], func(c ChangeDone) bool {
		return well(c) && slices.ContainsFunc(e.facts.Applied[:n], func(b ChangeDone) bool { return well(b) && b.ID == c.ID })
	})
}

// next asks whether to go on, when another change is known to follow or the one
// before was not the first with its content.
func (e *Engine) next(ctx context.Context, s runbook.Step, again bool) error {
	if err := e.mayStart(ctx); err != nil {
		return err
	}
	if e.facts.Remaining == 0 && !again {
		return nil
	}
	q := Question{
		Kind:  AskNext,
		Title: safe.Sprintf("change %d is done; go on with the next one?", e.facts.Round),
		Choices: []Choice{
			{
				ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true,
				Consequence: safe.Lit("what is applied stays and is verified; the pin does not move until the rest is done"),
			},
			{
				ID: "continue", Key: "c", Label: safe.Lit("go on"), Recommended: !again, NeedsReason: again,
				Consequence: safe.Lit("plans afresh; nothing is applied before you have seen it"),
			},
		},
	}
	if n := e.facts.Remaining; n > 0 {
		q.Body = append(q.Body, safe.Sprintf("%d more to go, as far as the last plan says.", n))
	}
	if again {
		q.Body = append(q.Body, safe.Lit("The same change was applied before in this run: the configuration does not settle, and going on may never end."))
	}
	op := &desk{engine: e, step: s.ID, attempt: e.facts.Round, timer: newTimer(ctx, 0)}
	defer op.timer.cancel()
	_, err := op.Ask(ctx, q)
	if errors.Is(err, ErrDeclined) {
		return ErrStopped
	}
	return err
}
