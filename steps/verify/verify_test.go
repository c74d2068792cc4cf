package verify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

func TestVerify_passesWhenEveryProbeHeldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(600), For: secs(60), Attempts: 3}, answer: unasked(t),
			things: []*thing{
				{name: "static", every: time.Second, plan: []phase{bad.till(30 * time.Second), good}},
				{name: "site", every: 5 * time.Second, plan: []phase{good.till(50 * time.Second), bad.till(60 * time.Second), good}},
			},
		}
		tr.run()
		tr.is(engine.OK, engine.OK, true)
		if tr.took != 120*time.Second { // site passes again from 60 s on
			t.Errorf("took %v", tr.took)
		}
		facts, log := tr.evidence()
		// In the last second the other probe may or may not have been measured yet.
		if facts["verdict"] != "ok" || len(log) < 120+25 || len(log) > 121+25 {
			t.Errorf("verdict %v, %d measurements", facts["verdict"], len(log))
		}
		site := facts["probes"].([]any)[1].(map[string]any)
		if site["asked"] != 25.0 || site["failed"] != 2.0 || site["in_a_row"] != 13.0 || site["held_ms"] != 60000.0 {
			t.Errorf("recorded %v", site)
		}
	})
}

func TestVerify_onlyCountsWhatBeganAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard(runbook.Verify{Probes: []string{"p"}}, &runbook.Runbook{}, probe.HubOf(&thing{name: "p"}), time.Now())
		b.take(engine.ProbeMeasured{Probe: "p", At: time.Now().Add(-time.Millisecond), Outcome: engine.Pass})
		if b.met() {
			t.Error("a measurement from before counts")
		}
		b.take(engine.ProbeMeasured{Probe: "p", At: time.Now(), Outcome: engine.Pass})
		if !b.met() {
			t.Error("a measurement from after does not count")
		}
	})
}

func TestVerify_usesTheMeasurementsThatAreMadeAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), For: secs(10)}, answer: unasked(t), beside: true,
			things: []*thing{{name: "p", every: time.Second, plan: []phase{good}}},
		}
		tr.run()
		tr.is(engine.OK, engine.OK, true)
		told := 0
		for _, e := range tr.events {
			if _, ok := e.Event.(engine.ProbeMeasured); ok {
				told++
			}
		}
		if _, log := tr.evidence(); len(log) != 11 || told < 11 || told > 12 || tr.deps.Hub.Totals()[0].Asked != told {
			t.Errorf("verified with %d, told %d, measured %d", len(log), told, tr.deps.Hub.Totals()[0].Asked)
		}
	})
}

func TestVerify_boardIsToldAtMostFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), For: secs(20)}, answer: unasked(t),
			things: []*thing{{name: "p", every: 50 * time.Millisecond, plan: []phase{good}}},
		}
		tr.run()
		tr.is(engine.OK, engine.OK, true)
		if n := len(tr.moved()); n < 60 || n > 82 {
			t.Errorf("told %d times in 20 s", n)
		}
		if last := tr.moved()[len(tr.moved())-1]; !last.Rows[0].Met || last.Rows[0].HeldFor != 20*time.Second {
			t.Errorf("the last board is %+v", last)
		}
	})
}

func TestVerify_inconclusiveForgivesAHiccupAndNotBlindness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			until time.Duration
			want  time.Duration
		}{
			{24 * time.Second, 30 * time.Second}, // blind for 4 s: forgiven
			{28 * time.Second, 58 * time.Second}, // blind for 8 s: starts again
		} {
			tr := &trial{
				t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(600), For: secs(30)}, answer: unasked(t),
				things: []*thing{{name: "p", every: time.Second, plan: []phase{good.till(20 * time.Second), blind.till(c.until), good}}},
			}
			tr.run()
			tr.is(engine.OK, engine.OK, true)
			if tr.took != c.want {
				t.Errorf("blind until %v: took %v, want %v", c.until, tr.took, c.want)
			}
		}
	})
}

func TestVerify_inconclusiveAloneNeverPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)}, answer: say(t, time.Second, stop),
			things: []*thing{{name: "p", every: time.Second, plan: []phase{blind}}},
		}
		tr.run()
		tr.is(engine.Failed, engine.Failed, false)
		if tr.verified != nil {
			t.Error("the run went on")
		}
	})
}

func TestVerify_asksWithTheBoardAndStopsWhenToldTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked engine.Question
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)},
			things: []*thing{{name: "static", every: time.Second, plan: []phase{bad}}},
		}
		tr.answer = func(c engine.Console, q engine.Question) {
			asked = q
			say(t, 10*time.Second, stop)(c, q)
		}
		tr.run()
		tr.is(engine.Failed, engine.Failed, false)
		f := asked.Payload.(engine.Failure)
		if asked.Kind != engine.AskVerify || !asked.Choices[0].Stops || len(f.Rows) != 1 || f.Rows[0].Word != safe.Lit("NXDOMAIN") ||
			f.What != safe.Lit("static did not pass within 1m0s") {
			t.Errorf("asked %+v", asked)
		}
		deciding := slices.IndexFunc(tr.moved(), func(m engine.VerifyMoved) bool { return m.Deciding && m.Elapsed > 65*time.Second })
		if deciding < 0 {
			t.Error("the board stood still while the operator decided")
		}
		if facts, _ := tr.evidence(); facts["verdict"] != "failed" {
			t.Errorf("recorded %v", facts["verdict"])
		}
	})
}

func TestVerify_acceptNeedsAReasonAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)},
			things: []*thing{{name: "p", every: time.Second, plan: []phase{bad}}},
		}
		tr.answer = func(c engine.Console, q engine.Question) {
			if err := c.Answer(engine.Answer{Question: q.ID, Choice: accept}); err == nil {
				t.Error("accepted without a reason")
			}
			say(t, time.Second, accept)(c, q)
		}
		tr.run()
		tr.is(engine.OK, engine.Accepted, true)
	})
}

func TestVerify_requiredProbeCannotBeAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const why = "the probe p is required and does not pass"
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)}, required: true,
			things: []*thing{{name: "p", every: time.Second, plan: []phase{bad}}},
		}
		tr.answer = func(c engine.Console, q engine.Question) {
			if q.Choices[3].Disabled != safe.Lit(why) {
				t.Errorf("disabled: %q", q.Choices[3].Disabled)
			}
			if err := c.Answer(engine.Answer{Question: q.ID, Choice: accept, Reason: "x"}); err == nil || err.Error() != why {
				t.Errorf("got %v", err)
			}
			say(t, time.Second, stop)(c, q)
		}
		tr.run()
		tr.is(engine.Failed, engine.Failed, false)
	})
}

func TestVerify_requiredProbeThatFailsWhileDecidingCannotBeAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), For: secs(10)},
			things: []*thing{
				{name: "optional", every: time.Second, plan: []phase{bad}},
				{name: "needed", every: time.Second, plan: []phase{good.till(70 * time.Second), bad}},
			},
		}
		tr.answer = func(c engine.Console, q engine.Question) {
			time.Sleep(20 * time.Second)
			err := c.Answer(engine.Answer{Question: q.ID, Choice: accept, Reason: "x"})
			if !q.Choices[3].Disabled.IsEmpty() || err == nil || !strings.Contains(err.Error(), "needed is required") {
				t.Errorf("disabled %q, got %v", q.Choices[3].Disabled, err)
			}
			say(t, time.Second, stop)(c, q)
		}
		tr.required = true
		tr.runWith(func(rb *runbook.Runbook) { rb.Probes["optional"].Required = false })
		tr.is(engine.Failed, engine.Failed, false)
	})
}

func TestVerify_retryStartsAgainAndWaitGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for choice, want := range map[string]time.Duration{
			retry: 60*time.Second + 10*time.Second + 500*time.Millisecond + 50*time.Second, // the row starts over, at the next slot
			wait:  90 * time.Second,                                                        // 40 s + 50 s in a row
		} {
			tr := &trial{
				t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), For: secs(50)}, answer: say(t, 10*time.Second+time.Millisecond, choice),
				things: []*thing{{name: "p", every: time.Second, plan: []phase{bad.till(40 * time.Second), good}}},
			}
			tr.run()
			tr.is(engine.OK, engine.OK, true)
			if tr.took.Round(time.Second) != want.Round(time.Second) {
				t.Errorf("%s: took %v, want about %v", choice, tr.took, want)
			}
		}
	})
}

