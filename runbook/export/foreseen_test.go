package export

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// foretold is a journal whose applies were forecast, kept like fixture.
const foretold = "testdata/foretold"

// ahead is what is recorded of a forecast.
func ahead(takes int, dark any, verdict, sentence string) map[string]any {
	return map[string]any{
		"takes_ms": takes, "dark_ms": dark, "hazards": []string{"OUTAGE_WINDOW dns_record.static"}, "sentence": sentence,
		"verdicts": []map[string]any{{
			"thing": "static.crates.io CNAME", "verdict": verdict, "length_ms": dark,
			"why": "the create waits for certificate.static, which <takes> its *time*",
		}},
	}
}

// writeForetold writes a run whose first change went dark as forecast, whose
// second one did better, and that ended while its third one was under way.
func writeForetold(dir string) error {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/production", Boot: "b1", Now: func() time.Time {
		now = now.Add(1500 * time.Millisecond)
		return now
	}})
	if err != nil {
		return err
	}
	defer j.Close()
	w := &writer{Journal: j, run: "20261128-51de"}
	w.rec("", journal.KindOpen, journal.OpenBody{
		Title: safe.Lit("Roll out the crates.io infrastructure"), Environment: "production", Mode: "live",
		Runbook: "deploy.yaml", Digest: strings.Repeat("cd", 32), Lockstep: "v0.2.0",
	})
	hazard := plan.Hazard{Code: plan.OutageWindow, Address: safe.Lit("dns_record.static"), Text: safe.Lit("static.crates.io is absent for a while"), Accept: true}
	w.step("plan", "1", "plan", "started", "")
	w.rec("plan", journal.KindEvidence, journal.EvidenceBody{
		What: safe.Lit("forecast of everything at once"), Facts: ahead(598000, 590000, "window", "static.crates.io CNAME dark for about 9m50s"),
	})
	w.rec("plan", journal.KindEvidence, journal.EvidenceBody{What: safe.Lit("cures that were tried out"), Facts: map[string]any{"cures": []map[string]any{
		{"id": "1", "kind": "moved", "title": "say that static moved", "proved": true, "problem": "", "dark_ms": 0, "files": []string{"dns.tf"}},
		{"id": "2", "kind": "removed", "title": "let go of \x1b[2J", "proved": false, "problem": "terraform plan failed", "dark_ms": 0, "files": []string{}},
	}}})
	w.ask("plan", engine.Question{
		ID: "q1", Kind: engine.AskCure, Title: safe.Lit("Take one of these ways round?"),
		Choices: []engine.Choice{{ID: "back", Label: safe.Lit("back to the changes")}, {ID: "patch", Label: safe.Lit("write the patch to a file"), NeedsItem: true}},
		Payload: engine.CureReview{Cures: []forecast.Cure{
			{ID: "1", Kind: forecast.CureMoved, Title: safe.Lit("say that static moved"), Proved: true, Patch: safe.Lines("--- a/dns.tf\n+++ b/dns.tf\n@@ -1 +1,2 @@\n+moved {}")},
			{ID: "2", Kind: forecast.CureForget, Title: safe.Show("let go of \x1b[2J"), Problem: safe.Lit("terraform plan failed")},
		}},
	}, journal.DecisionBody{Choice: "patch", Item: "1"}, "")
	w.ask("plan", engine.Question{
		ID: "q2", Kind: engine.AskChange, Title: safe.Lit("Which change is next?"),
		Choices: []engine.Choice{{ID: "stop", Label: safe.Lit("stop here"), Stops: true}, {ID: "next", Label: safe.Lit("take the next one")}},
		Payload: engine.PlanReview{Hazards: []plan.Hazard{hazard}, Changes: []plan.Change{
			{Title: safe.Lit("dns_record.static")},
			{Title: safe.Lit("certificate.old"), Blocked: safe.Lit("its delete takes static.crates.io away for good"), Remedy: safe.Lit("take both together")},
		}},
	}, journal.DecisionBody{Choice: "next"}, "")
	w.rec("plan", journal.KindEvidence, journal.EvidenceBody{
		What: safe.Lit("forecast of the chosen change"), Facts: ahead(20000, 4000, "window", "static.crates.io CNAME dark for 4 s"),
	})
	w.step("plan", "1", "plan", "ok", "dns_record.static")
	w.step("apply", "2", "apply", "started", "")
	w.ask("apply", engine.Question{
		ID: "q3", Kind: engine.AskApply, Title: safe.Lit("Apply this change?"),
		Choices: []engine.Choice{{ID: "stop", Label: safe.Lit("stop here"), Stops: true}, {ID: "apply", Label: safe.Lit("apply"), Typed: "production"}},
		Payload: engine.PlanReview{Hazards: []plan.Hazard{hazard}},
	}, journal.DecisionBody{Choice: "apply", Acknowledged: []string{hazard.Key()}, Reason: safe.Lit("the night is quiet")}, "")
	// apply runs for 4.5 s: probes fail and pass while it does.
	apply := func(what string, facts map[string]any, probe bool) int64 {
		i := w.rec("apply", journal.KindIntent, journal.IntentBody{Effect: "irreversible", What: safe.Show(what), Facts: facts})
		if probe {
			from := now.Add(600 * time.Millisecond)
			facts := map[string]any{"probe": "static", "word": "NXDOMAIN", "from": from.Format(time.RFC3339Nano)}
			w.rec("", journal.KindEvidence, journal.EvidenceBody{What: safe.Lit("static fails: NXDOMAIN no such name"), Facts: facts})
			facts["milliseconds"] = 1800
			w.rec("", journal.KindEvidence, journal.EvidenceBody{What: safe.Lit("static passes again after 1.8s"), Facts: facts})
		}
		return i
	}
	i := apply("terraform apply of dns_record.static", nil, true)
	w.rec("apply", journal.KindOutcome, journal.OutcomeBody{Intent: i, Result: "ok", Detail: safe.Lit("1 resource replaced")})
	i = apply("terraform apply of dns_record.index", map[string]any{"serial": 3, "forecast": ahead(1000, nil, "swap", "")}, false)
	w.rec("apply", journal.KindOutcome, journal.OutcomeBody{Intent: i, Result: "ok", Detail: safe.Lit("1 resource updated")})
	apply("terraform apply of certificate.old", map[string]any{"forecast": ahead(60000, nil, "gone", "")}, false)
	w.rec("", journal.KindEvidence, journal.EvidenceBody{What: safe.Lit("index fails: refused"), Facts: map[string]any{
		"probe": "index", "word": "refused", "from": now.Format(time.RFC3339Nano),
	}})
	if w.err != nil {
		return w.err
	}
	return os.Remove(dir + "/holder.json") // names the machine it was written on
}

