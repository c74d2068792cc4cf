package plain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/words"
)

// plan tells a plan: first what it does to live things, then the changes it is
// split into, then every resource.
func (d *subject) plan(p engine.PlanReview, kind engine.QuestionKind) {
	apply := kind == engine.AskApply
	d.untold, d.parts = apply, len(p.Plan.Resources)
	d.noun, d.commands = safe.Lit("change"), safe.Lit(", or show and the number of a resource")
	if apply {
		d.commands = safe.Lit(", or show and the number of a resource, or ack and the number of a hazard to accept it by its code")
	}
	d.add(safe.Sprintf("plan for %s: %s; state serial %d", safe.Show(p.Commit.Short), counted(p.Plan.Count()), p.Plan.Serial))
	if len(p.Forecast.Actions) > 0 {
		head := safe.Lit("if everything is applied at once")
		if apply {
			head = safe.Lit("forecast of this apply")
		}
		d.add(safe.Sprintf("%s: it takes %s", head, words.About(p.Forecast.Takes)))
		d.lines = append(d.lines, outages(p.Forecast)...)
	}
	if !apply {
		d.sequence(p)
	}
	for i, h := range p.Hazards {
		t := safe.Sprintf("%s: %s %s", safe.Show(h.Code), h.Address, h.Text)
		switch {
		case !apply && h.Accept:
			d.add(safe.Sprintf("hazard %s To be accepted before an apply.", t))
		case !apply || !h.Accept:
			d.add(safe.Sprintf("hazard %s", t))
		case slices.ContainsFunc(p.Hazards[:i], func(o plan.Hazard) bool { return o.Accept && o.Key() == h.Key() }):
			d.add(safe.Sprintf("and, with the same code and address, %s", t))
		default:
			d.acks = append(d.acks, ack{noun: safe.Lit("hazard"), text: t, key: h.Key(), code: h.Code})
		}
	}
	d.resources(p)
}

// outages tells what a forecast says about live things, the worst first.
func outages(f forecast.Forecast) []safe.Text {
	var out []safe.Text
	fine := 0
	for _, o := range f.Outages {
		if o.Verdict == forecast.None {
			fine++
			continue
		}
		t := safe.Sprintf("%s: %s", o.Thing.Name, words.Verdict(o))
		if o.Verdict == forecast.Window {
			t = safe.Sprintf("%s, from %s after the start", t, words.Time(o.From.Typical))
		}
		if seen := words.Seen(o); !seen.IsEmpty() {
			t = safe.Sprintf("%s; %s", t, seen)
		}
		if !o.Why.IsEmpty() {
			t = safe.Sprintf("%s; %s", t, o.Why)
		}
		out = append(out, t)
	}
	if fine > 0 {
		out = append(out, safe.Sprintf("live things that lose an object and are there all the time: %d", fine))
	} else if len(out) == 0 {
		out = append(out, safe.Lit("no known live thing goes dark"))
	}
	return out
}

// sequence tells the changes, each with its own forecast.
func (d *subject) sequence(p engine.PlanReview) {
	d.changes = len(p.Changes)
	if len(p.Sequence.Steps) > 0 {
		d.add(safe.Sprintf("one change at a time, recommended; dark in all: %s", words.Whole(p.Changes, p.Sequence, words.All(p.Sequence))))
	}
	for i, c := range p.Changes {
		t := safe.Sprintf("change %d: %s", i+1, c.Title)
		if i == 0 {
			t = safe.Sprintf("%s (recommended)", t)
		}
		if i < len(p.Sequence.Steps) {
			f := p.Sequence.Steps[i]
			t = safe.Sprintf("%s; takes %s; live things: %s", t, words.About(f.Takes), words.Impact(f, touches(p, c)))
		}
		if !c.Blocked.IsEmpty() {
			t = safe.Sprintf("%s; BLOCKED: %s", t, c.Blocked)
		}
		if !c.Remedy.IsEmpty() {
			t = safe.Sprintf("%s; instead: %s", t, c.Remedy)
		}
		if !c.Why.IsEmpty() {
			t = safe.Sprintf("%s; %s", t, c.Why)
		}
		d.add(t)
		if len(c.Members) > 1 {
			d.add(safe.Sprintf("change %d is the resources %s", i+1, numbers(c.Members)))
		}
		it := item{id: c.ID}
		if !c.Blocked.IsEmpty() {
			it.disabled = safe.Sprintf("it is BLOCKED: %s", c.Blocked)
		}
		d.items = append(d.items, it)
	}
	for _, o := range p.Sequence.Outages {
		d.add(safe.Sprintf("%s: %s; %s", o.Thing.Name, words.Lasting(o), o.Why))
	}
}

func touches(p engine.PlanReview, c plan.Change) bool {
	return slices.ContainsFunc(c.Members, func(m int) bool {
		return m >= 0 && m < len(p.Plan.Resources) && (p.Plan.Resources[m].Was != nil || p.Plan.Resources[m].Becomes != nil)
	})
}