func TestVerify_greenWhileDecidingPassesWithTheAnswerAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, choice := range []string{retry, wait} {
			tr := &trial{
				t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), For: secs(20)}, answer: say(t, 2*time.Minute, choice),
				things: []*thing{{name: "p", every: time.Second, plan: []phase{bad.till(70 * time.Second), good}}},
			}
			tr.run()
			tr.is(engine.OK, engine.OK, true)
			if tr.took != 3*time.Minute {
				t.Errorf("%s: took %v", choice, tr.took)
			}
		}
	})
}

func TestVerify_stopsWithoutAskingWhenTheRunbookSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)}, answer: unasked(t), failing: runbook.FailureStops,
			things: []*thing{{name: "p", every: time.Second, plan: []phase{bad}}},
		}
		tr.run()
		tr.is(engine.Failed, engine.Failed, false)
		if !errors.Is(tr.err, ErrNotMet) || !strings.Contains(tr.err.Error(), "0 of 1 probes pass: p NXDOMAIN") {
			t.Errorf("got %v", tr.err)
		}
	})
}

func TestVerify_cancelEndsMeasuringAndAnOpenQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, at := range []time.Duration{30 * time.Second, 90 * time.Second} {
			tr := &trial{
				t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60)}, cancel: at, answer: func(engine.Console, engine.Question) {},
				things: []*thing{{name: "p", every: time.Second, plan: []phase{bad}}},
			}
			tr.run()
			tr.is(engine.Stopped, engine.Stopped, false)
			if facts, _ := tr.evidence(); facts["verdict"] != "stopped" || tr.took != at {
				t.Errorf("recorded %v after %v", facts["verdict"], tr.took)
			}
		}
	})
}

func TestVerify_rehearsalMeasuresOnceWarnsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{
			t: t, mode: engine.Rehearsal, spec: runbook.Verify{Within: secs(600), For: secs(60), Attempts: 2}, answer: unasked(t), required: true,
			things: []*thing{{name: "p", every: time.Second, plan: []phase{bad}}},
		}
		tr.run()
		tr.is(engine.OK, engine.OK, false)
		warned := slices.ContainsFunc(tr.events, func(e engine.Envelope) bool {
			w, ok := e.Event.(engine.Warned)
			return ok && strings.Contains(w.Text.String(), "p does not pass now (NXDOMAIN: got NXDOMAIN); a real run would")
		})
		if !warned || tr.took != time.Second {
			t.Errorf("warned %v, took %v", warned, tr.took)
		}
	})
}

func TestVerify_plansForNoChangesThroughTheOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plans := 0
		rb := &runbook.Runbook{Probes: map[string]*runbook.Probe{
			"plan": {Name: "plan", Every: secs(5), NoChanges: &runbook.NoChangesProbe{}},
		}}
		hub, err := probe.NewHub(rb, t.TempDir(), probe.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		tr := &trial{t: t, mode: engine.Live, spec: runbook.Verify{Within: secs(60), Probes: []string{"plan"}}, answer: unasked(t)}
		tr.deps = Deps{Hub: hub, NoChanges: func(ctx context.Context, op engine.Operator) (int, safe.Text, error) {
			if op.Run().ID != "r1" {
				t.Error("planned for another run")
			}
			select {
			case <-time.After(20 * time.Second): // a plan takes longer than its slot
			case <-ctx.Done():
				return 0, safe.Text{}, ctx.Err()
			}
			plans++
			return 2 - plans, safe.Lit("1 update"), nil
		}}
		tr.run()
		tr.is(engine.OK, engine.OK, true)
		_, log := tr.evidence()
		if plans != 2 || len(log) != 2 || log[0].Word != safe.Lit("changes") || log[1].Missed != 3 {
			t.Errorf("%d plans: %+v", plans, log)
		}
	})
}
