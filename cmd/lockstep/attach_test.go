package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"lockstep/runbook/journal"
)

// want checks what a command printed and how it ended.
func want(t *testing.T, what, got string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s lacks %q:\n%s", what, w, got)
		}
	}
}

func TestAttach_killedScreenLeavesTheEffectAlone(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--answers", "yes.yaml", "--operator", "ana")
	s.until("the effect begins", func() bool { return s.effects() == 1 })
	l := s.standing(stateRunning, 1)
	a.signal(syscall.SIGKILL)
	s.standing(stateRunning, 0)

	// Nobody else may work on the environment meanwhile, and is told who does what.
	_, stderr, code := s.do("run", "deploy.yaml", "--answers", "yes.yaml")
	want(t, "the second run", stderr, "is being written by ", "run "+l.Run+", doing: Run a program (step 1))", "hint: lockstep attach "+l.Run)
	if code != exitFailed {
		t.Errorf("the second run exits with %d", code)
	}
	_, stderr, code = s.do("resume", l.Run)
	want(t, "resume", stderr, "run "+l.Run+" goes on", "lockstep attach "+l.Run)
	if code != exitFailed {
		t.Errorf("resume exits with %d", code)
	}

	s.release()
	s.standing(stateAttending, 0) // it ended, and nothing new has started
	stdout, _, _ := s.do("runs")
	want(t, "runs", stdout, "waiting for somebody to attach", l.Run+" waits for somebody to attach, before step 2, Announce; nobody is attached", "lockstep attach "+l.Run)

	stdout, stderr, code = s.do("attach", "--answers", "yes.yaml", "--operator", "ben")
	want(t, "attach", stdout, "step 1, Run a program: done", "answered by ben: send", "all is well\n")
	if code != exitDone || stderr != "" {
		t.Errorf("attach exits with %d: %s", code, stderr)
	}
	s.over("done")
	if got := s.seats(); !reflect.DeepEqual(got[:3], []string{"ana attached holds", "ana left", "ben attached holds"}) {
		t.Errorf("seats %q", got)
	}
	if n := s.effects(); n != 1 {
		t.Errorf("the effect happened %d times", n)
	}
	s.gone(l)
}

// gone checks that a runner that has ended leaves nothing but the journal.
func (s *theatre) gone(l *liveRun) {
	s.t.Helper()
	s.until("the runner ends", func() bool { return !l.lives() })
	for _, path := range []string{filepath.Join(l.dir, noteName), l.Socket, l.Log, filepath.Join(l.dir, workName, l.Run)} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			s.t.Errorf("%s is left: %v", path, err)
		}
	}
}

func TestAttach_killedScreenLeavesTheQuestionOpen(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	a.signal(syscall.SIGKILL)
	l := s.standing(stateAttending, 0)
	stdout, _, _ := s.do("runs", "--json")
	var rows []runRow
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	if r := rows[0]; r.Result != "running" || r.State != stateAttending || r.Question.String() != "Run this program?" || r.Since == nil || r.PID != l.PID || len(r.Attached) != 0 {
		t.Errorf("row %+v", r)
	}
	b := s.start("attach", l.Run[:4], "--plain")
	b.says("answer:")
	b.types("stop")
	if code := b.wait(); code != exitDeclined {
		t.Errorf("exit %d: %s", code, b.err)
	}
	s.over("declined")
	s.gone(l)
}

func TestAttach_anotherTakesTheAnswers(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain", "--operator", "ana")
	a.says("answer:")
	s.standing(stateAsking, 1)
	w := s.start("attach", "--watch", "--plain", "--operator", "cleo")
	w.says("asked: Run this program?")
	b := s.start("attach", "--take", "ana sleeps", "--plain", "--operator", "ben")
	b.says("answer:")
	a.says("took over from you")
	s.standing(stateAsking, 3)
	b.types("stop")
	for _, p := range []*player{a, b, w} {
		if code := p.wait(); code != exitDeclined {
			t.Errorf("exit %d: %s", code, p.err)
		}
	}
	if got := s.seats(); !reflect.DeepEqual(got[:4], []string{"ana attached holds", "cleo attached", "ben attached", "ben took holds: ana sleeps"}) {
		t.Errorf("seats %q", got)
	}
	for _, r := range s.records() {
		if r.Kind == journal.KindDecision && r.Actor.Name != "ben" {
			t.Errorf("%s decided", r.Actor.Name)
		}
	}
}

