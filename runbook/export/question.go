package export

import (
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// maxLines is how many lines of a text or rows of a list a report repeats. The
// rest stays in the blob of the question.
const maxLines = 60

// chosen is the label of the choice that was taken.
func (q *question) chosen() safe.Text {
	label := safe.Show(q.answer.Choice)
	if q.shown != nil {
		for _, c := range q.shown.Choices {
			if c.ID == q.answer.Choice && !c.Label.IsEmpty() {
				label = c.Label
			}
		}
	}
	return label
}

// tell says what was asked, what was shown, and what was answered.
func (q *question) tell(d *document) {
	d.add(paragraph{inline{}.strong(safe.Lit("Asked: ")).text(q.body.Title)})
	if q.problem != nil {
		d.add(notice{say("What was shown cannot be told: %v.", q.problem)})
	} else {
		for _, line := range q.shown.Body {
			d.add(paragraph{inline{}.text(line)})
		}
		tellPayload(d, q.shown.Payload, q)
		q.choices(d)
	}
	if q.answer == nil {
		d.add(paragraph{inline{}.strong(safe.Lit("Not answered."))})
		return
	}
	l := inline{}.strong(safe.Lit("Answered: ")).text(q.chosen())
	if q.answer.Item != "" {
		l = l.say(" ").code(q.answer.Item)
	}
	l = l.say(", by %s on %s after %s", q.by.Name, q.by.Host, length(q.after))
	if !q.answer.Reason.IsEmpty() {
		l = l.say(", because ").text(q.answer.Reason)
	}
	d.add(paragraph{l})
	var items []inline
	if len(q.answer.Acknowledged) > 0 {
		items = append(items, say("acknowledged: %s", strings.Join(q.answer.Acknowledged, ", ")))
	}
	if q.answer.Digest != "" {
		items = append(items, say("the answer holds for ").code(q.answer.Digest))
	}
	d.list(items)
	d.quote(shortened(q.text))
}

func (q *question) choices(d *document) {
	var items []inline
	for _, c := range q.shown.Choices {
		l := inline{}.text(c.Label)
		if !c.Consequence.IsEmpty() {
			l = l.say(" (").text(c.Consequence).say(")")
		}
		if !c.Disabled.IsEmpty() {
			l = l.say("; could not be chosen: ").text(c.Disabled)
		}
		if q.answer != nil && q.answer.Choice == c.ID {
			l = l.say(" ").strong(safe.Lit("← taken"))
		}
		items = append(items, l)
	}
	if len(items) > 0 {
		d.add(paragraph{say("To choose from:")})
		d.list(items)
	}
}

// tellPayload says what the question was about.
func tellPayload(d *document, p engine.Payload, q *question) {
	switch p := p.(type) {
	case engine.Candidates:
		tellCandidates(d, p)
	case engine.Review:
		tellReview(d, p, q)
	case engine.PlanReview:
		tellPlan(d, p)
	case engine.CureReview:
		tellCures(d, p, q)
	case engine.Message:
		d.quote(shortened(safe.Lines(p.Text)))
	case engine.PinReview:
		d.add(paragraph{say("from ").code(p.From.Short).say(" to ").code(p.To.Short).say(" in ").text(p.Where)})
		var items []inline
		for _, c := range p.Checks {
			word := "no: "
			if c.OK {
				word = "yes: "
			}
			items = append(items, say(word).text(c.Text))
		}
		d.list(items)
	case engine.Checklist:
		var items []inline
		for _, i := range p.Items {
			items = append(items, inline{}.text(i))
		}
		d.list(items)
	case engine.Failure:
		d.add(paragraph{inline{}.text(p.What)})
		d.quote(shortened(p.Lines))
		tellRows(d, p.Rows)
	}
}

func tellCandidates(d *document, p engine.Candidates) {
	d.add(paragraph{say("%s is at ", p.Environment).code(p.Pin.Short).say(" of branch %s, %s behind, %s:", p.Branch, count(p.Ahead, "commit"), count(len(p.Items), "candidate"))})
	var items []inline
	for _, c := range p.Items {
		l := inline{}.code(c.Short).say(" ").text(c.Subject).say(" (%s, %s)", c.Author, c.When.UTC().Format(time.DateOnly))
		for _, h := range c.Hazards {
			l = l.say("; hazard: ").text(h)
		}
		if !c.Verified.IsZero() {
			l = l.say("; verified in %s %s", p.After, stamp(c.Verified))
		}
		items = append(items, l)
	}
	for _, n := range p.Notes {
		items = append(items, inline{}.text(n))
	}
	d.list(cut(items))
}

func tellReview(d *document, p engine.Review, q *question) {
	d.add(paragraph{say("%s from ", count(len(p.Files), "file")).code(p.From.Short).say(" to ").code(p.To.Short).say(":")})
	var items []inline
	for i, f := range p.Files {
		l := say("%s ", f.Status).code(f.Path.String())
		if !f.Unreviewable.IsEmpty() {
			l = l.say("; could not be shown: ").text(f.Unreviewable)
		}
		if q.answer != nil && slices.Contains(q.answer.Acknowledged, p.ViewedKey(i)) {
			l = l.say("; viewed")
		}
		items = append(items, l)
	}
	for _, h := range p.Hazards {
		items = append(items, say("hazard: ").text(h))
	}
	d.list(cut(items))
}

func tellPlan(d *document, p engine.PlanReview) {
	what := "the whole plan"
	if !p.Chosen.Title.IsEmpty() {
		what = "the change " + p.Chosen.Title.String()
	}
	d.add(paragraph{say("%s, %s, saved plan ", what, count(len(p.Plan.Resources), "resource")).code(p.Plan.Digest)})
	var items []inline
	for _, r := range p.Plan.Resources {
		l := say("%s ", r.Action.Sign()).code(r.Address.String()).say(" %s", words(r.Action))
		if !r.Reason.IsEmpty() {
			l = l.say(", ").text(r.Reason)
		}
		items = append(items, l)
	}
	for n, c := range p.Changes {
		l := say("change %d: ", n+1).text(c.Title)
		if !c.Blocked.IsEmpty() {
			l = l.say("; blocked: ").text(c.Blocked)
		}
		items = append(items, l)
	}
	for _, h := range p.Hazards {
		items = append(items, say("hazard %s at ", h.Code).code(h.Address.String()).say(": ").text(h.Text))
	}
	d.list(cut(items))
}

// words says an action as a reader would.
func words(a plan.Action) string {
	switch a {
	case plan.DeleteThenCreate:
		return "replace, the old object first"
	case plan.CreateThenDelete:
		return "replace, the new object first"
	}
	return string(a)
}

func tellRows(d *document, rows []engine.VerifyRow) {
	var items []inline
	for _, r := range rows {
		items = append(items, say("%s: ", r.Probe).strong(r.Word).say(" ").text(r.Got))
	}
	d.list(cut(items))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return sprintf("%d %ss", n, noun)
}

func cut(items []inline) []inline {
	if len(items) <= maxLines {
		return items
	}
	return append(slices.Clone(items[:maxLines]), say("… %d more", len(items)-maxLines))
}

func shortened(lines []safe.Text) []safe.Text {
	if len(lines) <= maxLines {
		return lines
	}
	return append(slices.Clone(lines[:maxLines]), safe.Sprintf("… %d lines more", len(lines)-maxLines))
}
