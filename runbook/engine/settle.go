package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// ResultRepeat is the outcome of an effect of which nobody knows whether it
// happened, and which is done again because that does no harm.
const ResultRepeat Result = "repeat"

// The verdicts of effects whose step cannot look for itself.
const (
	verdictRecorded   = "recorded"   // the outcome was recorded, the end of the step was not
	verdictRepeatable = "repeatable" // nobody knows, and it may be done again
	verdictNobody     = "unknown"    // nobody knows
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
		switch {
		case errors.Is(err, ErrUnknown), errors.Is(err, errJournal):
			return err
		case err != nil:
			return fmt.Errorf("%w (%w)", errUnsettled, err)
		case then != ThenDone && then != ThenAgain:
			return errUnsettled
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

// find returns the step with an id.
func find(steps []runbook.Step, id string) (runbook.Step, bool) {
	for _, s := range steps {
		if s.ID == id {
			return s, true
		}
		if child, ok := find(s.EachChange, id); ok {
			return child, true
		}
	}
	return runbook.Step{}, false
}

// settleOne settles one effect. It looks again as long as that is what the
// operator wants.
func (e *Engine) settleOne(ctx context.Context, s runbook.Step, u Unsettled) (Then, error) {
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
			return "", errUnsettled
		default:
			return way.Then, e.recordSettled(op, u, f, way.Ending, way.Learn)
		}
	}
}

// reconcile asks the step, or finds what can be said without it.
func (e *Engine) reconcile(ctx context.Context, s runbook.Step, op *desk, u Unsettled) (f Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: internal error: %v", ErrUnknown, r)
		}
	}()
	if r, ok := e.steps[s.ID].(Reconciler); ok {
		return r.Reconcile(ctx, op, u)
	}
	return e.plainFinding(u), nil
}

// plainFinding is what can be said of an effect whose step cannot look for itself.
func (e *Engine) plainFinding(u Unsettled) Finding {
	switch o := u.Outcome; {
	case o != nil && o.Result == string(OK) && u.Effect == runbook.EffectIrreversible:
		return Finding{Verdict: verdictRecorded, Sure: true, Then: ThenDone}
	case o != nil:
		return Finding{Verdict: verdictRecorded, Sure: true, Then: ThenAgain}
	case u.Effect != runbook.EffectIrreversible:
		return Finding{
			Verdict: verdictRepeatable, Sure: true, Then: ThenAgain, Ending: Ending{Result: ResultRepeat},
			Found: safe.Lit("it may have happened; it can be done again without harm, so the step starts again"),
		}
	}
	again := Choice{
		ID: "again", Key: "g", Label: safe.Lit("it did not happen: start the step again"), NeedsReason: true, Irreversible: true,
		Typed: e.run.Environment.Name, Consequence: safe.Lit("the step asks before it does anything; if it did happen after all, it happens twice"),
	}
	return Finding{
		Verdict: verdictNobody, Found: safe.Lit("nothing here can tell whether it happened"),
		Choices: []Settling{
			{Choice: stopSettling(), Then: ThenStop},
			{Choice: doneSettling(), Then: ThenDone, Ending: Ending{Result: OK}},
			{Choice: again, Then: ThenAgain, Ending: Ending{Result: Failed}},
		},
	}
}

// stopSettling is the safe choice of every settlement.
func stopSettling() Choice {
	return Choice{
		ID: "stop", Key: "s", Label: safe.Lit("leave it unknown and stop here"), Stops: true, Recommended: true,
		Consequence: safe.Lit("nothing is done; look at the live service, then lockstep resume asks again"),
	}
}

func doneSettling() Choice {
	return Choice{
		ID: "done", Key: "d", Label: safe.Lit("I looked: it happened"), NeedsReason: true,
		Consequence: safe.Lit("the step counts as done and the run goes on; the reason is recorded"),
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
	for k, v := range f.Facts {
		facts[k] = v
	}
	for k, v := range end.Facts {
		facts[k] = v
	}
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
	for k, v := range f.Facts {
		facts[k] = v
	}
	return facts
}

// resume writes the first record of a run's next process and takes up what the
// one before knew.
func (e *Engine) resume() error {
	p := e.cfg.Past
	if err := failpoint.Hit("resume.scan"); err != nil {
		return err
	}
	e.recall(p)
	body := journal.ResumeBody{After: p.Last, Why: safe.Lit("the process that ran it ended without closing it")}
	for _, u := range p.Unsettled {
		if u.Outcome == nil {
			body.Unsettled = append(body.Unsettled, u.Seq)
		}
	}
	if _, err := e.append("", 0, journal.KindResume, body); err != nil {
		return fmt.Errorf("the journal cannot be written, so nothing was resumed: %w", err)
	}
	return nil
}

// check refuses a past that is not one of this run.
func (p *Past) check(c Config) error {
	switch {
	case p.Closed:
		return fmt.Errorf("run %s is closed", safe.Show(p.Run))
	case p.Run != c.Run, p.Environment != c.Environment, p.Mode != c.Mode:
		return fmt.Errorf("run %s was another one: %s of %s", safe.Show(p.Run), safe.Show(string(p.Mode)), safe.Show(p.Environment))
	case p.Digest != c.Runbook.Digest:
		return errors.New("the runbook is not the one that the run was started with")
	}
	return nil
}

// lookChoice is what the operator can choose when the end of an effect was not
// seen by a process that is still there.
func lookChoice() Choice {
	return Choice{
		ID: "look", Key: "l", Label: safe.Lit("find out what became of it"), Recommended: true,
		Consequence: safe.Lit("looks for evidence and shows it, then asks what to make of it; nothing is changed by looking"),
	}
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
		switch {
		case errors.Is(err, ErrUnknown), errors.Is(err, errJournal):
			return false, err
		case err != nil:
			return false, fmt.Errorf("%w (%w)", errUnsettled, err)
		}
		again = again || then == ThenAgain
	}
	if again {
		return true, nil
	}
	return false, errAccepted
}
