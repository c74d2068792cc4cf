package export

import (
	"fmt"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// cures tells which ways round an outage were looked at and what was made of them.
func (r *report) cures(d *document) {
	var items []inline
	for _, q := range r.asked {
		if q.shown == nil {
			continue
		}
		p, ok := q.shown.Payload.(engine.CureReview)
		if !ok {
			continue
		}
		proved := 0
		for _, c := range p.Cures {
			if c.Proved {
				proved++
			}
		}
		l := say("looked at %s, %d proved to help; ", count(len(p.Cures), "way"), proved)
		if q.answer == nil {
			items = append(items, l.strong(safe.Lit("not answered")))
			continue
		}
		l = l.strong(q.chosen())
		for _, c := range p.Cures {
			if c.ID == q.answer.Item {
				l = l.say(": ").text(c.Title)
			}
		}
		items = append(items, l.say(", by %s on %s", q.by.Name, q.by.Host))
	}
	if len(items) > 0 {
		d.heading(2, "Ways round an outage")
		d.list(items)
	}
}

// tellCures lists cures as they were shown, with the patch of the one that was taken.
func tellCures(d *document, p engine.CureReview, q *question) {
	var items []inline
	var patch []safe.Text
	for _, c := range p.Cures {
		l := inline{}.text(c.Title).say(" (%s): ", c.Kind)
		if c.Proved {
			l = l.strong(safe.Lit("proved")).say(", live things are absent for %s with it", far(c.Dark))
		} else {
			l = l.strong(safe.Lit("not proved"))
		}
		if !c.Problem.IsEmpty() {
			l = l.say("; ").text(c.Problem)
		}
		items = append(items, l)
		if q.answer != nil && q.answer.Item == c.ID {
			patch = c.Patch
		}
	}
	d.list(cut(items))
	d.quote(shortened(patch))
}

// far says a length as far as it is known.
func far(s forecast.Span) string {
	switch {
	case s.Open:
		return fmt.Sprintf("at least %s", length(s.Min))
	case s.Min == s.Max:
		return length(s.Typical)
	}
	return fmt.Sprintf("%s (%s to %s)", length(s.Typical), length(s.Min), length(s.Max))
}

// tellTried lists the cures of a finding, and reports whether these are some.
func tellTried(d *document, facts map[string]any) bool {
	all, ok := facts["cures"].([]any)
	if !ok || len(facts) != 1 {
		return false
	}
	var items []inline
	for _, v := range all {
		c, ok := v.(map[string]any)
		if !ok {
			return false
		}
		str := func(key string) string { s, _ := c[key].(string); return s }
		l := say("%s (%s): ", str("title"), str("kind"))
		if proved, _ := c["proved"].(bool); proved {
			l = l.strong(safe.Lit("proved"))
			if ms, ok := c["dark_ms"].(float64); ok {
				l = l.say(", live things are absent for %s with it", length(time.Duration(ms)*time.Millisecond))
			}
		} else {
			l = l.strong(safe.Lit("not proved"))
		}
		if p := str("problem"); p != "" {
			l = l.say("; %s", p)
		}
		items = append(items, l)
	}
	if len(items) == 0 {
		items = append(items, say("none"))
	}
	d.list(cut(items))
	return true
}

// tell says what was found: a forecast and cures in words, anything else as it is.
func (e evidence) tell(d *document) {
	facts := e.body.Facts
	switch {
	case isForecast(e.body):
		f := foresee(facts)
		d.add(paragraph{inline{}.strong(safe.Lit("Found: ")).text(e.body.What).say(": ").append(f.line())})
		f.tell(d)
		facts = nil
	default:
		d.add(paragraph{inline{}.strong(safe.Lit("Found: ")).text(e.body.What)})
		if tellTried(d, facts) {
			facts = nil
		}
	}
	tellFacts(d, facts, e.blobs)
}