// numbers lists the first of some resources as they are numbered when told.
func numbers(members []int) safe.Text {
	const most = 20
	var out []string
	for _, m := range members[:min(len(members), most)] {
		out = append(out, strconv.Itoa(m+1))
	}
	text := strings.Join(out, ", ")
	if n := len(members) - most; n > 0 {
		text = fmt.Sprintf("%s and %d more", text, n)
	}
	return safe.Show(text)
}

// resources tells every resource, with when it is worked on and where it is from.
func (d *subject) resources(p engine.PlanReview) {
	when := map[int]safe.Text{}
	for _, a := range p.Forecast.Actions {
		t := safe.Sprintf("%s from %s to %s, %s", safe.Show(string(a.Action)), words.Brief(a.Start), words.Brief(a.End), takes(a.Takes))
		if a.Path >= 0 && a.Path < len(p.Forecast.Actions) && p.Forecast.Actions[a.Path].Resource != a.Resource {
			t = safe.Sprintf("%s, right behind %s", t, p.Forecast.Actions[a.Path].Name)
		}
		if before, ok := when[a.Resource]; ok {
			t = safe.Sprintf("%s; %s", before, t)
		}
		when[a.Resource] = t
	}
	for _, r := range p.Plan.Resources {
		t := safe.Sprintf("resource %d: %s %s", r.Index+1, safe.Show(string(r.Action)), r.Address)
		if !r.Reason.IsEmpty() {
			t = safe.Sprintf("%s, because %s", t, r.Reason)
		}
		if len(r.Replaces) > 0 {
			t = safe.Sprintf("%s, replaced because of %s", t, safe.Show(strings.Join(r.Replaces, ", ")))
		}
		if w, ok := when[r.Index]; ok {
			t = safe.Sprintf("%s; %s", t, w)
		}
		if from := origin(p, r); !from.IsEmpty() {
			t = safe.Sprintf("%s; %s", t, from)
		}
		d.add(t)
	}
	for _, r := range p.Plan.Drift {
		d.add(safe.Sprintf("changed outside Terraform: %s", r.Address))
	}
}

// takes says how long an action takes, in words that stand alone.
func takes(e durations.Estimate) safe.Text {
	if !e.Known() {
		return safe.Lit("how long it takes is not known")
	}
	return words.Takes(e)
}

// origin says which commits bring a resource change.
func origin(p engine.PlanReview, r plan.ResourceChange) safe.Text {
	var names []safe.Text
	for _, hash := range r.Origin.Commits {
		name := safe.Show(hash[:min(len(hash), 7)])
		for _, c := range p.Commits {
			if c.Hash == hash {
				name = safe.Sprintf("%s, %s", safe.Show(c.Short), c.Subject)
			}
		}
		names = append(names, name)
	}
	switch len(names) {
	case 0:
		return r.Origin.Why
	case 1:
		return safe.Sprintf("from commit %s", names[0])
	}
	return safe.Sprintf("from one of several commits: %s", safe.Join(names, "; "))
}

// cures tells the ways round an outage.
func (d *subject) cures(p engine.CureReview) {
	d.noun, d.commands = safe.Lit("way"), safe.Lit(", or show and the number of a way to hear its patch")
	if len(p.Cures) == 0 {
		d.add(safe.Lit("no way round the outage was found"))
	}
	for i, c := range p.Cures {
		proof := safe.Lit("proved by planning it")
		if !c.Proved {
			proof = safe.Lit("NOT proved")
		}
		t := safe.Sprintf("way %d: %s, by %s; %s", i+1, c.Title, words.Cure(c.Kind), proof)
		if !c.Problem.IsEmpty() {
			t = safe.Sprintf("%s: %s", t, c.Problem)
		}
		after := words.Impact(forecast.Forecast{Outages: c.After}, true)
		if !c.Proved && len(c.After) == 0 {
			after = safe.Lit("not known")
		}
		t = safe.Sprintf("%s; everything at once: from %s to %s", t, words.Impact(forecast.Forecast{Outages: c.Before}, true), after)
		if c.Proved {
			t = safe.Sprintf("%s; one change at a time: dark %s", t, words.Sum(c.Dark, nil))
		}
		if !c.Why.IsEmpty() {
			t = safe.Sprintf("%s; %s", t, c.Why)
		}
		d.add(t)
		d.items = append(d.items, item{id: c.ID})
	}
}

// patchLines tells a patch in words that can be heard.
func patchLines(c forecast.Cure) []safe.Text {
	out := []safe.Text{c.Title}
	for _, f := range c.Files {
		out = append(out, safe.Sprintf("changes %s", f))
	}
	for _, t := range c.Patch {
		op, rest := byte(' '), t
		switch s := t.String(); {
		case strings.HasPrefix(s, "+++ "), strings.HasPrefix(s, "--- "), strings.HasPrefix(s, "diff "), strings.HasPrefix(s, "@@"):
			out = append(out, t)
			continue
		case s != "":
			op, rest = s[0], safe.Show(s[1:])
		}
		out = append(out, safe.Sprintf("%s %s", opWord(op), rest))
	}
	return out
}
