package export

import (
	"slices"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// hazards tells which costs were accepted, by whom and how.
func (r *report) hazards(d *document) {
	var items []inline
	for _, q := range r.asked {
		if q.answer == nil || q.shown == nil {
			continue
		}
		p, ok := q.shown.Payload.(engine.PlanReview)
		if !ok {
			continue
		}
		taken := q.choice()
		for _, h := range p.Hazards {
			accepted := slices.Contains(q.answer.Acknowledged, h.Key()) || slices.Contains(q.answer.Acknowledged, h.Code)
			if !accepted && (q.shown.Kind != engine.AskApply || !h.Accept || taken == nil || taken.Stops) {
				continue
			}
			l := inline{}.code(h.Key()).say(", ").text(h.Text).say(": ")
			if !accepted {
				items = append(items, l.strong(safe.Lit("not accepted")).say(", answered ").text(q.chosen()))
				continue
			}
			l = l.strong(safe.Lit("accepted")).say(" by %s on %s, %s", q.by.Name, q.by.Host, stamp(q.at.Add(q.after)))
			if taken != nil && taken.Typed != "" {
				l = l.say(", who typed ").code(taken.Typed)
			}
			if !q.answer.Reason.IsEmpty() {
				l = l.say(", because ").text(q.answer.Reason)
			}
			items = append(items, l)
		}
	}
	if len(items) > 0 {
		d.heading(2, "Decisions about hazards")
		d.list(items)
	}
}

// choice is the one that was taken, as it was shown.
func (q *question) choice() *engine.Choice {
	if q.answer == nil || q.shown == nil {
		return nil
	}
	i := slices.IndexFunc(q.shown.Choices, func(c engine.Choice) bool { return c.ID == q.answer.Choice })
	if i < 0 {
		return nil
	}
	return &q.shown.Choices[i]
}

// blocked returns the changes that were held back and why, each once.
func (r *report) blocked() []inline {
	var items []inline
	seen := map[[2]string]bool{}
	for _, q := range r.asked {
		if q.shown == nil {
			continue
		}
		p, ok := q.shown.Payload.(engine.PlanReview)
		if !ok {
			continue
		}
		for _, c := range p.Changes {
			key := [2]string{c.Title.String(), c.Blocked.String()}
			if c.Blocked.IsEmpty() || seen[key] {
				continue
			}
			seen[key] = true
			l := say("the change ").text(c.Title).say(" was blocked: ").text(c.Blocked)
			if !c.Remedy.IsEmpty() {
				l = l.say("; instead: ").text(c.Remedy)
			}
			items = append(items, l)
		}
	}
	return items
}
