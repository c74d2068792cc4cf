package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
)

// errUnsettled says that the run stays as it is, because the operator does not
// know yet what became of an effect.
var errUnsettled = fmt.Errorf("%w: it stays unknown until somebody says what became of it", ErrUnknown)

// settle finds out what became of the effects that a dead process left behind,
// and has the operator say what nothing else can tell.
func (e *Engine) settle(ctx context.Context) error {
	ways := map[string]Then{}
	for _, u := range e.cfg.Past.Unsettled {
		s, ok := find(e.cfg.Runbook.Steps, u.Step)
		if !ok {
			return fmt.Errorf("%w: the runbook has no step %q any more, which started: %s", ErrUnknown, safe.Show(u.Step), u.What)
		}
		then, err := e.settleOne(ctx, s, u)
		if err != nil {
			return err
		}
		if ways[u.Step] != ThenAgain {
			ways[u.Step] = then
		}
	}
	// First all, then one record after the other: each of them holds what is known of all.
	text := safe.Lit("its end was found out on resuming")
	for id, then := range ways {
		delete(e.done, id)
		if then == ThenDone {
			e.done[id] = ended{OK, text}
		}
	}
	for id, then := range ways {
		if then != ThenDone {
			continue
		}
		s, _ := find(e.cfg.Runbook.Steps, id)
		if err := e.finish(s, e.attempts[id], OK, text); err != nil {
			return err
		}
	}
	return nil
}

// settleOne settles one effect: its step is done, or starts again. Whatever keeps
// it from being settled is an error that says so, or that nothing can be recorded.
func (e *Engine) settleOne(ctx context.Context, s runbook.Step, u Unsettled) (Then, error) {
	then, err := e.settleUntil(ctx, s, u)
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, errJournal):
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w (%w)", errUnsettled, err)
	case then != ThenDone && then != ThenAgain:
		return "", errUnsettled
	}
	return then, nil
}

// settleUntil looks, and asks what to make of it, again and again as long as that is
// what the operator wants.
func (e *Engine) settleUntil(ctx context.Context, s runbook.Step, u Unsettled) (Then, error) {
	op := &desk{engine: e, step: s.ID, attempt: u.Attempt, timer: newTimer(ctx, 0)}
	defer op.timer.cancel()
	for {
		if err := failpoint.Hit("resume.reconcile"); err != nil {
			return "", err
		}
		f, err := e.reconcile(ctx, s, op, u)
		if err != nil {
			return "", err
		}
		if f.Sure {
			return f.Then, e.recordSettled(op, u, f, f.Ending, f.Learn)
		}
		if err := op.Evidence(safe.Sprintf("looked for what became of it: %s", f.Found), settleFacts(u, f), f.Blobs...); err != nil {
			return "", err
		}
		way, err := e.askSettle(ctx, op, u, f)
		if err != nil {
			return "", err
		}
		if way.Do != nil {
			if err := way.Do(ctx, op); err != nil {
				if ctx.Err() != nil || errors.Is(err, errJournal) || errors.Is(err, ErrUnknown) {
					return "", err
				}
				e.stream.publish(s.ID, Warned{safe.Show(oneLine(err))})
				continue
			}
		}
		switch way.Then {
		case ThenLook:
		case ThenStop:
			return ThenStop, nil
		default:
			return way.Then, e.recordSettled(op, u, f, way.Ending, way.Learn)
		}
	}
}

// askSettle has the operator say what became of an effect.
func (e *Engine) askSettle(ctx context.Context, op *desk, u Unsettled, f Finding) (Settling, error) {
	q := Question{
		Kind:  AskSettle,
		Title: safe.Sprintf("what became of it: %s", u.What),
		Payload: Settlement{
			What: u.What, Started: u.At, By: safe.Show(u.Actor.Name + "@" + u.Actor.Host), Intent: u.Seq,
			Verdict: f.Verdict, Found: f.Found, Lines: f.Lines,
		},
	}
	for _, c := range f.Choices {
		q.Choices = append(q.Choices, c.Choice)
	}
	a, err := op.Ask(ctx, q)
	switch {
	case errors.Is(err, ErrDeclined):
		return Settling{}, errUnsettled
	case err != nil:
		return Settling{}, err
	}
	i := slices.IndexFunc(f.Choices, func(c Settling) bool { return c.Choice.ID == a.Choice })
	return f.Choices[i], nil
}

// recordSettled writes the outcome of an effect that another process started.
func (e *Engine) recordSettled(op *desk, u Unsettled, f Finding, end Ending, learn func(*Facts)) error {
	if learn != nil {
		learn(&e.facts)
	}
	e.settled = append(e.settled, u.Seq)
	if u.Outcome != nil {
		return nil // it has its outcome; only the end of the step was missing
	}
	facts := map[string]any{}
	maps.Copy(facts, f.Facts)
	maps.Copy(facts, end.Facts)
	facts["recovered"], facts["verdict"] = true, f.Verdict
	end.Facts = facts
	end.Blobs = append(slices.Clone(f.Blobs), end.Blobs...)
	if end.Detail.IsEmpty() {
		end.Detail = f.Found
	}
	if end.Result == "" {
		end.Result = OK
	}
	if err := op.recordOutcome(u.Seq, end, nil); err != nil {
		return fmt.Errorf("%w: what was found out cannot be recorded: %w", ErrUnknown, err)
	}
	return nil
}

func settleFacts(u Unsettled, f Finding) map[string]any {
	facts := map[string]any{"intent": u.Seq, "verdict": f.Verdict}
	maps.Copy(facts, f.Facts)
	return facts
}

// lookNow settles the effects of a step whose end was just not seen. It reports
// whether the step starts again; errAccepted says that the step is done.
func (e *Engine) lookNow(ctx context.Context, s runbook.Step, cause error) (again bool, _ error) {
	for _, o := range e.openOf(s.ID) {
		u, err := unsettledBy(o.intent, e.cfg.Actor)
		if err != nil {
			return false, errors.Join(cause, err)
		}
		then, err := e.settleOne(ctx, s, u)
		if err != nil {
			return false, err
		}
		again = again || then == ThenAgain
	}
	if again {
		return true, nil
	}
	return false, errAccepted
}
