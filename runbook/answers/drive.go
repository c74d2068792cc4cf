package answers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A StuckError says which question a script could not answer. The run was asked
// to end with [engine.Abandon].
type StuckError struct {
	Question engine.Question
	Why      string // one sentence
}

// Error names the question, why it has no answer, and what was offered.
func (e *StuckError) Error() string {
	q := e.Question
	of := ""
	if q.Step != "" {
		of = fmt.Sprintf(" of step %q", q.Step)
	}
	kind := string(q.Kind)
	if s, ok := q.Payload.(engine.Settlement); ok {
		kind = verdict + s.Verdict
	}
	return safe.Show(fmt.Sprintf("no answer to the question %q%s (%s): %s; offered: %s", kind, of, q.Title, e.Why, offered(q))).String()
}

// offered lists the choices of a question.
func offered(q engine.Question) string {
	var out []string
	for _, c := range q.Choices {
		words := c.ID
		if len(c.Tags) > 0 {
			words += " or " + strings.Join(c.Tags, " or ")
		}
		if !c.Disabled.IsEmpty() {
			words += " (not now: " + c.Disabled.String() + ")"
		}
		out = append(out, words)
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// Drive answers the questions of a run until it has ended. It returns nil when
// all had an answer, however the run ended; a *[StuckError] as soon as one has none;
// and the cause of ctx when that ends first. A run with nobody to answer must
// neither wait for ever nor go on: it was interrupted with [engine.Abandon] in the
// second case and with [engine.Abandon] in the third. Drive does not wait for it to
// end then.
func (a *Answers) Drive(ctx context.Context, c engine.Console) error {
	events, cancel := c.Subscribe()
	defer cancel()
	given := map[string]int{}
	for {
		var env engine.Envelope
		var more bool
		select {
		case <-ctx.Done():
			c.Interrupt(engine.Abandon)
			return context.Cause(ctx)
		case env, more = <-events:
		}
		if !more {
			return nil
		}
		asked, ok := env.Event.(engine.QuestionAsked)
		if !ok {
			continue
		}
		if err := a.answer(c, asked.Question, given); err != nil {
			c.Interrupt(engine.Abandon)
			return err
		}
	}
}

// answer gives one question its answer. A question that somebody else answered,
// or that was withdrawn, is none of ours any more.
func (a *Answers) answer(c engine.Console, q engine.Question, given map[string]int) error {
	key, said, ok := a.find(q.Step, q.Kind)
	if s, isSettlement := q.Payload.(engine.Settlement); isSettlement {
		if k, one, found := a.find(q.Step, engine.QuestionKind(verdict+s.Verdict)); found {
			key, said, ok = k, one, true
		}
	}
	if !ok {
		return &StuckError{q, "the script has none"}
	}
	limit := said.Times
	switch q.Kind {
	case engine.AskVerify, engine.AskFailure, engine.AskPostMortem, engine.AskCure, engine.AskSettle: // may come back after any answer
		if limit == 0 {
			limit = retries
		}
	}
	if limit > 0 && given[key] >= limit {
		return &StuckError{q, fmt.Sprintf("the answer %q was given %d times already", key, limit)}
	}
	answer, why := build(said, q)
	if why != "" {
		return &StuckError{q, why}
	}
	err := c.Answer(answer)
	var refused *engine.RefusedError
	switch {
	case errors.Is(err, engine.ErrAnswered):
		return nil
	case errors.As(err, &refused):
		return &StuckError{q, fmt.Sprintf("%q was refused: %s", said.Choose, refused.Why)}
	case err != nil:
		return fmt.Errorf("answer the question %q: %w", q.Kind, err)
	}
	given[key]++
	return nil
}
