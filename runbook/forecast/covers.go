package forecast

import (
	"slices"
	"strings"

	"lockstep/runbook/plan"
)

// listed is what stands between the values of one part of a key, such as the
// names of a certificate.
const listed = ", "

// covers reports whether who has thing a has thing b as well: their keys are the
// same but for values that a has and b has not.
func covers(a, b plan.Thing) bool {
	if a.Kind != b.Kind || len(a.Key) != len(b.Key) || len(a.Unknown) > 0 || len(b.Unknown) > 0 || len(b.Key) == 0 {
		return false
	}
	for i, k := range b.Key {
		if a.Key[i].Name != k.Name {
			return false
		}
		if a.Key[i].Value == k.Value {
			continue
		}
		has := strings.Split(a.Key[i].Value.String(), listed)
		for _, v := range strings.Split(k.Value.String(), listed) {
			if !slices.Contains(has, v) {
				return false
			}
		}
	}
	return true
}

// wide reports whether a thing has several values in a part of its key.
func wide(t plan.Thing) bool {
	return slices.ContainsFunc(t.Key, func(k plan.KeyPart) bool { return strings.Contains(k.Value.String(), listed) })
}

// brought returns the things, of those that lose an object, that an object with
// thing t brings back: itself, and narrower ones of its kind.
func (w *world) brought(t plan.Thing, id string) []*thing {
	var out []*thing
	if same := w.known[id]; same != nil {
		out = append(out, same)
	}
	if wide(t) {
		for _, lost := range w.kinds[t.Kind] {
			if w.pairs--; w.pairs < 0 {
				break // what is left counts as lost
			}
			if lost.id != id && covers(t, lost.of) {
				out = append(out, lost)
			}
		}
	}
	return out
}
