package plain

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

const s = time.Second

func sure(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }

// planned is the incident, small.
func planned(kind engine.QuestionKind) engine.Question {
	name := plan.Thing{Name: safe.Lit("static.crates.io CNAME"), DNS: true, TTL: 5 * time.Minute}
	cert := durations.Estimate{Min: 18 * s, Typical: 20 * s, Max: 30 * s, Runs: 4, Source: durations.SourceAddress}
	gone := forecast.Outage{Thing: name, Verdict: forecast.Gone, OpenedBy: 0, ClosedBy: -1}
	r := engine.PlanReview{
		Commit: engine.Candidate{Short: "4b226e2"}, Commits: []engine.Candidate{{Hash: "4b226e2000", Short: "4b226e2", Subject: safe.Lit("Weighted records")}},
		Plan: plan.Plan{Resources: []plan.ResourceChange{
			{Index: 0, Address: safe.Lit("dns_record.static"), Action: plan.Delete, Was: &name, Origin: plan.Origin{Commits: []string{"4b226e2000"}}},
			{Index: 1, Address: safe.Lit("certificate.static"), Action: plan.Create},
			{Index: 2, Address: safe.Lit("dns_record.weighted"), Action: plan.Create, Becomes: &name},
		}},
		Changes: []plan.Change{
			{ID: "c1", Title: safe.Lit("create certificate.static"), Members: []int{1}},
			{ID: "c2", Title: safe.Lit("create dns_record.weighted, delete dns_record.static"), Members: []int{2, 0}},
			{ID: "c3", Title: safe.Lit("the rest"), Blocked: safe.Lit("it would take the name away for good"), Remedy: safe.Lit("let Terraform forget it")},
		},
		Forecast: forecast.Forecast{
			Actions: []forecast.Action{
				{Resource: 0, Address: safe.Lit("dns_record.static"), Action: plan.Delete, End: sure(s), Takes: durations.Estimate{}, Path: -1},
				{Resource: 1, Name: safe.Lit("certificate.static"), Action: plan.Create, End: sure(20 * s), Takes: cert, Path: -1},
				{Resource: 2, Action: plan.Create, Start: sure(20 * s), End: sure(21 * s), Takes: cert, Path: 1, WaitsFor: []int{1}},
			},
			Outages: []forecast.Outage{{
				Thing: name, Verdict: forecast.Window, From: sure(s), To: sure(21 * s), Length: sure(20 * s), OpenedBy: 0, ClosedBy: 2,
				SeenMost: sure(80 * s), Negative: time.Minute, Why: safe.Lit("the new record waits for the certificate"),
			}},
			Takes: sure(21 * s),
		},
		Sequence: forecast.Sequence{Steps: []forecast.Forecast{{Takes: sure(20 * s)}, {Takes: sure(2 * s), Outages: []forecast.Outage{{Thing: name, Verdict: forecast.Swap}}}, {Outages: []forecast.Outage{gone}}}},
		Hazards: []plan.Hazard{
			{Code: plan.OutageWindow, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("The name is dark for 20 s.")},
			{Code: plan.DriftFound, Address: safe.Lit("bucket.logs"), Text: safe.Lit("It will be changed back.")},
		},
	}
	take := engine.Choice{ID: "take", Key: "t", NeedsItem: true}
	if kind == engine.AskApply {
		r.Changes, r.Sequence, take.NeedsItem = nil, forecast.Sequence{}, false
	}
	return engine.Question{Kind: kind, Title: safe.Lit("Which change is next?"), Choices: []engine.Choice{take, {ID: "stop", Stops: true}}, Payload: r}
}

func TestPlan_tellsTheForecastInSentences(t *testing.T) {
	p := newPlay(t, planned(engine.AskChange))
	out := tellAll(t, p, "t", "1")
	says(t, out,
		"if everything is applied at once: it takes 21 s",
		"static.crates.io CNAME: DARK for 20 s, from 1 s after the start; users see it for up to 1m20s (negative TTL 1m), or not at all with a cached answer (TTL 5m); the new record waits for the certificate",
		"one change at a time, recommended; dark in all: BLOCKED at change 3",
		"change 1: create certificate.static (recommended); takes 20 s; live things: no live thing touched",
		"change 2: create dns_record.weighted, delete dns_record.static; takes 2 s; live things: swap, 0 s",
		"change 2 is the resources 3, 1",
		"BLOCKED: it would take the name away for good; instead: let Terraform forget it",
		"hazard OUTAGE_WINDOW: dns_record.static The name is dark for 20 s. To be accepted before an apply.",
		"resource 1: delete dns_record.static; delete from 0 s to 1 s, how long it takes is not known; from commit 4b226e2, Weighted records",
		"resource 3: create dns_record.weighted; create from 20 s to 21 s, typical 20 s (4 runs), right behind certificate.static",
	)
	if p.answers[0].Item != "c1" || len(p.answers[0].Acknowledge) > 0 {
		t.Errorf("answer %+v", p.answers[0])
	}
}

