package engine

import (
	"slices"

	"lockstep/runbook"
)

// lookAgain takes back what an earlier process saw of the world, when the pin
// rests on it and is not written yet: an empty plan and a verification that passed
// say nothing of the time since. Both are only looks, and change nothing.
func (e *Engine) lookAgain(steps []runbook.Step) {
	at := slices.IndexFunc(steps, func(s runbook.Step) bool { return !e.isDone(s) })
	if at < 0 || !e.pinIsDue(steps[at:]) {
		return
	}
	if s := steps[at]; s.Kind() == runbook.KindEachChange && e.facts.Round > 0 {
		// It was in the middle of a round.
		steps = s.EachChange
		if at = slices.IndexFunc(steps, func(s runbook.Step) bool { return !e.isDone(s) }); at < 0 {
			at = len(steps)
		}
	}
	for _, s := range slices.Backward(steps[:at]) {
		switch kind := s.Kind(); {
		case kind == runbook.KindVerify && e.done[s.ID].Result == OK:
			delete(e.done, s.ID)
			e.facts.Verified = false
		case kind == runbook.KindPlan && e.facts.PlanEmpty:
			delete(e.done, s.ID)
			e.facts.PlanEmpty = false
		case kind == runbook.KindEachChange && e.facts.PlanEmpty:
			// As if its last round, which finds that nothing is left, had not begun.
			delete(e.done, s.ID)
			e.forget(s.EachChange)
			e.facts.PlanEmpty, e.facts.Round = false, e.rounds.Done+1
			e.rounds.Applied = len(e.facts.Applied)
			return
		case kind == runbook.KindEachChange, kind == runbook.KindApply:
			return
		}
	}
}

func (e *Engine) isDone(s runbook.Step) bool {
	_, ok := e.done[s.ID]
	return ok
}

// pinIsDue reports whether one of the steps will write the pin and had not begun to
// when the process died: a pin that may be written in part is finished first.
func (e *Engine) pinIsDue(steps []runbook.Step) bool {
	for _, u := range e.cfg.Past.Unsettled {
		if s, ok := find(steps, u.Step); ok && s.Kind() == runbook.KindRecordPin {
			return false
		}
	}
	return slices.ContainsFunc(steps, func(s runbook.Step) bool {
		return s.Kind() == runbook.KindRecordPin && !e.isDone(s) || e.pinIsDue(s.EachChange)
	})
}
