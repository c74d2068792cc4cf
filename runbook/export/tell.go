package export

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

var sprintf = fmt.Sprintf

// tell makes the document of a report.
func (r *report) tell() *document {
	d := &document{}
	r.top(d)
	r.unknowns(d)
	r.about(d)
	r.changes(d)
	r.compare(d)
	r.decisions(d)
	r.hazards(d)
	r.cures(d)
	r.refusals(d)
	d.heading(2, "Step by step")
	for _, s := range r.sections {
		r.section1(d, s)
	}
	r.trust(d)
	return d
}

func (r *report) top(d *document) {
	title := r.info.Title
	if title.IsEmpty() {
		title = safe.Lit("A run without a title")
	}
	d.add(heading{1, title})
	if r.damage != nil {
		d.add(notice{say("The journal is damaged. This report tells only what stands before the damage: %v.", r.damage)})
	}
	line := inline{}.strong(safe.Show(strings.ToUpper(r.info.Mode) + " run: " + r.info.Result)).say(" for environment ").code(r.info.Environment)
	d.add(paragraph{line.say(", run ").code(r.info.ID)})
	if !r.info.Summary.IsEmpty() {
		d.add(paragraph{inline{}.text(r.info.Summary)})
	}
}

// unknowns come before everything else: nothing matters more to the next
// person than an effect nobody knows the end of.
func (r *report) unknowns(d *document) {
	var items []inline
	for _, e := range r.effects {
		if e.unknown() {
			items = append(items, inline{}.strong(e.intent.What).say(", started %s (record %d, effect %s)", stamp(e.at), e.seq, e.intent.Effect))
		}
	}
	if len(items) == 0 {
		return
	}
	d.heading(2, "Unknown outcome")
	d.add(notice{say("Nobody knows how the following ended. It may have happened in full, in part, or not at all. Find out before anything is done again.")})
	d.list(items)
}

func (r *report) about(d *document) {
	i := r.info
	var t table
	add := func(name string, value inline) {
		if len(value) > 0 {
			t.rows = append(t.rows, row{safe.Show(name), value})
		}
	}
	add("Who", say("%s on %s (user %d)", i.Actor.Name, i.Actor.Host, i.Actor.UID))
	if i.Actor.Key != "" {
		add("Key", inline{}.code(i.Actor.Key))
	}
	add("When", when(i))
	t.rows = append(t.rows, r.holders()...)
	if i.Resumes > 0 {
		add("Resumed", say("%s; %s found out afterwards", count(i.Resumes, "time"), count(i.Recovered, "outcome")))
	}
	if i.Waiting != nil {
		add("Waits for an answer", inline{}.text(i.Waiting.Title).say(", since %s", stamp(i.WaitingSince)))
	}
	add("Deployed commit", inline{}.code(i.Commit))
	if i.Commit == "" {
		add("Deployed commit", say("none: the pin was not written"))
	}
	add("Runbook", inline{}.code(r.open.Runbook))
	add("Digest of the runbook", inline{}.code(r.open.Digest))
	add("Lockstep", say("%s", r.open.Lockstep))
	add("Records", say("%d to %d of the journal", r.records[0].Seq, r.records[len(r.records)-1].Seq))
	d.add(t)
}

func when(i journal.RunInfo) inline {
	if !i.Closed {
		return say("%s, last record %s; the run was not closed", stamp(i.Start), stamp(i.End))
	}
	return say("%s to %s (%s)", stamp(i.Start), stamp(i.End), length(i.End.Sub(i.Start)))
}

func (r *report) changes(d *document) {
	d.heading(2, "What was done")
	if len(r.effects) == 0 {
		d.add(paragraph{say("Nothing: no effect was started.")})
		return
	}
	var items []inline
	for _, e := range r.effects {
		items = append(items, e.line())
	}
	d.list(items)
}

// line says an effect and how it ended.
func (e *effect) line() inline {
	l := inline{}.text(e.intent.What)
	if e.unknown() {
		return l.say(": ").strong(safe.Lit("UNKNOWN"))
	}
	l = l.say(": ").append(e.ended())
	if e.outcome.Result == journal.ResultRepeat {
		l = l.say(", which means that it may have happened and was allowed to happen once more")
	}
	if !e.outcome.Detail.IsEmpty() {
		l = l.say("; ").text(e.outcome.Detail)
	}
	return l
}