func TestAttach_stoppedScreenHoldsNobodyUp(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--answers", "yes.yaml")
	s.until("the effect begins", func() bool { return s.effects() == 1 })
	s.standing(stateRunning, 1)
	a.signal(syscall.SIGSTOP)
	b := s.start("attach", "--take", "the other one is stuck", "--answers", "yes.yaml")
	s.standing(stateRunning, 2)
	s.release()
	if code := b.wait(); code != exitDone {
		t.Errorf("exit %d: %s", code, b.err)
	}
	s.over("done")
	a.signal(syscall.SIGCONT) // it reads the end, too
	if code := a.wait(); code != exitDone {
		t.Errorf("the stopped one exits with %d: %s", code, a.err)
	}
	want(t, "the stopped one", a.out.String(), "all is well\n")
}

func TestAttach_signalsEndTheScreenOnly(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--answers", "yes.yaml")
	s.until("the effect begins", func() bool { return s.effects() == 1 })
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		l := s.standing(stateRunning, 1)
		a.signal(sig)
		if code := a.wait(); code != exitFailed {
			t.Errorf("%v: exit %d", sig, code)
		}
		want(t, sig.String(), a.err.String(), "this screen was ended ("+sig.String()+"); run "+l.Run+" goes on", "hint: lockstep attach "+l.Run)
		s.standing(stateRunning, 0)
		a = s.start("attach", "--answers", "yes.yaml")
	}
	// An interrupt is meant for the run.
	s.standing(stateRunning, 1)
	a.signal(syscall.SIGINT)
	if !a.err.wait("stopping after the step in flight") {
		t.Fatal(a.err)
	}
	s.until("it stops", func() bool { return s.live().status.Stopping })
	s.release()
	if code := a.wait(); code != exitDeclined {
		t.Errorf("exit %d: %s", code, a.err)
	}
	s.over("stopped")
}

func TestRunner_terminationCancelsTheRun(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	l := s.standing(stateAsking, 1)
	if err := syscall.Kill(l.PID, syscall.SIGHUP); err != nil { // nothing to it
		t.Fatal(err)
	}
	if err := syscall.Kill(l.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := a.wait(); code != exitDeclined {
		t.Errorf("exit %d: %s", code, a.err)
	}
	s.over("stopped")
	s.gone(l)
}

func TestAttach_saysWhyThereIsNothingToAttachTo(t *testing.T) {
	s := newTheatre(t)
	for _, c := range []struct {
		args  []string
		code  int
		words string
	}{
		{[]string{"attach"}, exitFailed, "no run goes on"},
		{[]string{"attach", "nowhere"}, exitFailed, "nothing was run yet"},
		{[]string{"attach", "--watch", "--take", "x"}, exitUsage, "choose one"},
		{[]string{"attach", "--take", " "}, exitUsage, "--take needs a reason"},
		{[]string{"resume"}, exitFailed, "there is no run that could be resumed"},
	} {
		_, stderr, code := s.do(c.args...)
		want(t, strings.Join(c.args, " "), stderr, c.words)
		if code != c.code {
			t.Errorf("%q exits with %d", c.args, code)
		}
	}
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	a.types("stop")
	a.wait()
	id := journal.Runs(s.records())[0].ID
	_, stderr, _ := s.do("attach", id)
	want(t, "attach", stderr, "run "+id+" has ended as \"declined\"", "lockstep show "+id)
	_, stderr, _ = s.do("resume", id)
	want(t, "resume", stderr, "run "+id+" is closed: it ended as \"declined\"")
}
