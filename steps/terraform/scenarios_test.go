package terraform

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/terraform/scripted"
)

// An expectation is what a run says and records of a scenario.
type expectation struct {
	result  engine.Result
	outcome string // result of the only outcome; "" when there must be none
	exit    string // exit code in it
	moved   bool   // the serial in it is beyond that of the plan
	effects int
	says    string // part of the error
}

var expectations = map[scripted.Scenario]expectation{
	scripted.OK:                 {engine.OK, "ok", "0", true, 2, ""},
	scripted.Slow:               {engine.OK, "ok", "0", true, 2, ""},
	scripted.FailBeforeState:    {engine.Failed, "failed", "1", false, 1, "failed before the state was written"},
	scripted.FailAfterState:     {engine.Failed, "failed", "1", true, 1, "the second change failed"},
	scripted.IgnoresInterrupt:   {engine.Stopped, "ok", "0", true, 2, ""},
	scripted.DiesOnHangup:       {engine.OK, "ok", "0", true, 2, ""},
	scripted.DiesOnBrokenPipe:   {engine.OK, "ok", "0", true, 2, ""},
	scripted.HugeLine:           {engine.OK, "ok", "0", true, 2, ""},
	scripted.InvalidEvent:       {engine.OK, "ok", "0", true, 2, ""},
	scripted.Escapes:            {engine.OK, "ok", "0", true, 2, ""},
	scripted.StateDump:          {engine.Failed, "failed", "1", false, 2, "the state could not be saved"},
	scripted.ExitsWellUnchanged: {engine.Declined, "ok", "0", false, 0, ""},
	scripted.ExitsBadlyApplied:  {engine.Failed, "failed", "1", true, 2, "terraform did not finish the apply"},
	scripted.StalePlan:          {engine.Failed, "failed", "1", false, 0, "changed since it was reviewed"},
	scripted.LockHeld:           {engine.Failed, "failed", "1", false, 0, "locked by bob@elsewhere"},
	scripted.WrongVersion:       {engine.Failed, "", "", false, 0, "is version 1.5.7"},
	scripted.ChildOutlives:      {engine.OK, "ok", "0", true, 2, ""},
}

// TestScenarios_areToldAsTheyAre runs every scenario through the real steps and
// the real engine, with a journal.
func TestScenarios_areToldAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, name := range scripted.Scenarios {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			want, known := expectations[name]
			if !known {
				t.Fatal("nobody knows what to expect")
			}
			s := newScene(t, scripted.Script{Scenario: name})
			switch name {
			case scripted.Slow, scripted.DiesOnHangup, scripted.DiesOnBrokenPipe:
				s.whenItWaits(func() {})
			case scripted.ChildOutlives:
				s.beside(func() {
					s.eventually("process that outlives the apply", func() bool {
						pid, err := s.tf.ReleaseOrphan()
						return pid > 0 && err == nil
					})
				})
			case scripted.IgnoresInterrupt:
				s.whenItWaits(func() {
					for range 3 {
						s.engine.Interrupt(engine.CancelNow)
						s.eventually("interrupt", func() bool { return len(s.signals()) > 0 })
					}
				})
			}
			s.play()
			s.expect(want)
			s.once()
			s.clean()
		})
	}
}

// whenItWaits does something while an apply waits, and then lets it go on.
func (s *scene) whenItWaits(do func()) {
	s.beside(func() {
		s.eventually("apply that waits", s.tf.Waiting)
		do()
		if err := s.tf.Go(); err != nil {
			s.t.Error(err)
		}
	})
}

// beside does something while the run goes on, and waits for its end.
func (s *scene) beside(do func()) {
	done := make(chan struct{})
	s.t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		do()
	}()
}

func (s *scene) eventually(what string, is func() bool) {
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Errorf("there is no %s", what)
			return
		}
	}
}

func (s *scene) signals() []string {
	signals, err := s.tf.Signals()
	if err != nil {
		s.t.Error(err)
	}
	return signals
}

func (s *scene) expect(want expectation) {
	t := s.t
	t.Helper()
	if s.result != want.result {
		t.Errorf("the run ended %q, not %q: %v", s.result, want.result, s.err)
	}
	if want.says != "" && (s.err == nil || !strings.Contains(s.err.Error(), want.says)) {
		t.Errorf("it says %v, not %q", s.err, want.says)
	}
	if n := len(s.effects()); n != want.effects {
		t.Errorf("%d effects, not %d: %q", n, want.effects, s.effects())
	}
	outcomes := s.outcomes()
	if want.outcome == "" {
		if len(outcomes) > 0 || s.count(journal.KindIntent) > 0 {
			t.Errorf("an effect was started: %+v", outcomes)
		}
		return
	}
	if len(outcomes) != 1 || s.count(journal.KindIntent) != 1 {
		t.Fatalf("%d intents, outcomes %+v", s.count(journal.KindIntent), outcomes)
	}
	o := outcomes[0]
	if o.Result != want.outcome || fmt.Sprint(o.Facts["exit"]) != want.exit {
		t.Errorf("the outcome is %q with exit code %v, not %q with %s", o.Result, o.Facts["exit"], want.outcome, want.exit)
	}
	if moved := fmt.Sprint(o.Facts["serial"]) != "0"; moved != want.moved {
		t.Errorf("the serial in the outcome is %v", o.Facts["serial"])
	}
}
