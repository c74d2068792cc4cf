package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"lockstep/runbook/journal"
)

// The ways in which a screen goes.
var hangUps = []struct {
	name string
	do   func(tty *os.File, screen *exec.Cmd) error
}{
	{"terminal closed", func(tty *os.File, _ *exec.Cmd) error { return tty.Close() }},
	{"hang-up", func(_ *os.File, screen *exec.Cmd) error { return screen.Process.Signal(syscall.SIGHUP) }},
	{"killed", func(_ *os.File, screen *exec.Cmd) error { return screen.Process.Kill() }},
}

// TestHangUp_theApplyEndsAndNothingNewStarts lets the screen of a run go while the
// real Terraform applies: the first resource or the second, with a script that
// answers on the terminal or with a screen that came back to the run.
func TestHangUp_theApplyEndsAndNothingNewStarts(t *testing.T) {
	real := needsTerraform(t)
	began := time.Now()
	want := realAftermath(t, real)
	times := 4
	if nightly() {
		times = 24
	}
	t.Run("at", func(t *testing.T) {
		for n := range times {
			way, second, attached := hangUps[n%len(hangUps)], n/len(hangUps)%2 == 1, n%2 == 1
			t.Run(fmt.Sprintf("%d %s", n, way.name), func(t *testing.T) {
				t.Parallel()
				hangUp(t, real, want, way.do, second, attached)
			})
		}
	})
	t.Logf("%d times, %s", times, time.Since(began).Round(time.Second))
}

func realAftermath(t *testing.T, real string) aftermath {
	t.Helper()
	g := newRealRig(t, real, "")
	visits := g.toTheEnd(nil)
	want := g.aftermath()
	g.check(want)
	g.story(visits)
	return want
}

func hangUp(t *testing.T, real string, want aftermath, how func(*os.File, *exec.Cmd) error, second, attached bool) {
	// Each resource waits for a file that it takes away.
	dir := t.TempDir()
	door := filepath.Join(dir, "go")
	g := newRealRig(t, real, fmt.Sprintf("; while [ ! -e %s ]; do sleep 0.02; done; rm %s", door, door))
	open := func() {
		if err := os.WriteFile(door, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	applying := func(n int) {
		g.until(fmt.Sprintf("apply %d under way", n), func() bool { return len(g.lines(filepath.Join("tf", "effects"))) == n })
	}
	screen := g.command(nil, append([]string{"run", "lockstep.yaml"}, g.common()...)...)
	tty := g.shows(screen)
	applying(1)
	applies := 1
	if second {
		open()
		applying(2)
		applies = 2
	}
	if attached {
		if err := screen.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		g.lookUp()
		screen = g.command([]string{"TERM=xterm-256color"}, "attach", g.run, "--state-dir", filepath.Join(g.dir, "state"), "--operator", "ana")
		tty = g.shows(screen)
		// Its seat is recorded as soon as it is there, after that of the first and its end.
		g.until("second screen", func() bool { return g.count(journal.KindSeat) >= 3 })
	}
	if err := how(tty, screen); err != nil {
		t.Fatal(err)
	}
	g.until("screen that is gone", func() bool { start, err := journal.ProcessStart(screen.Process.Pid); return err == nil && start == "" })
	if g.count(journal.KindOutcome) != applies-1 {
		t.Error("the apply ended before it could")
	}
	open()
	g.until("outcome", func() bool { return g.count(journal.KindOutcome) == applies })
	g.until("end of the step", func() bool { return g.lastStep() == "apply ok" })
	if len(g.those(runnerName)) != 1 {
		t.Error("the runner is gone")
	}
	if id := g.lockID(); id != "" {
		t.Errorf("the state is locked by %s", id)
	}
	got := g.aftermath()
	if len(got.State) != applies {
		t.Errorf("the state holds %q", got.State)
	}
	// What would be next waits for somebody.
	if last := g.lastStep(); last != "apply ok" {
		t.Errorf("without anybody, %s", last)
	}
	if !second {
		go func() {
			applying(2)
			open()
		}()
	}
	visits := g.toTheEnd(nil)
	g.check(want)
	g.story(visits)
}

// shows starts a screen in a terminal that somebody reads. The test that ends
// takes the screen along.
func (g *rig) shows(screen *exec.Cmd) *os.File {
	g.t.Helper()
	tty, err := pty.StartWithSize(screen, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		g.t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, tty) }()
	reaped := make(chan struct{})
	go func() {
		defer close(reaped)
		_ = screen.Wait()
	}()
	g.t.Cleanup(func() {
		_ = screen.Process.Kill()
		<-reaped
		tty.Close()
	})
	return tty
}

func (g *rig) count(kind journal.Kind) (n int) {
	for _, r := range g.records() {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// lastStep is the newest record of a step, as "STEP STATE".
func (g *rig) lastStep() (last string) {
	for _, r := range g.records() {
		var b journal.StepBody
		if r.Kind == journal.KindStep && json.Unmarshal(r.Body, &b) == nil {
			last = r.Step + " " + b.State
		}
	}
	return last
}
