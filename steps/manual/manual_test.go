package manual

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

func manualStep() runbook.Step {
	return runbook.Step{Name: "Switch \x1b[31mtraffic", Manual: &runbook.Manual{Instructions: []string{"Open the console", "Press \x1b[2Jthe button"}}}
}

func TestManual_everyItemHasToBeTicked(t *testing.T) {
	tr := &trial{t: t, kit: Kit(Deps{}), step: manualStep()}
	tr.answers = func(c engine.Console, q engine.Question) {
		items := q.Payload.(engine.Checklist).Items
		if len(items) != 2 || items[1] != safe.Lit(`Press \x1b[2Jthe button`) || !q.Choices[0].Stops || q.Title != safe.Lit(`Switch \x1b[31mtraffic`) {
			t.Errorf("asked %+v", q)
		}
		for _, ticked := range [][]string{nil, {"item 1"}, {"item 1", "item 3"}} {
			err := c.Answer(engine.Answer{Question: q.ID, Choice: "done", Acknowledge: ticked})
			if err == nil || !strings.Contains(err.Error(), "is not ticked") {
				t.Errorf("%v: got %v", ticked, err)
			}
		}
		if err := c.Answer(engine.Answer{Question: q.ID, Choice: "done", Acknowledge: []string{"item 2", "item 1"}, Text: "took two tries\x1b[m\nticket 7"}); err != nil {
			t.Error(err)
		}
	}
	tr.run()
	facts, blobs := tr.bodies(journal.KindEvidence)
	if tr.result != engine.OK || len(facts) != 1 || len(blobs) != 1 || blobs[0] != "took two tries\\x1b[m\nticket 7\n" {
		t.Errorf("%v %v: %v %q", tr.result, tr.err, facts, blobs)
	}
	decisions, _ := tr.bodies(journal.KindDecision)
	if got := decisions[0]["acknowledged"].([]any); len(got) != 2 {
		t.Errorf("recorded %v", got)
	}
}

func TestManual_stopEndsTheRunAndARehearsalSaysReadOnly(t *testing.T) {
	tr := &trial{t: t, kit: Kit(Deps{}), mode: engine.Rehearsal, step: manualStep(), answers: choose(t, map[engine.QuestionKind]string{engine.AskManual: "stop"})}
	if tr.run(); tr.result != engine.Declined || !strings.Contains(tr.asked[0].Body[0].String(), "do not do it") {
		t.Errorf("%v: %+v", tr.result, tr.asked)
	}
}

func TestConfirm_wantsTheTypedWordAndNoEndsTheRun(t *testing.T) {
	s := runbook.Step{Confirm: &runbook.Confirm{Question: "Really?", Typed: "production"}}
	tr := &trial{t: t, kit: Kit(Deps{}), step: s}
	tr.answers = func(c engine.Console, q engine.Question) {
		for _, typed := range []string{"", "yes", "Production"} {
			if err := c.Answer(engine.Answer{Question: q.ID, Choice: "yes", Typed: typed}); err == nil {
				t.Errorf("%q was enough", typed)
			}
		}
		if err := c.Answer(engine.Answer{Question: q.ID, Choice: "yes", Typed: "production"}); err != nil {
			t.Error(err)
		}
	}
	if tr.run(); tr.result != engine.OK || tr.asked[0].Title != safe.Lit("Really?") {
		t.Errorf("%v %v", tr.result, tr.err)
	}
	tr = &trial{t: t, kit: Kit(Deps{}), step: s, answers: choose(t, map[engine.QuestionKind]string{engine.AskConfirm: "stop"})}
	if tr.run(); tr.result != engine.Declined {
		t.Errorf("%v %v", tr.result, tr.err)
	}
}

// flaky fails in one span of time after the start of a test.
type flaky struct {
	born        time.Time
	since, till time.Duration
}

func (f flaky) Outline() engine.ProbeOutline {
	return engine.ProbeOutline{Name: "static", Every: time.Second}
}

func (f flaky) Measure(context.Context) probe.Measurement {
	at := time.Now()
	if d := at.Sub(f.born); d >= f.since && d < f.till {
		return probe.Measurement{At: at, Outcome: engine.Fail, Word: safe.Lit("NXDOMAIN")}
	}
	return probe.Measurement{At: at, Outcome: engine.Pass, Word: safe.Lit("ok")}
}

func TestWait_reportsAProbeOnceWhenItFailsAndOnceWhenItRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := probe.HubOf(flaky{time.Now(), 10 * time.Second, 15 * time.Second})
		tr := &trial{t: t, kit: Kit(Deps{Hub: hub}), step: runbook.Step{Wait: &runbook.Wait{For: runbook.Duration(30 * time.Second), Watch: []string{"static"}}}}
		began := time.Now()
		tr.run()
		var said []string
		done := int64(0)
		for _, e := range tr.events {
			switch ev := e.Event.(type) {
			case engine.Warned:
				said = append(said, ev.Text.String())
			case engine.Progressed:
				if ev.Done < done || ev.Total != 30 {
					t.Errorf("progress went from %d to %+v", done, ev)
				}
				done = ev.Done
			}
		}
		if !slices.Equal(said, []string{"static fails: NXDOMAIN, ", "static passes again"}) || done < 29 {
			t.Errorf("said %q, done %d", said, done)
		}
		if tr.result != engine.OK || time.Since(began) != 30*time.Second {
			t.Errorf("%v %v after %v", tr.result, tr.err, time.Since(began))
		}
		if facts, _ := tr.bodies(journal.KindEvidence); facts[0]["facts"].(map[string]any)["failed"] != 5.0 {
			t.Errorf("recorded %v", facts)
		}
	})
}

func TestWait_endsEarlyWhenCalledOffAndIsNotWaitedForInARehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runbook.Step{Wait: &runbook.Wait{For: runbook.Duration(time.Hour)}}
		began := time.Now()
		tr := &trial{t: t, kit: Kit(Deps{}), step: s, cancel: func(stop func()) { time.Sleep(time.Minute); stop() }}
		if tr.run(); tr.result != engine.Stopped || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", tr.result, time.Since(began))
		}
		began = time.Now()
		tr = &trial{t: t, kit: Kit(Deps{}), step: s, mode: engine.Rehearsal}
		if tr.run(); tr.result != engine.OK || time.Since(began) != 0 || tr.finished().Result != engine.Skipped {
			t.Errorf("%v after %v", tr.result, time.Since(began))
		}
	})
}

func TestKit_refusesStepsThatCannotRun(t *testing.T) {
	kit := Kit(Deps{Hub: probe.HubOf()})
	if _, err := kit[runbook.KindWait](runbook.Step{Wait: &runbook.Wait{Watch: []string{"nope"}}}); err == nil {
		t.Error("an unknown probe is watched")
	}
	if _, err := kit[runbook.KindManual](runbook.Step{Manual: &runbook.Manual{}}); err == nil {
		t.Error("a list without items")
	}
}
