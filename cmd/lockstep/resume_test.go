package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// settles are answers for a run whose effect nobody knows the end of.
const settles = `lockstep-answers: 1
answers:
  settle.unknown: { choose: done, reason: the log of the machine says so }
  command: { choose: run }
  announce: { choose: send }
  failure: { choose: stop }
  unknown: { choose: stop }
`

// kill ends the runner of the run that goes on, as a machine that dies would.
func (s *theatre) kill() *liveRun {
	s.t.Helper()
	l := s.live()
	if l == nil {
		s.t.Fatal("nothing goes on")
	}
	if err := syscall.Kill(l.PID, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	s.until("the runner is gone", func() bool { return !l.lives() })
	return l
}

func TestResume_goesOnAfterTheRunnerDiedAtAQuestion(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	s.standing(stateAsking, 1)
	l := s.kill()
	if code := a.wait(); code != exitFailed {
		t.Errorf("the screen exits with %d", code)
	}
	want(t, "the screen", a.err.String(), "the runner of run "+l.Run+" is gone", "hint: lockstep resume "+l.Run)
	stdout, _, _ := s.do("runs")
	want(t, "runs", stdout, "interrupted")
	_, stderr, code := s.do("attach", l.Run)
	want(t, "attach", stderr, "run "+l.Run+" does not go on: its runner is gone", "lockstep resume "+l.Run)
	if code != exitFailed {
		t.Errorf("attach exits with %d", code)
	}

	b := s.start("resume", "--answers", "yes.yaml", "--operator", "ben")
	s.until("the effect begins", func() bool { return s.effects() == 1 })
	l = s.standing(stateRunning, 1)
	s.release()
	if code := b.wait(); code != exitDone {
		t.Errorf("resume exits with %d:\n%s\n%s", code, b.out, b.err)
	}
	want(t, "resume", b.out.String(), "all is well\n")
	s.over("done")
	s.gone(l)
	if n := s.effects(); n != 1 {
		t.Errorf("the effect happened %d times", n)
	}
}

func TestResume_asksWhatBecameOfAnEffect(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--answers", "yes.yaml")
	s.until("the effect begins", func() bool { return s.effects() == 1 })
	s.standing(stateRunning, 1)
	l := s.kill()
	if code := a.wait(); code != exitUnknown {
		t.Errorf("the screen exits with %d: %s", code, a.err)
	}
	want(t, "the screen", a.err.String(), "outcome unknown: the runner of run "+l.Run+" is gone")
	s.release()

	_, stderr, code := s.do("run", "deploy.yaml", "--answers", "yes.yaml")
	want(t, "another run", stderr, "run "+l.Run+" was interrupted while it changed production, and nobody knows how that ended", "hint: lockstep resume "+l.Run)
	if code != exitFailed {
		t.Errorf("another run exits with %d", code)
	}
	if _, stderr, code := s.do("rehearse", "deploy.yaml", "--answers", "yes.yaml"); code != exitDone {
		t.Errorf("a rehearsal exits with %d: %s", code, stderr)
	}

	// Not with another runbook, whatever is said.
	s.put("deploy.yaml", slowRunbook+"# mended\n")
	s.put("settle.yaml", settles)
	_, stderr, code = s.do("resume", "--answers", "settle.yaml")
	want(t, "another runbook", stderr, "deploy.yaml was changed since run "+l.Run+" was started", "bring back that one for this run: cp ")
	if code != exitFailed {
		t.Errorf("another runbook: exit %d", code)
	}
	s.put("same.yaml", slowRunbook)
	stdout, stderr, code := s.do("resume", l.Run, "--runbook", "same.yaml", "--answers", "settle.yaml")
	if code != exitDone {
		t.Errorf("resume exits with %d:\n%s\n%s", code, stdout, stderr)
	}
	want(t, "resume", stdout, "all is well\n")
	if n := s.effects(); n != 1 {
		t.Errorf("the effect happened %d times", n)
	}
	runs := journal.Runs(s.records())
	if len(runs) != 2 || runs[0].Result != "done" || len(runs[0].Unknown) != 0 {
		t.Errorf("runs %+v", runs)
	}
}

// A run that can be resumed is not lost by starting another: it has to be given up by name.
func TestRun_givesUpAnUnfinishedOneByNameOnly(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	l := s.kill()
	a.wait()
	for _, other := range [][]string{nil, {"--give-up", "another"}} {
		_, stderr, code := s.do(append([]string{"run", "deploy.yaml", "--plain"}, other...)...)
		want(t, "run", stderr, "was interrupted and is not finished")
		want(t, "run", stderr, "--give-up "+l.Run)
		if code != exitFailed {
			t.Errorf("run exits with %d", code)
		}
	}
	b := s.start("run", "deploy.yaml", "--plain", "--give-up", l.Run)
	b.says("was not finished, and was given up for this one")
	b.says("answer:")
	b.types("stop")
	b.wait()
	records := s.records()
	noted := false
	for _, r := range records {
		noted = noted || r.Kind == journal.KindEvidence && r.Run != l.Run && strings.Contains(string(r.Body), "run "+l.Run+" of ")
	}
	if !noted {
		t.Error("that it was given up is not recorded")
	}
	_, stderr, code := s.do("resume", l.Run)
	want(t, "resume", stderr, "run "+l.Run+" is closed")
	if code != exitFailed {
		t.Errorf("resume exits with %d", code)
	}
	if _, err := os.Stat(filepath.Join(l.dir, workName, l.Run)); !os.IsNotExist(err) {
		t.Errorf("its work folder is left: %v", err)
	}
}

func TestResume_refusesWhatIsNotItsOwn(t *testing.T) {
	host, _ := os.Hostname()
	open := func(run, mode, host string) journal.Record {
		return journal.Record{Kind: journal.KindOpen, Run: run, Actor: journal.Actor{Name: "ana", Host: host}, Body: []byte(`{"environment":"production","mode":"` + mode + `"}`)}
	}
	closed := journal.Record{Kind: journal.KindClose, Run: "r1", Body: []byte(`{"result":"done"}`)}
	for name, c := range map[string]struct {
		records []journal.Record
		want    string
	}{
		"unfinished":            {[]journal.Record{open("r1", "live", host)}, ""},
		"a rehearsal came":      {[]journal.Record{open("r1", "live", host), open("r2", "rehearsal", host)}, ""},
		"another live run came": {[]journal.Record{open("r1", "live", host), open("r2", "live", host)}, "run r2 came after run r1 on production, so that one cannot go on"},
		"an earlier live run":   {[]journal.Record{open("r0", "live", host), open("r1", "live", host)}, ""},
		"closed":                {[]journal.Record{open("r1", "live", host), closed}, `run r1 is closed: it ended as "done"`},
		"a rehearsal":           {[]journal.Record{open("r1", "rehearsal", host)}, "run r1 was a rehearsal and changed nothing; there is nothing to resume"},
		"another machine":       {[]journal.Record{open("r1", "live", "far")}, "run r1 was started on far, and this is " + host + ": what is left of it is there"},
	} {
		past, err := engine.ReadPast(c.records, "r1", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch err := mayResume(c.records, past, ""); {
		case err == nil && c.want != "", err != nil && err.Error() != c.want:
			t.Errorf("%s: %v", name, err)
		}
	}
}