// ended says how an effect ended and after how long. When its end was not seen, that
// is the time until it was found out.
func (e *effect) ended() inline {
	l := inline{}.strong(safe.Show(e.outcome.Result))
	if found, _ := e.outcome.Facts["recovered"].(bool); found {
		return l.say(", its end was not seen and was found out after %s", length(e.took))
	}
	return l.say(" after %s", length(e.took))
}

func (r *report) decisions(d *document) {
	var items []inline
	for _, q := range r.asked {
		if q.answer != nil && !q.answer.Reason.IsEmpty() {
			items = append(items, inline{}.text(q.body.Title).say(" ").strong(q.chosen()).say(", because ").text(q.answer.Reason))
		}
	}
	for _, f := range r.forced {
		items = append(items, f.line())
	}
	if len(items) > 0 {
		d.heading(2, "Decisions with a reason")
		d.list(items)
	}
}

func (r *report) refusals(d *document) {
	var items []inline
	for _, f := range r.refused {
		items = append(items, f.line())
	}
	items = append(items, r.blocked()...)
	if len(items) > 0 {
		d.heading(2, "What was not done")
		d.list(items)
	}
}

func (f refusal) line() inline { return inline{}.text(f.body.What).say(": ").text(f.body.Why) }

// section1 tells one attempt at a step.
func (r *report) section1(d *document, s *section) {
	name := s.body.Name.String()
	switch {
	case s.id == "":
		name = "The run as a whole"
	case name == "":
		name = s.id
	}
	title := strings.TrimSpace(s.body.Position + " " + name)
	if s.attempt > 1 {
		title += sprintf(", attempt %d", s.attempt)
	}
	d.heading(3, "%s", title)
	d.add(paragraph{s.line()})
	for _, i := range s.items {
		switch i := i.(type) {
		case *question:
			i.tell(d)
		case *effect:
			d.add(paragraph{inline{}.strong(safe.Lit("Effect: ")).append(i.line())})
			facts := maps.Clone(i.intent.Facts)
			if foresee(facts["forecast"]) != nil {
				delete(facts, "forecast") // told above
			}
			if i.outcome != nil {
				for k, v := range i.outcome.Facts {
					if k == "blobs_lost" || k == "recovered" {
						continue // told in words
					}
					if facts == nil {
						facts = make(map[string]any)
					}
					facts[k+" afterwards"] = v
				}
			}
			tellFacts(d, facts, i.blobs)
			if i.outcome != nil && len(lost(i.outcome.Facts)) > 0 {
				d.add(notice{say("The disk took the outcome but not what belongs to it, which is lost: %s.", strings.Join(lost(i.outcome.Facts), ", "))})
			}
		case evidence:
			i.tell(d)
		case refusal:
			d.add(paragraph{inline{}.strong(safe.Lit("Not done: ")).append(i.line())})
		case binding:
			i.tell(d)
		case seat:
			d.add(paragraph{i.line()})
		case resumption:
			d.add(paragraph{i.line()})
		case forcing:
			d.add(paragraph{i.line()})
		}
	}
}

func (l inline) append(m inline) inline { return append(l, m...) }

// line says when a step was done and how it ended.
func (s *section) line() inline {
	if s.id == "" {
		return say("%s", stamp(s.start))
	}
	l := inline{}.code(s.body.Kind)
	switch {
	case s.body.State == "":
		return l.say(" %s", stamp(s.start))
	case s.end.IsZero():
		return l.say(" %s: ", stamp(s.start)).strong(safe.Lit("not finished"))
	}
	l = l.say(" %s: ", stamp(s.start)).strong(safe.Show(s.body.State)).say(" after %s", length(s.end.Sub(s.start)))
	if !s.body.Summary.IsEmpty() {
		l = l.say("; ").text(s.body.Summary)
	}
	return l
}

// tellFacts lists what was recorded with an effect or a finding.
func tellFacts(d *document, facts map[string]any, blobs []journal.BlobRef) {
	var items []inline
	for _, k := range slices.Sorted(maps.Keys(facts)) {
		items = append(items, say("%s: ", k).code(value(facts[k])))
	}
	for _, b := range blobs {
		items = append(items, say("%s (%d bytes): ", b.Name, b.Size).code("sha256:"+b.SHA256))
	}
	d.list(items)
}

// value writes a fact on one line.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		if v == "" {
			return "none"
		}
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// length writes a length of time for reading.
func length(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
