package tui

import (
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

func cureQuestion() engine.Question {
	patch := choice("patch", "p", "write the patch", "to a file; your repository stays as it is")
	branch := choice("branch", "b", "put it on a branch", "lockstep/cure-4b226e2, to be reviewed and merged as any other")
	patch.NeedsItem, branch.NeedsItem, patch.Recommended = true, true, true
	name := plan.Thing{Name: safe.Lit("static.crates.io CNAME"), DNS: true}
	dark := []forecast.Outage{{Verdict: forecast.Window, Length: forecast.Span{Min: 20 * time.Second, Typical: 20 * time.Second, Max: 20 * time.Second}}}
	return engine.Question{
		Kind: engine.AskCure, Title: safe.Lit("Which way round the outage?"), Choices: []engine.Choice{patch, branch, choice("back", "k", "back to the plan", "")}, Digest: "d5",
		Payload: engine.CureReview{Commit: candidates().Items[2], Branch: safe.Lit("lockstep/cure-4b226e2"), Cures: []forecast.Cure{
			{ID: "k1", Kind: forecast.CureMoved, Title: safe.Lit("say that the record moved"), Thing: name, Before: dark, Proved: true, Patch: safe.Lines("--- a/dns.tf\n+++ b/dns.tf\n@@ -1 +1,4 @@\n+moved {\n+  from = dns_record.static\n+}")},
			{ID: "k2", Kind: forecast.CureForget, Title: safe.Lit("let Terraform forget the old record"), Thing: name, Before: dark, Problem: safe.Lit("the plan fails")},
		}},
	}
}

// foreseen is the end of a run whose changes were forecast.
func foreseen() engine.RunFinished {
	f := finished()
	c := append([]engine.ChangeDone{}, f.Summary.Changes...)
	span := func(least, typical, most time.Duration) forecast.Span {
		return forecast.Span{Min: least, Typical: typical, Max: most}
	}
	c[0].Expected, c[0].Forecast = span(8*time.Minute, 9*time.Minute+40*time.Second, 14*time.Minute), safe.Lit("no live thing touched")
	c[1].Expected, c[1].Dark = span(time.Second, 2*time.Second, 2*time.Second), span(0, time.Second, 2*time.Second)
	f.Summary.Changes = c
	f.Summary.Probes = []engine.ProbeTotals{{Probe: "static", Asked: 852, Failed: 4, Dark: 800 * time.Millisecond}, {Probe: "site", Asked: 170}}
	return f
}

// foreseenPlan is the incident as one plan: everything at once takes the name
// down, one change at a time does not.
func foreseenPlan() engine.Question {
	q := planQuestion()
	r := q.Payload.(engine.PlanReview)
	sure := func(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }
	takes := func(d time.Duration) durations.Estimate {
		return durations.Estimate{Min: d, Typical: d, Max: d, Source: durations.SourceRunbook}
	}
	name := plan.Thing{Name: safe.Lit("static.crates.io CNAME"), DNS: true, TTL: 5 * time.Minute}
	s := time.Second
	r.Plan.Resources = []plan.ResourceChange{
		{Index: 0, Address: safe.Lit("dns_record.static"), Action: plan.Delete, Was: &name},
		{Index: 1, Address: safe.Lit("certificate.static"), Action: plan.Create},
		{Index: 2, Address: safe.Lit("dns_record.weighted"), Action: plan.Create, Becomes: &name},
	}
	r.Changes = []plan.Change{
		{ID: "c1", Title: safe.Lit("create certificate.static"), Members: []int{1}, Why: safe.Lit("only adds; nothing that exists is touched")},
		{ID: "c2", Title: safe.Lit("create dns_record.weighted, delete dns_record.static"), Members: []int{0, 2}, Why: safe.Lit("the new record comes first")},
	}
	action := func(r int, name safe.Text, a plan.Action, from, to time.Duration, path int) forecast.Action {
		return forecast.Action{Resource: r, Address: name, Name: name, Action: a, Start: sure(from), End: sure(to), Takes: takes(to - from), Path: path}
	}
	r.Forecast = forecast.Forecast{
		Actions: []forecast.Action{
			action(0, safe.Lit("dns_record.static"), plan.Delete, 0, s, -1), action(1, safe.Lit("certificate.static"), plan.Create, 0, 20*s, -1),
			action(2, safe.Lit("dns_record.weighted"), plan.Create, 20*s, 21*s, 1),
		},
		Outages: []forecast.Outage{{
			Thing: name, Verdict: forecast.Window, From: sure(s), To: sure(21 * s), Length: sure(20 * s), OpenedBy: 0, ClosedBy: 2, WaitingFor: []int{1},
			SeenMost: sure(80 * s), Negative: time.Minute, Why: safe.Lit("its record is deleted at one address and made again at another, and the new one waits for certificate.static"),
		}},
		Takes: sure(21 * s), Dark: sure(20 * s),
	}
	r.Forecast.Actions[2].WaitsFor = []int{1}
	r.Sequence = forecast.Sequence{Steps: []forecast.Forecast{{Takes: sure(20 * s)}, {Takes: sure(2 * s), Outages: []forecast.Outage{{Thing: name, Verdict: forecast.Swap}}}}}
	r.Hazards = []plan.Hazard{{Code: plan.OutageWindow, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("static.crates.io CNAME is dark for 20 s.")}}
	q.Payload = r
	cures := choice("cures", "c", "ways round it", "")
	q.Choices = append(q.Choices[:2:2], cures, q.Choices[2])
	return q
}

func TestCure_whatWasMadeOfOneStandsOnTheScreen(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 12}} {
		d := newDesk(t, size[0], size[1])
		d.begin(engine.Live)
		d.upTo("plan")
		q := cureQuestion()
		q.Body = []safe.Text{safe.Lit("The branch lockstep/cure-4b226e2 is made.")}
		d.tell(engine.QuestionAsked{Question: q})
		d.has("lockstep/cure-4b226e2")
	}
}

func TestHints_theRecommendedChoiceIsTheLastToGo(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {80, 24}, {40, 12}} {
		d := newDesk(t, size[0], size[1])
		d.begin(engine.Live)
		d.upTo("plan")
		q := foreseenPlan()
		for i := range q.Choices {
			q.Choices[i].Recommended = false
		}
		q.Choices = append(q.Choices, engine.Choice{ID: "cures", Key: "c", Label: safe.Lit("ways round"), Recommended: true})
		d.tell(engine.QuestionAsked{Question: q})
		d.has("enter ways round")
		q.Choices[len(q.Choices)-1].Stops = true
		d.tell(engine.QuestionAsked{Question: q})
		d.has("enter ways round")
	}
}

func TestWorking_timeDoesNotCountWaitingForAnAnswer(t *testing.T) {
	d := newDesk(t, 80, 24)
	d.begin(engine.Live)
	d.upTo("plan")
	d.tell(engine.Progressed{What: safe.Lit("planning")})
	q := planQuestion()
	d.tell(engine.QuestionAsked{Question: q})
	d.wait(10 * time.Minute)
	d.tell(engine.QuestionAnswered{Answer: engine.Answer{Question: d.m.asked.q.ID, Choice: "cures"}})
	d.hasNot("planning")
	d.tell(engine.Progressed{What: safe.Lit("trying a way round"), Done: 1, Total: 2})
	d.wait(3 * time.Second)
	d.has("trying a way round · 3 s")
}
