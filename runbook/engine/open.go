package engine

import (
	"maps"
	"slices"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// An opened effect has an intent in the journal and no outcome. As long as there is
// one its end is unknown: the run is not closed, and its work folder stays.
type opened struct {
	seq    int64
	step   string
	what   safe.Text
	intent journal.Record // when this process wrote it
}

// openOf returns the effects of a step whose end is not known, the first one first.
func (e *Engine) openOf(step string) []opened {
	var out []opened
	for _, seq := range slices.Sorted(maps.Keys(e.effects)) {
		if o := e.effects[seq]; o.step == step {
			out = append(out, o)
		}
	}
	return out
}

// keep says why the work folder must outlive this process, or is empty.
func (e *Engine) keep() safe.Text {
	for _, seq := range slices.Sorted(maps.Keys(e.effects)) {
		return safe.Sprintf("how this ended is not known: %s", e.effects[seq].what)
	}
	return e.facts.Keep
}

// recallOpen takes over the effects of an earlier process whose end is not known.
func (e *Engine) recallOpen(p *Past) {
	for _, u := range p.Unsettled {
		if u.Outcome == nil {
			e.effects[u.Seq] = opened{seq: u.Seq, step: u.Step, what: u.What}
		}
	}
}
