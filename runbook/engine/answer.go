package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"lockstep/runbook/journal"
)

// questions holds the one question that can be open and sees to it that it gets
// exactly one answer.
type questions struct {
	mu    sync.Mutex
	count int
	q     *Question
	given chan given
}

// given is an answer and who gave it.
type given struct {
	Answer
	who journal.Actor
}

func (s *questions) nextID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return fmt.Sprintf("q%d", s.count)
}

// open makes q the open question. The channel gets its answer and has room for
// it, so that whoever answers never waits.
func (s *questions) open(q Question) <-chan given {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.q, s.given = &q, make(chan given, 1)
	return s.given
}

// withdraw closes a question. When an answer came first, it is returned.
func (s *questions) withdraw(id string, answers <-chan given) (given, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case a := <-answers:
		return a, true
	default:
	}
	if s.q != nil && s.q.ID == id {
		s.q = nil
	}
	return given{}, false
}

// current returns the open question with this id, or nil.
func (s *questions) current(id string) *Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.q == nil || s.q.ID != id {
		return nil
	}
	return s.q
}

// resolve takes a as the answer of q, unless q is not open any more.
func (s *questions) resolve(q *Question, a given) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.q != q {
		return false
	}
	s.q = nil
	s.given <- a
	return true
}

// Answer implements [Console].
func (e *Engine) Answer(a Answer) error { return e.AnswerAs(e.cfg.Actor, a) }

// AnswerAs is Answer by an operator of a detached run.
func (e *Engine) AnswerAs(who journal.Actor, a Answer) error {
	q := e.desk.current(a.Question)
	if q == nil {
		return ErrAnswered
	}
	if why := formal(q, a); why != "" {
		return &RefusedError{why}
	}
	a.By = who.Name
	a.At = e.cfg.Now()
	if q.Check != nil && !stops(q, a.Choice) {
		if err := q.Check(a); err != nil {
			return &RefusedError{err.Error()}
		}
	}
	if !e.desk.resolve(q, given{a, who}) {
		return ErrAnswered
	}
	return nil
}

func stops(q *Question, choice string) bool {
	return slices.ContainsFunc(q.Choices, func(c Choice) bool { return c.ID == choice && c.Stops })
}

// formal says why an answer cannot be one to this question, or "".
func formal(q *Question, a Answer) string {
	i := slices.IndexFunc(q.Choices, func(c Choice) bool { return c.ID == a.Choice })
	if i < 0 {
		return fmt.Sprintf("%q is not one of the choices", a.Choice)
	}
	c := q.Choices[i]
	switch {
	case !c.Disabled.IsEmpty():
		return c.Disabled.String()
	case c.Stops:
		return ""
	case c.NeedsItem && a.Item == "":
		return "nothing is chosen"
	case c.NeedsReason && strings.TrimSpace(a.Reason) == "":
		return "a reason is needed; it is recorded"
	case c.Typed != "" && a.Typed != c.Typed:
		return fmt.Sprintf("type %q to say yes", c.Typed)
	case a.Digest != q.Digest:
		return "the answer is for something that was not shown"
	}
	return ""
}

// Fetch implements [Console].
func (e *Engine) Fetch(ctx context.Context, r Request) (Part, error) {
	q := e.desk.current(r.Question)
	if q == nil {
		return nil, ErrAnswered
	}
	if q.Fetch == nil {
		return nil, fmt.Errorf("this question has no %q", r.What)
	}
	type result struct {
		part Part
		err  error
	}
	got := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				got <- result{nil, fmt.Errorf("internal error: %v", p)}
			}
		}()
		part, err := q.Fetch(r)
		got <- result{part, err}
	}()
	select {
	case x := <-got:
		return x.part, x.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
