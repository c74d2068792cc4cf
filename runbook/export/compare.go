package export

import (
	"time"

	"lockstep/runbook/safe"
)

// compare tells what was forecast of each change beside what happened.
func (r *report) compare(d *document) {
	told := false
	for _, e := range r.effects {
		if e.forecast == nil {
			continue
		}
		if !told {
			d.heading(2, "Forecast and what happened")
			told = true
		}
		d.add(paragraph{inline{}.strong(e.intent.What)})
		t := table{rows: []row{{safe.Lit("Forecast"), e.forecast.line()}, {safe.Lit("What happened"), r.happened(e)}}}
		for _, v := range e.forecast.Verdicts {
			if !v.Why.IsEmpty() {
				t.rows = append(t.rows, row{safe.Sprintf("Why %s", v.Thing), inline{}.text(v.Why)})
			}
		}
		d.add(t)
	}
}

// line says a forecast in one line.
func (f *foreseen) line() inline {
	var l inline
	if f.TakesMS != nil {
		l = l.say("%s; ", roughly(*f.TakesMS))
	}
	switch {
	case !f.Sentence.IsEmpty():
		return l.text(f.Sentence)
	case len(f.Verdicts) == 0:
		return l.say("no live thing goes dark")
	}
	for i, v := range f.Verdicts {
		if i > 0 {
			l = l.say("; ")
		}
		l = l.append(v.line())
	}
	return l
}

// line says what was forecast to become of a thing.
func (v verdict) line() inline {
	l := inline{}.text(v.Thing)
	switch v.Verdict {
	case "window":
		if v.LengthMS == nil {
			return l.say(" dark, nobody knows how long")
		}
		return l.say(" dark for %s", roughly(*v.LengthMS))
	case "swap":
		return l.say(" swapped")
	case "gone":
		return l.say(" gone for good")
	case "none":
		return l.say(" there all the time")
	}
	return l.say(": cannot tell")
}

// happened says how an effect ended and which probes failed meanwhile.
func (r *report) happened(e *effect) inline {
	l := inline{}.strong(safe.Lit("UNKNOWN"))
	if !e.unknown() {
		l = e.ended()
	}
	darks := r.during(e)
	if len(darks) == 0 {
		return l.say("; no probe is recorded to have failed meanwhile")
	}
	for _, d := range darks {
		l = l.say("; %s failed", d.Probe)
		if !d.Open {
			l = l.say(" for %s", length(d.For))
		}
		if !d.Word.IsEmpty() {
			l = l.say(" (").text(d.Word).say(")")
		}
		if after := d.From.Sub(e.at); after >= 0 {
			l = l.say(", %s after the start", length(after))
		} else {
			l = l.say(", since before the start")
		}
		if d.Open {
			l = l.say(", and did not pass again in this run")
		}
	}
	return l
}

// tell lists what a forecast said.
func (f *foreseen) tell(d *document) {
	var items []inline
	if f.TakesMS != nil {
		items = append(items, say("takes %s", roughly(*f.TakesMS)))
	}
	if f.DarkMS != nil {
		items = append(items, say("live things are absent for %s in all", roughly(*f.DarkMS)))
	}
	if f.Unknown > 0 {
		items = append(items, say("%s of a duration that nobody knows", count(f.Unknown, "action")))
	}
	for _, v := range f.Verdicts {
		l := v.line()
		if !v.Why.IsEmpty() {
			l = l.say("; ").text(v.Why)
		}
		items = append(items, l)
	}
	for _, h := range f.Hazards {
		items = append(items, say("hazard ").code(h))
	}
	d.list(cut(items))
}

func roughly(ms int64) string { return length(time.Duration(ms) * time.Millisecond) }
