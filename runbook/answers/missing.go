package answers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/runbook/strict"
)

// Missing returns why a run of the runbook for an environment must not start
// with these answers: questions that its steps could ask and that have no answer, and
// answers that are for no step. The places are those in the runbook.
func (a *Answers) Missing(rb *runbook.Runbook, env string) []runbook.Problem {
	m := &missing{answers: a, rb: rb, steps: map[string]runbook.Kind{}}
	if rb.Environments[env] == nil {
		m.report(runbook.Step{}, "", strict.DidYouMean(env, slices.Sorted(maps.Keys(rb.Environments))), "there is no environment %q", env)
	}
	m.each(rb.Steps)
	for _, key := range slices.Sorted(maps.Keys(a.Answers)) {
		step, kind, ofStep := cutKey(key)
		if strings.HasPrefix(kind, verdict) {
			kind = string(engine.AskSettle)
		}
		switch {
		case !slices.Contains(kinds, kind):
			m.report(runbook.Step{}, key, strict.DidYouMean(kind, kinds), "the answer %q is for no kind of question", key)
		case ofStep && m.steps[step] == "":
			m.report(runbook.Step{}, key, strict.DidYouMean(step, slices.Sorted(maps.Keys(m.steps))), "the answer %q is for a step that does not exist", key)
		case ofStep && kind == string(engine.AskSettle): // any step with an effect may have to be settled
		case ofStep && !slices.Contains(asks(m.steps[step], runbook.EffectIrreversible), engine.QuestionKind(kind)):
			m.report(runbook.Step{}, key, "", "the answer %q is for a question that the step does not ask", key)
		}
	}
	return m.problems
}

type missing struct {
	answers  *Answers
	rb       *runbook.Runbook
	steps    map[string]runbook.Kind
	problems []runbook.Problem
}

func (m *missing) report(s runbook.Step, path, hint, format string, args ...any) {
	m.problems = append(m.problems, runbook.Problem{
		File: m.rb.File, Line: max(s.Line, 1), Column: max(s.Column, 1), Path: safe.Show(path).String(),
		Text: safe.Show(fmt.Sprintf(format, args...)).String(), Suggestion: safe.Show(hint).String(),
	})
}

func (m *missing) each(steps []runbook.Step) {
	for _, s := range steps {
		m.steps[s.ID] = s.Kind()
		m.step(s)
		m.each(s.EachChange)
	}
}

func (m *missing) step(s runbook.Step) {
	var effect runbook.Effect
	if s.Command != nil {
		effect = s.Command.Effect
	}
	for _, kind := range asks(s.Kind(), effect) {
		if kind == engine.AskFailure && s.OnFailure == runbook.FailureStops {
			continue
		}
		_, answer, ok := m.answers.find(s.ID, kind)
		if kind == engine.AskCure && !ok && !m.wantsCures(s) {
			continue
		}
		switch {
		case !ok:
			m.report(s, s.ID+"/"+string(kind), fmt.Sprintf("add %s, or %s/%s for this step only", kind, s.ID, kind),
				"step %s (%s) can ask %q, and there is no answer", s.Position, s.Title(), kind)
		case strings.TrimSpace(answer.Choose) == "":
			m.report(s, s.ID+"/"+string(kind), "add choose", "step %s (%s) can ask %q, and its answer chooses nothing", s.Position, s.Title(), kind)
		}
	}
}

// wantsCures reports whether the answer to which change is next always asks for
// the ways round an outage. The answer "recommended" does so where a change is held
// back, which no runbook tells; a script without an answer is stuck then.
func (m *missing) wantsCures(s runbook.Step) bool {
	_, answer, ok := m.answers.find(s.ID, engine.AskChange)
	return ok && answer.Choose == "cures"
}

// asks returns the questions that a step of a kind can ask. The effect counts
// for a command only.
func asks(kind runbook.Kind, effect runbook.Effect) []engine.QuestionKind {
	switch kind {
	case runbook.KindPickCommit:
		return []engine.QuestionKind{engine.AskCommit, engine.AskFailure}
	case runbook.KindReviewDiff:
		return []engine.QuestionKind{engine.AskReview, engine.AskFailure}
	case runbook.KindPlan:
		return []engine.QuestionKind{engine.AskChange, engine.AskCure, engine.AskFailure}
	case runbook.KindApply:
		return []engine.QuestionKind{engine.AskApply, engine.AskFailure, engine.AskPostMortem}
	case runbook.KindVerify:
		return []engine.QuestionKind{engine.AskVerify, engine.AskFailure}
	case runbook.KindAnnounce:
		return []engine.QuestionKind{engine.AskAnnounce, engine.AskFailure, engine.AskPostMortem}
	case runbook.KindRecordPin:
		return []engine.QuestionKind{engine.AskPin, engine.AskFailure, engine.AskPostMortem}
	case runbook.KindManual:
		return []engine.QuestionKind{engine.AskManual, engine.AskFailure}
	case runbook.KindConfirm:
		return []engine.QuestionKind{engine.AskConfirm, engine.AskFailure}
	case runbook.KindCommand:
		if effect == runbook.EffectNone {
			return []engine.QuestionKind{engine.AskFailure}
		}
		return []engine.QuestionKind{engine.AskCommand, engine.AskFailure, engine.AskPostMortem}
	case runbook.KindWait:
		return []engine.QuestionKind{engine.AskFailure}
	case runbook.KindEachChange:
		return []engine.QuestionKind{engine.AskNext}
	}
	return nil
}
