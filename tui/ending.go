package tui

import (
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// interrupted notes how the run is to end early. A cancel is not taken back.
func (r *run) interrupted(at time.Time, v engine.Interrupted) {
	switch {
	case v.How == engine.SecondInterrupt, v.How == engine.Kill:
		r.forced, r.forcedAt = v.How, at
	case r.ending == engine.CancelNow:
	case v.How == engine.GoOn:
		r.ending = ""
	default:
		r.ending, r.since = v.How, at
	}
}

// badge says in the header what must not be overlooked: that the run was asked to
// end early, for as long as that holds, or that somebody else answers.
func (m *model) badge() safe.Text {
	switch {
	case m.run.finished != nil:
		return safe.Text{}
	case m.run.ending == engine.StopSoon:
		return safe.Lit("STOPPING after this step")
	case m.run.ending == engine.CancelNow:
		return safe.Sprintf("CANCELLING %s", clock(m.now().Sub(m.run.since)))
	case m.run.ending == engine.Abandon:
		return safe.Lit("STOPPING: nobody is there")
	}
	return m.seatBadge()
}

// endingWords says how the run was asked to end, and what that does.
func (m *model) endingWords() safe.Text {
	r := &m.run
	switch r.ending {
	case engine.CancelNow:
		if r.forced == "" {
			return safe.Lit("cancelling: what is under way ends, nothing new starts")
		}
		how := safe.Lit("interrupted a second time")
		if r.forced == engine.Kill {
			how = safe.Lit("killed")
		}
		return safe.Sprintf("%s %s ago; its end is awaited and recorded", how, clock(m.now().Sub(r.forcedAt)))
	case engine.Abandon:
		return safe.Lit("nobody is there: what is under way ends, nothing new starts")
	}
	return safe.Lit("stopping after this step · q can take that back")
}