func TestExports_tellTheForecastBesideWhatHappened(t *testing.T) {
	golden(t, "foretold.md", markdownOf(t, foretold, "last"))
	golden(t, "foretold.txt", showOf(t, foretold, "last", 80))
	golden(t, "foretold.json", jsonOf(t, foretold, "last"))
}

func TestJSON_givesForecastsToPrograms(t *testing.T) {
	var b bundle
	if err := json.Unmarshal([]byte(jsonOf(t, foretold, "last")), &b); err != nil {
		t.Fatal(err)
	}
	if len(b.Ahead) != 3 {
		t.Fatalf("%d forecasts", len(b.Ahead))
	}
	first, last := b.Ahead[0], b.Ahead[2]
	if *first.Forecast.TakesMS != 20000 || first.Result != "ok" || *first.TookMS != 4500 || len(first.Failed) != 1 || *first.Failed[0].MS != 1800 {
		t.Errorf("%+v", first)
	}
	if len(b.Ahead[1].Failed) != 0 {
		t.Errorf("%+v", b.Ahead[1])
	}
	if last.Result != journal.ResultUnknown || last.TookMS != nil || len(last.Failed) != 1 || last.Failed[0].MS != nil || !last.Failed[0].Open {
		t.Errorf("%+v", last)
	}
}

// A journal without forecasts says nothing of them.
func TestExports_areSilentWhereNothingWasForecast(t *testing.T) {
	if out := markdownOf(t, fixture, "20261122"); strings.Contains(strings.ToLower(out), "forecast") {
		t.Error("a forecast is told that nobody made")
	}
}

func TestForesee_takesNothingElse(t *testing.T) {
	for _, facts := range []any{
		nil, "takes_ms",
		map[string]any{},
		map[string]any{"sentence": "dark"},
		map[string]any{"takes_ms": "long"},
		map[string]any{"takes_ms": 1, "verdicts": "x"},
		map[string]any{"takes_ms": 1e300},
	} {
		if f := foresee(facts); f != nil {
			t.Errorf("%v is read as %+v", facts, f)
		}
	}
}
