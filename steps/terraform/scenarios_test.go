package terraform

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
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
			if name == scripted.HugeLine && testing.Short() {
				t.Skip("64 MiB take too long in a short run")
			}
			want, known := expectations[name]
			if !known {
				t.Fatal("nobody knows what to expect")
			}
			s := newScene(t, scripted.Script{Scenario: name})
			switch name {
			case scripted.Slow, scripted.DiesOnHangup, scripted.DiesOnBrokenPipe:
				s.whenItWaits(func() {})
			case scripted.ChildOutlives:
				// Nobody waits for what Terraform leaves behind.
				defer func() {
					pid, err := s.tf.ReleaseOrphan()
					if err != nil || pid == 0 || syscall.Kill(pid, 0) != nil {
						t.Errorf("no process outlives the apply: %d, %v", pid, err)
					}
				}()
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
	if warned := strings.Contains(s.heard.said(), "and the state is as before"); warned != (o.Result == "ok" && !want.moved) {
		t.Errorf("warned of a state that did not move: %t", warned)
	}
	if moved := fmt.Sprint(o.Facts["serial"]) != "0"; moved != want.moved {
		t.Errorf("the serial in the outcome is %v", o.Facts["serial"])
	}
}

// TestScenarios_pressingAProgramIsTypedAndRecordedFirst presses an apply that does
// not mind its interrupt.
func TestScenarios_pressingAProgramIsTypedAndRecordedFirst(t *testing.T) {
	t.Parallel()
	for how, want := range map[engine.Interrupt]expectation{
		engine.SecondInterrupt: {engine.Stopped, "stopped", "1", false, 1, ""},
		engine.Kill:            {engine.Unknown, "", "", false, 1, ""},
	} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, scripted.Script{Scenario: scripted.IgnoresInterrupt})
			s.beside(func() {
				s.eventually("apply that waits", s.tf.Waiting)
				if err := s.engine.Force(how, engine.ForceWord(how)); err == nil {
					t.Error("a program that was not asked to end was pressed")
				}
				s.engine.Interrupt(engine.CancelNow)
				s.eventually("interrupt", func() bool { return len(s.signals()) == 1 })
				for _, typed := range []string{"", "yes", engine.ForceWord(how) + "!"} {
					if err := s.engine.Force(how, typed); err == nil {
						t.Errorf("%q was enough", typed)
					}
				}
				if got := s.signals(); len(got) != 1 {
					t.Errorf("signals %q", got)
				}
				if err := s.engine.Force(how, engine.ForceWord(how)); err != nil {
					t.Error(err)
				}
			})
			s.play()
			if s.result != want.result || s.applied() != 1 || len(s.effects()) != want.effects {
				t.Errorf("the run ended %q, %v; effects %q", s.result, s.err, s.effects())
			}
			signals := 1
			if how == engine.SecondInterrupt {
				signals = 2
			}
			if got := s.signals(); len(got) != signals {
				t.Errorf("signals %q", got)
			}
			forced := s.forced()
			if len(forced) != 1 || forced[0].Choice != string(how) {
				t.Errorf("recorded: %+v", forced)
			}
			for _, o := range s.outcomes() {
				if o.Result != want.outcome {
					t.Errorf("the outcome is %q", o.Result)
				}
			}
			s.once()
			s.clean()
		})
	}
}

// forced are the decisions to press a program.
func (s *scene) forced() (out []journal.DecisionBody) {
	for _, r := range s.records {
		var b journal.DecisionBody
		if r.Kind != journal.KindDecision {
			continue
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			s.t.Fatal(err)
		}
		if b.Kind == "force" {
			out = append(out, b)
		}
	}
	return out
}
