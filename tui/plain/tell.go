package plain

import (
	"context"
	"fmt"
	"io"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Tell tells a run that somebody else answers, such as a script, until the run
// is over or ctx ends: every event as Run does, with the questions by their
// titles, what is unusual or wrong about what they ask, and the answers that were
// given.
func Tell(ctx context.Context, console engine.Console, out io.Writer, o Options) error {
	o.fill()
	s, cancel := open(ctx, console, out, o)
	defer cancel()
	for {
		s.flush()
		if s.err != nil {
			return fmt.Errorf("write: %w", s.err)
		}
		select {
		case e, ok := <-s.events:
			switch {
			case ok:
				s.event(e)
				if q, asked := e.Event.(engine.QuestionAsked); asked {
					s.asked(e.Time, q.Question)
				}
			default:
				return s.ended()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// asked tells a question that somebody else answers.
func (s *session) asked(at time.Time, q engine.Question) {
	s.say(safe.Sprintf("%s asked: %s", safe.Show(at.UTC().Format("15:04:05")), q.Title))
	for _, t := range q.Body {
		s.say(safe.Sprintf("  %s", t))
	}
	switch p := q.Payload.(type) {
	case engine.Candidates:
		for _, n := range p.Notes {
			s.say(safe.Sprintf("  note: %s", n))
		}
	case engine.PlanReview:
		if len(p.Forecast.Actions) > 0 {
			for _, t := range outages(p.Forecast) {
				s.say(safe.Sprintf("  at once: %s", t))
			}
		}
	case engine.Failure:
		s.say(safe.Sprintf("  %s", p.What))
		for _, t := range p.Lines {
			s.say(safe.Sprintf("  %s", t))
		}
	case engine.PinReview, engine.Settlement:
		for _, t := range describe(q, s.o.Now()).lines {
			s.say(safe.Sprintf("  %s", t))
		}
	}
}