func TestPlan_takesSeveralChangesOrAPart(t *testing.T) {
	for text, want := range map[string]string{"2": "c2", "1+2": "c1+c2", "1 + 2": "c1+c2", "only 1,3": "only:0,2", "only 2": "only:1"} {
		p := newPlay(t, planned(engine.AskChange))
		tellAll(t, p, "t", text)
		if p.answers[0].Item != want {
			t.Errorf("%q takes %q, want %q", text, p.answers[0].Item, want)
		}
	}
	for text, why := range map[string]string{
		"1+9": `There is no number "9"`, "only 0": `There is no number "0"`, "only": "There is no number", "3": "it is BLOCKED", "1+3": "it is BLOCKED", "only 4": `There is no number "4"`,
	} {
		p := newPlay(t, planned(engine.AskChange))
		says(t, tellAll(t, p, "t", text, "stop"), why)
		if p.answers[0].Choice != "stop" {
			t.Errorf("%q is taken: %+v", text, p.answers[0])
		}
	}
}

func TestPlan_aHazardIsAcceptedByItsCode(t *testing.T) {
	p := newPlay(t, planned(engine.AskApply))
	out := tellAll(t, p, "t", "ack 1", "outage_window", "t", "ack 1", " OUTAGE_WINDOW", "t", "ack all", "OUTAGE_WINDOW", "t")
	says(t, out, "forecast of this apply: it takes 21 s", "type OUTAGE_WINDOW to accept hazard 1:", "that was not the code", "hazard 1 is not acknowledged", "hazard 1 acknowledged", "hazard DRIFT: bucket.logs")
	if len(p.answers) != 1 || !slices.Equal(p.answers[0].Acknowledge, []string{"OUTAGE_WINDOW dns_record.static"}) {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestPlan_anApplyIsToldToItsEnd(t *testing.T) {
	q := planned(engine.AskApply)
	r := q.Payload.(engine.PlanReview)
	for i := range 50 {
		r.Plan.Resources = append(r.Plan.Resources, plan.ResourceChange{Index: 3 + i, Address: safe.Sprintf("a.n%d", i), Action: plan.Create})
	}
	r.Hazards = nil
	q.Payload = r
	p := newPlay(t, q)
	says(t, tellAll(t, p, "t", "more", "t"), "Not yet: the plan was not told to its end: type more", "a.n49")
	if p.answers[0].Choice != "take" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestCure_tellsItsProofAndItsPatch(t *testing.T) {
	dark := []forecast.Outage{{Verdict: forecast.Window, Length: sure(20 * s)}}
	q := engine.Question{Kind: engine.AskCure, Title: safe.Lit("Which way?"), Choices: []engine.Choice{{ID: "patch", Key: "p", NeedsItem: true}, {ID: "back", Key: "b"}}, Payload: engine.CureReview{Cures: []forecast.Cure{
		{ID: "k1", Kind: forecast.CureForget, Title: safe.Lit("forget the old record"), Before: dark, Proved: true, Files: safe.Lines("dns.tf"), Patch: safe.Lines("@@ -1 +1,2 @@\n a\n+removed {}")},
		{ID: "k2", Kind: forecast.CureMoved, Title: safe.Lit("say that it moved"), Before: dark, Problem: safe.Lit("the plan fails")},
	}}}
	p := newPlay(t, q)
	says(t, tellAll(t, p, "show 1", "p", "2"),
		"way 1: forget the old record, by removed block; proved by planning it; everything at once: from DARK 20 s to nothing dark; one change at a time: dark 0 s",
		"way 2: say that it moved, by moved block; NOT proved: the plan fails; everything at once: from DARK 20 s to not known",
		"changes dns.tf", "added:   removed {}", "which way, by number:",
	)
	if p.answers[0].Item != "k2" {
		t.Errorf("answer %+v", p.answers[0])
	}
}

func TestTell_saysWhatAnApplyIsExpectedToDo(t *testing.T) {
	q := planned(engine.AskApply).Payload.(engine.PlanReview)
	again := &play{t: t, events: make(chan engine.Envelope, 100)}
	again.tell(engine.ApplyStarted{
		Title: safe.Lit("all"), Takes: sure(21 * s), Outages: q.Forecast.Outages,
		Items: []engine.ApplyItem{{Address: safe.Lit("certificate.static"), Action: plan.Create, Takes: q.Forecast.Actions[1].Takes}},
	})
	again.tell(engine.ResourceMoved{Item: 0, State: engine.Running})
	again.tell(engine.QuestionAsked{Question: planned(engine.AskChange)})
	again.tell(engine.RunFinished{Result: engine.OK, Summary: engine.Summary{
		Changes: []engine.ChangeDone{{Title: safe.Lit("all"), Result: engine.OK, Took: 25 * s, Expected: sure(21 * s), Dark: sure(20 * s)}},
		Probes:  []engine.ProbeTotals{{Probe: "static", Asked: 100, Failed: 99, Dark: 24 * s}},
	}})
	close(again.events)
	var out bytes.Buffer
	if err := Tell(context.Background(), again, &out, Options{}); err != nil {
		t.Fatal(err)
	}
	says(t, out.String(), "expected to take 21 s", "forecast: static.crates.io CNAME: DARK for 20 s", "create certificate.static: running, typical 20 s (4 runs)",
		"at once: static.crates.io CNAME: DARK", "change 1, forecast: dark for 20 s · expected 21 s, took 25 s, longer than forecast", "dark in all: forecast 20 s · measured 24 s (static)")
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there is an escape in it")
	}
}
