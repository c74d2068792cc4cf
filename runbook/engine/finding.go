package engine

import (
	"context"
	"fmt"

	"lockstep/runbook"
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

// lookChoice is what the operator can choose when the end of an effect was not
// seen by a process that is still there.
func lookChoice() Choice {
	return Choice{
		ID: "look", Key: "l", Label: safe.Lit("find out what became of it"), Recommended: true,
		Consequence: safe.Lit("looks for evidence and shows it, then asks what to make of it; nothing is changed by looking"),
	}
}
