package board

import (
	"slices"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Job is one action that is under way.
type Job struct {
	Name   safe.Text
	Action plan.Action
	Since  time.Time
}

// UnderWay reports whether an apply has begun and not ended.
func (b *Apply) UnderWay() bool { return !b.start.IsZero() && b.end.IsZero() }

// Jobs returns what is under way now, the longest first.
func (b *Apply) Jobs() []Job {
	if !b.UnderWay() {
		return nil
	}
	var out []Job
	for _, i := range b.running {
		it := &b.items[i]
		out = append(out, Job{it.Address, it.Action, it.begun})
	}
	slices.SortStableFunc(out, func(x, y Job) int { return x.Since.Compare(y.Since) })
	return out
}

// interrupted notes how the run is to end; a cancel is not taken back.
func (b *Apply) interrupted(how engine.Interrupt, at time.Time) {
	switch {
	case how == engine.SecondInterrupt, how == engine.Kill:
		b.forced = how
	case b.stopping == engine.CancelNow:
	case how == engine.GoOn:
		b.stopping = ""
	default:
		b.stopping, b.stopped = how, at
	}
}

// close ends the apply.
func (b *Apply) close(at time.Time, result engine.Result) {
	b.end, b.result, b.stopping, b.forced = at, result, "", ""
	for i := range b.items {
		if b.items[i].state == engine.Waiting {
			b.set(i, engine.NotStarted)
		}
	}
	b.cache.Clear()
}

// wordsFrom is the width from which the title leaves room for what a cancel means.
const wordsFrom = 100

// stoppingWords says how the apply was asked to end, for as long as it has not.
func (b *Apply) stoppingWords() safe.Text {
	since := took(max(b.now.Sub(b.stopped), 0))
	switch {
	case b.stopping == engine.CancelNow && b.forced == engine.Kill:
		return safe.Lit("killed: waiting for its end to be seen")
	case b.stopping == engine.CancelNow && b.forced != "":
		return safe.Sprintf("interrupted twice, cancelling for %s", since)
	case b.stopping == engine.CancelNow && b.width < wordsFrom:
		return safe.Sprintf("cancelling for %s", since)
	case b.stopping == engine.CancelNow:
		return safe.Sprintf("cancelling for %s: Terraform ends what it is doing", since)
	case b.stopping == engine.StopSoon:
		return safe.Lit("the run stops after this apply")
	}
	return safe.Text{}
}
