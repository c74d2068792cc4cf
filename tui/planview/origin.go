package planview

import (
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/words"
)

// originPhrases say which commits bring a resource change, how long it takes and
// what it is to users, for a resource that is open.
func (v *View) originPhrases(r plan.ResourceChange, w int) []phrase {
	room := w - indent - 1
	var out []phrase
	switch from := r.Origin.Commits; {
	case len(from) == 1:
		out = phrases(out, v.st.Accent, safe.Sprintf("from commit %s", v.commit(from[0], true)), room)
	case len(from) > 1:
		list := make([]safe.Text, len(from))
		for i, hash := range from {
			list[i] = v.commit(hash, len(from) <= 3)
		}
		out = phrases(out, v.st.Accent, safe.Sprintf("from one of several commits: %s", safe.Join(list, ", ")), room)
	}
	out = phrases(out, v.st.Muted, r.Origin.Why, room)
	if v.chart != nil && r.Index < len(v.chart.acts) {
		if a := v.chart.slow(int32(r.Index)); a != nil {
			out = phrases(out, v.st.Muted, safe.Sprintf("%s: %s", safe.Show(string(a.Action)), words.Estimate(a.Takes)), room)
		}
	}
	return out
}

// commit names a commit by its short hash, and by its subject where that is known.
func (v *View) commit(hash string, subject bool) safe.Text {
	for _, c := range v.review.Commits {
		if c.Hash == hash {
			if subject && !c.Subject.IsEmpty() {
				return safe.Sprintf("%s %s", safe.Show(c.Short), c.Subject)
			}
			return safe.Show(c.Short)
		}
	}
	return safe.Show(hash[:min(len(hash), 7)])
}
