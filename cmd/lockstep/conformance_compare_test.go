package main

import (
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// TestConformance_comparisonSeesWhatIsWrong holds what the comparison is worth:
// it has to notice each way in which a forecast can be wrong.
func TestConformance_comparisonSeesWhatIsWrong(t *testing.T) {
	const s = time.Second
	at := func(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }
	thing := plan.Thing{Kind: "part", Name: safe.Lit("x"), Key: []plan.KeyPart{{Name: "key", Value: safe.Lit("x")}}}
	forecastOf := func() prediction {
		takes := durations.Estimate{Source: durations.SourceGiven}
		p := prediction{
			model: &plan.Plan{Resources: []plan.ResourceChange{{Address: safe.Lit("part.x"), Was: &thing, Becomes: &thing}}},
			after: [][]int{{}, {0}}, ids: []string{"old", ""},
		}
		p.Actions = []forecast.Action{
			{Address: safe.Lit("part.x"), Action: plan.Delete, End: at(s), Takes: takes},
			{Address: safe.Lit("part.x"), Action: plan.Create, Start: at(s), End: at(3 * s), Takes: takes, WaitsFor: []int{0}},
		}
		p.Outages = []forecast.Outage{{Thing: thing, Verdict: forecast.Window, From: at(s), To: at(3 * s), Length: at(2 * s), ClosedBy: 1}}
		return p
	}
	happened := func() []event {
		return []event{
			{address: "part.x", action: "delete", id: "old", end: s},
			{address: "part.x", action: "create", start: s, end: 3 * s},
		}
	}
	for name, c := range map[string]struct {
		change      func(*prediction, []event) []event
		wrong, late bool
	}{
		"as forecast":      {func(_ *prediction, e []event) []event { return e }, false, false},
		"in another order": {func(_ *prediction, e []event) []event { e[1].start = s - 1; return e }, true, false},
		"not done":         {func(_ *prediction, e []event) []event { return e[:1] }, true, false},
		"not forecast":     {func(_ *prediction, e []event) []event { return append(e, event{address: "part.y", action: "update"}) }, true, false},
		"another object":   {func(_ *prediction, e []event) []event { e[0].id = "other"; return e }, true, false},
		"too late":         {func(_ *prediction, e []event) []event { e[1].end += s; return e }, false, true},
		"too early":        {func(_ *prediction, e []event) []event { e[1].end -= s; return e }, false, true},
		"outage missed":    {func(p *prediction, e []event) []event { p.Outages = nil; return e }, true, false},
		"outage denied":    {func(p *prediction, e []event) []event { p.Outages[0].Verdict = forecast.None; return e }, true, false},
		"loss invented":    {func(p *prediction, e []event) []event { p.Outages[0].Verdict = forecast.Gone; return e }, true, false},
		"loss missed": {func(p *prediction, e []event) []event {
			p.Outages[0].Verdict, p.Actions, p.after = forecast.None, p.Actions[:1], p.after[:1]
			return e[:1]
		}, true, false},
		"length unknown": {func(p *prediction, e []event) []event { p.Actions[0].Takes.Source = ""; return e }, true, false},
	} {
		p := forecastOf()
		events := c.change(&p, happened())
		got := compare(p, events)
		if (len(got.wrong) > 0) != c.wrong || !c.wrong && (len(got.late) > 0) != c.late {
			t.Errorf("%s: wrong %q, late %q", name, got.wrong, got.late)
		}
	}
}
