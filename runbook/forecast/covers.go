package forecast

import "lockstep/runbook/plan"

// served returns the things, of those that lose an object, that an object with
// thing t serves: its own, and narrower ones of its kind.
func (w *world) served(t plan.Thing, id string) []*thing {
	var out []*thing
	if same := w.known[id]; same != nil {
		out = append(out, same)
	}
	if !t.Lists() {
		return out
	}
	for _, lost := range w.kinds[t.Kind] {
		if w.pairs--; w.pairs < 0 {
			break // what is left counts as lost
		}
		if lost.id != id && t.Covers(lost.of) {
			out = append(out, lost)
		}
	}
	return out
}
