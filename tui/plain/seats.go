package plain

import (
	"errors"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/words"
)

// holds reports whether the answers of this session count.
func (s *session) holds() bool {
	if s.seat == "" {
		return true
	}
	if s.there == nil {
		return false
	}
	h := words.Holder(s.there.Seats)
	return h != nil && h.ID == s.seat
}

// asks reports whether the open question is to be put.
func (s *session) asks() bool { return !s.finished && !s.left && s.holds() }

// attended follows who is there. It returns the open question when this session
// does not answer it any more.
func (s *session) attended(v engine.Attended) *engine.Question {
	held := s.holds()
	s.there = &v
	if !held || s.holds() {
		return nil
	}
	if !s.late {
		who := safe.Lit("Nobody answers any more")
		if h := words.Holder(v.Seats); h != nil {
			who = safe.Sprintf("%s took over from you", words.Who(*h))
		}
		s.say(safe.Sprintf("%s. What you were typing is dropped.", who))
		return s.open
	}
	return nil
}

// watch tells a question that this session does not answer.
func (s *session) watch(at time.Time, q engine.Question) {
	s.asked(at, q)
	who := safe.Lit("Nobody answers")
	if s.there != nil {
		if h := words.Holder(s.there.Seats); h != nil {
			who = safe.Sprintf("%s answers", words.Who(*h))
		}
	}
	if s.o.Interactive {
		who = safe.Sprintf("%s; type take over to answer yourself", who)
	}
	s.say(safe.Sprintf("%s.", who))
}

// attended tells who is there, when that is not what was told last.
func (y *story) attended(v engine.Attended) []safe.Text {
	here := slices.ContainsFunc(v.Seats, func(s engine.Seat) bool { return s.ID == y.seat })
	if y.there == "" && y.seat != "" && !here {
		return nil // before this one came
	}
	t := words.There(v.Seats, y.seat)
	if t.IsEmpty() {
		t = safe.Lit("you answer, and are there alone")
	}
	if !v.Holding.IsEmpty() {
		t = safe.Sprintf("holds still: nobody answers; next is %s", v.Holding)
	}
	if t.String() == y.there {
		return nil
	}
	y.there = t.String()
	return []safe.Text{t}
}

// worked notes what is under way.
func (y *story) worked(v engine.ResourceMoved, at time.Time) {
	switch {
	case y.work == nil:
	case v.State == engine.Running:
		y.work[v.Item] = at
	default:
		delete(y.work, v.Item)
	}
}

// busy says what is under way, and for how long.
func (y *story) busy(now time.Time) []safe.Text {
	var out []safe.Text
	for i, it := range y.items {
		if since, ok := y.work[i]; ok {
			out = append(out, safe.Sprintf("at work: %s %s for %s", safe.Show(string(it.Action)), it.Address, look.Short(now.Sub(since))))
		}
	}
	return out
}

func (y *story) interrupted(v engine.Interrupted, at time.Time) []safe.Text {
	if v.How == engine.GoOn || v.How == engine.StopSoon || v.How == engine.CancelNow {
		y.ending = v.How
	}
	t := words.Interrupted(v.How)
	if !v.By.IsEmpty() {
		t = safe.Sprintf("%s %s", v.By, t)
	}
	out := []safe.Text{t}
	if v.How == engine.CancelNow {
		out = append(out, y.busy(at)...)
	}
	return out
}

// detach leaves the run.
func (s *session) detach() {
	s.left = true
	back := safe.Sprintf("come back with lockstep attach %s", safe.Show(s.story.run.Run))
	s.say(safe.Sprintf("Detached. The run goes on; the step in flight ends and is recorded; nothing new starts until somebody attaches; %s.", back))
}

// leaves detaches when that was typed, and reports whether it was. A choice may
// have the short form for its key.
func (s *session) leaves(choices []engine.Choice, text string) bool {
	if s.seat == "" || text != "detach" && (text != "d" || choose(choices, text) >= 0) {
		return false
	}
	s.detach()
	return true
}

// takeOver takes the answers.
func (s *session) takeOver() {
	a, ok := s.console.(engine.Attached)
	switch {
	case !ok || s.there == nil:
		s.say(safe.Lit("There is nobody to take over from."))
		return
	case s.holds():
		s.say(safe.Lit("You answer already."))
		return
	}
	s.say(safe.Sprintf("To take over: %s.", words.Taking(s.there.Seats)))
	reason := ""
	if words.Holder(s.there.Seats) != nil {
		text, err := s.line(safe.Lit("reason, recorded:"))
		if reason = safe.Show(strings.TrimSpace(text)).String(); err != nil || reason == "" {
			s.say(safe.Lit("Nothing was done: a reason is needed."))
			return
		}
	}
	if text, err := s.line(safe.Sprintf("type %s to do that:", safe.Lit(words.TakeOver))); err != nil || strings.TrimSpace(text) != words.TakeOver {
		s.say(safe.Sprintf("Nothing was done: that was not %s.", safe.Lit(words.TakeOver)))
		return
	}
	if err := a.Take(reason); err != nil {
		s.refused(err)
	}
}

func (s *session) refused(err error) {
	var r *engine.RefusedError
	if errors.As(err, &r) {
		s.say(safe.Sprintf("Refused: %s.", safe.Show(r.Why)))
		return
	}
	s.say(safe.Sprintf("It could not be done: %s.", safe.Show(err.Error())))
}
