package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/export"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func TestRunner_diesBeforeItIsReady(t *testing.T) {
	s := newTheatre(t)
	cmd := exec.Command(s.program, s.args([]string{"run", "deploy.yaml", "--answers", "yes.yaml"})...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LOCKSTEP_FAILPOINT=runner.start:kill")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("%v: %s", err, out)
	}
	want(t, "run", string(out), "lockstep: error: the runner ended before it was ready: EOF\nlockstep: error: signal: killed\n", "hint: nothing was started; its log is ")
	if s.live() != nil || s.effects() != 0 {
		t.Error("something goes on")
	}
}

// What the runner of a dead machine left is found to be stale by asking it.
func TestRunner_staleNoteIsNothing(t *testing.T) {
	s := newTheatre(t)
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	l := s.kill()
	a.wait()
	if _, err := os.Stat(filepath.Join(l.dir, noteName)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(l.Socket); err != nil {
		t.Fatal(err)
	}
	if got := findLive(t.Context(), l.dir); got != nil {
		t.Errorf("it lives: %+v", got)
	}
	for _, junk := range []string{"", "{", "[]", `{"run":"x"}`, `{"run":"x","socket":"/nowhere"}`} {
		if err := os.WriteFile(filepath.Join(l.dir, noteName), []byte(junk), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := findLive(t.Context(), l.dir); got != nil {
			t.Errorf("%q lives: %+v", junk, got)
		}
	}
	if err := l.write(); err != nil {
		t.Fatal(err)
	}
	b := s.start("run", "deploy.yaml", "--plain", "--give-up", l.Run)
	b.says("answer:")
	if _, err := os.Lstat(l.Socket); !os.IsNotExist(err) {
		t.Errorf("the dead one's socket is left: %v", err)
	}
	b.types("stop")
	b.wait()
}

func TestRunner_socketWhosePathWouldBeTooLong(t *testing.T) {
	s := newTheatre(t)
	s.state = filepath.Join(s.dir, strings.Repeat("long", 20))
	a := s.start("run", "deploy.yaml", "--plain")
	a.says("answer:")
	l := s.standing(stateAsking, 1)
	if short := fmt.Sprintf("/tmp/lockstep-%d/", os.Geteuid()); !strings.HasPrefix(l.Socket, short) {
		t.Errorf("socket %s", l.Socket)
	}
	b := s.start("attach", "--watch", "--plain")
	b.says("asked: Run this program?")
	a.types("stop")
	if a.wait() != exitDeclined || b.wait() != exitDeclined {
		t.Errorf("%s\n%s", a.err, b.err)
	}
	s.gone(l)
}

func TestIsPrivate_refusesWhatOthersReach(t *testing.T) {
	dir := t.TempDir()
	at := func(mode fs.FileMode, uid int) error {
		t.Helper()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		st, err := os.Lstat(dir)
		if err != nil {
			t.Fatal(err)
		}
		return isPrivate("it", st, uid)
	}
	if err := at(0o700, os.Geteuid()); err != nil {
		t.Error(err)
	}
	for _, mode := range []fs.FileMode{0o701, 0o710, 0o755, 0o777 | fs.ModeSticky} {
		if at(mode, os.Geteuid()) == nil {
			t.Errorf("mode %o is taken", mode)
		}
	}
	if at(0o700, os.Geteuid()+1) == nil {
		t.Error("the folder of another user is taken")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := privateFolder(link); err == nil {
		t.Error("a link is taken")
	}
}

func TestNote_knowsItsProcess(t *testing.T) {
	host, _ := os.Hostname()
	started, err := journal.ProcessStart(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	n := runnerNote{Host: host, Boot: journal.BootID(), PID: os.Getpid(), Started: started}
	if !n.lives() {
		t.Errorf("this process does not live: %+v", n)
	}
	for name, change := range map[string]func(*runnerNote){
		"host": func(n *runnerNote) { n.Host = "far" }, "boot": func(n *runnerNote) { n.Boot = "other" },
		"started": func(n *runnerNote) { n.Started = "1" }, "pid": func(n *runnerNote) { n.PID = 0 },
	} {
		m := n
		if change(&m); m.lives() {
			t.Errorf("it lives with another %s", name)
		}
	}
}

func TestJumped_comparesTheClocks(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		wall, mono time.Duration
		says       string
	}{
		{2 * time.Second, 2 * time.Second, ""},
		{6 * time.Second, 2 * time.Second, ""},
		{20 * time.Second, 20 * time.Second, ""}, // only late
		{2 * time.Hour, 2 * time.Second, "this machine was suspended for 1h59m58s"},
		{-time.Hour, 2 * time.Second, "the clock of this machine was set back by 1h0m2s"},
	} {
		what, facts := jumped(at, c.wall, c.mono)
		if (facts == nil) != (c.says == "") || !strings.HasPrefix(what.String(), c.says) {
			t.Errorf("%v and %v: %s, %v", c.wall, c.mono, what, facts)
		}
	}
}

// What another process says of an error is what would be said here.
func TestTell_isSaidAlike(t *testing.T) {
	problem := &engine.Problem{Err: errors.New("it\x1b broke"), Hint: "mend it", Lines: []safe.Text{safe.Lit("line")}}
	for _, err := range []error{
		nil, errors.New("plain"), problem, usagef("no such thing"), fmt.Errorf("open: %w", &journal.LockedError{PID: 7}),
		fmt.Errorf("step: %w", engine.ErrDeclined), &runError{engine.Stopped, engine.ErrStopped},
		errors.Join(engine.ErrDeclined, engine.ErrUnknown), &runError{engine.Unknown, errors.Join(engine.ErrUnknown, problem)},
		&runError{engine.Stopped, errors.Join(engine.ErrStopped, problem)}, fmt.Errorf("%w: nothing", export.ErrNoRun),
		&runError{engine.Failed, errors.Join(engine.ErrStopped, errors.New("disk full"))}, errors.Join(engine.ErrDeclined, export.ErrNoRun),
	} {
		var here, there strings.Builder
		explain(&here, err)
		end := tell("", err)
		said := toldBy(end)
		explain(&there, said)
		if here.String() != there.String() || exitCode(err) != exitCode(said) {
			t.Errorf("%v: exit %d\n%s\nbecame exit %d\n%s", err, exitCode(err), here.String(), exitCode(said), there.String())
		}
		if (err == nil) != (said == nil) {
			t.Errorf("%v became %v", err, said)
		}
	}
	if end := tell(engine.OK, nil); !reflect.DeepEqual(end, attach.Ending{Result: engine.OK}) {
		t.Errorf("%+v", end)
	}
}

// Closing the terminal ends the screen and nothing else.
func TestScreen_closedTerminalLeavesTheRun(t *testing.T) {
	p := newPlace(t)
	s := open(t, 80, 24, "env", p.run()...)
	s.wait("main is 2 commits ahead")
	th := &theatre{t: t, dir: p.dir, state: filepath.Join(p.dir, "state"), program: p.program}
	th.standing(stateAsking, 1)
	s.tty.Close()
	err := <-s.done
	s.done <- nil // for the clean-up
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("the screen ended with %v", err)
	}
	l := th.standing(stateAttending, 0)
	again := open(t, 120, 40, p.program, "attach", l.Run, "--state-dir", th.state)
	again.wait("main is 2 commits ahead")
	again.press("q")
	again.wait("etach")
	if err := again.cmd.Process.Signal(syscall.SIGTERM); err != nil { // leaves this one, too
		t.Fatal(err)
	}
	<-again.done
	again.done <- nil
	third := open(t, 80, 24, p.program, "attach", l.Run, "--state-dir", th.state)
	third.wait("main is 2 commits ahead")
	p.decline(third)
}
