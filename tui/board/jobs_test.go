package board

import (
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/tui/look"
)

func TestApply_saysHowLongACancelWaits(t *testing.T) {
	b := NewApply(look.New(false))
	b.SetSize(120, 40)
	incident(b, 12*time.Second)
	if jobs := b.Jobs(); len(jobs) != 1 || jobs[0].Name.String() != "certificate.static" || !jobs[0].Since.Equal(t0.Add(time.Second)) {
		t.Errorf("jobs %v", jobs)
	}
	tell(b, 13*time.Second, engine.Interrupted{How: engine.CancelNow})
	tell(b, 14*time.Second, engine.Interrupted{How: engine.GoOn}) // takes nothing back
	b.Tick(t0.Add(2 * time.Minute))
	if v := b.View(); !strings.Contains(v, "cancelling for 1 min 47 s") {
		t.Errorf("the board says\n%s", v)
	}
	tell(b, 3*time.Minute, engine.Interrupted{How: engine.SecondInterrupt})
	if v := b.View(); !strings.Contains(v, "interrupted twice") {
		t.Errorf("the board says\n%s", v)
	}
	tell(b, 4*time.Minute, engine.ApplyFinished{Result: engine.Stopped})
	if v := b.View(); strings.Contains(v, "interrupted") || len(b.Jobs()) > 0 || b.UnderWay() {
		t.Errorf("the board says\n%s", v)
	}
}

// A runner that died leaves an apply that never says how it ended.
func TestApply_isOverWithItsStep(t *testing.T) {
	for name, end := range map[string]engine.Event{
		"outcome unknown":  engine.StepFinished{ID: "apply", Result: engine.Unknown},
		"outcome unknown ": engine.StepStarted{ID: "plan", Attempt: 2},
		"stopped after":    engine.StepFinished{ID: "apply", Result: engine.Stopped},
	} {
		b := NewApply(look.New(false))
		b.SetSize(120, 40)
		incident(b, 12*time.Second)
		b.step = "apply"
		b.Event(engine.Envelope{Time: t0.Add(time.Minute), Event: engine.StepFinished{ID: "other"}})
		if !b.UnderWay() {
			t.Errorf("%s: another step ended it", name)
		}
		b.Event(engine.Envelope{Time: t0.Add(time.Minute), Event: end})
		if v := b.View(); b.UnderWay() || !strings.Contains(v, strings.TrimSpace(name)) {
			t.Errorf("the board says\n%s", v)
		}
	}
}
