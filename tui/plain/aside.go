package plain

import (
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/words"
)

// aside does what a person types while nothing is asked. ok is false at the end
// of the input, which leaves a run in another process; any other is stopped at its
// next question.
func (s *session) aside(text string, ok bool) {
	if !ok {
		if s.o.Interactive = false; s.seat != "" {
			s.detach()
		}
		return
	}
	text = strings.TrimSpace(text)
	if s.leaves(nil, text) {
		return
	}
	switch text {
	case "":
	case "status":
		s.status()
	case "stop":
		s.interrupt(engine.StopSoon)
	case "cancel":
		s.interrupt(engine.CancelNow)
	case "go on":
		s.interrupt(engine.GoOn)
	case "force":
		s.force()
	case "take", words.TakeOver:
		s.takeOver()
	default:
		s.say(safe.Lit("Nothing is asked now. You can type status, stop, cancel, go on or force."))
		if s.seat != "" {
			s.say(safe.Lit("Also take over, and detach to leave the run as it is."))
		}
	}
}

func (s *session) interrupt(how engine.Interrupt) {
	if s.mayEnd() {
		s.console.Interrupt(how)
	}
}

// mayEnd reports whether this session may end the run early, and says why not.
func (s *session) mayEnd() bool {
	if s.holds() {
		return true
	}
	s.say(safe.Lit("Not now: somebody else answers, or nobody. Type take over first."))
	return false
}

// status says who is there, which step runs and what is under way.
func (s *session) status() {
	if s.story.there != "" {
		s.say(safe.Show(s.story.there))
	}
	if s.story.current != "" {
		s.say(safe.Sprintf("in %s", s.story.step(s.story.current)))
	} else {
		s.say(safe.Lit("between two steps"))
	}
	for _, t := range s.story.busy(s.o.Now()) {
		s.say(t)
	}
}

// force presses a program that has not ended although it was cancelled.
func (s *session) force() {
	if !s.mayEnd() {
		return
	}
	if s.story.ending != engine.CancelNow {
		s.say(safe.Lit("Type cancel first: a program that is cancelled ends by itself, most of the time."))
		return
	}
	for _, t := range s.story.busy(s.o.Now()) {
		s.say(t)
	}
	for _, how := range words.Forces {
		s.say(safe.Sprintf("%s: %s.", safe.Show(engine.ForceWord(how)), words.Forced(how)))
	}
	text, err := s.line(safe.Lit("type one of these in full, or an empty line for none:"))
	if err != nil {
		return
	}
	text = strings.TrimSpace(text)
	for _, how := range words.Forces {
		if text == engine.ForceWord(how) {
			if err := s.console.Force(how, text); err != nil {
				s.refused(err)
			}
			return
		}
	}
	s.say(safe.Lit("Nothing was done."))
}
