package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"lockstep/runbook/journal"
)

// A place is a project in a folder of its own that nothing may happen to.
type place struct {
	t       *testing.T
	dir     string
	program string
	before  string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("git is required and was not found on PATH")
		}
		t.Skip("NOT TESTED: git was not found on PATH")
	}
	p := &place{t: t, dir: t.TempDir(), program: filepath.Join(t.TempDir(), "lockstep")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, p.program); err != nil { // TestMain is the program by this name
		t.Fatal(err)
	}
	if err := layOut(p.dir, ""); err != nil {
		t.Fatal(err)
	}
	p.before = p.refs()
	t.Cleanup(func() { killRunners(t, filepath.Join(p.dir, "state")) })
	return p
}

func (p *place) refs() string {
	p.t.Helper()
	var out bytes.Buffer
	if err := inGit(filepath.Join(p.dir, "repo"), &out, "for-each-ref"); err != nil {
		p.t.Fatal(err)
	}
	return out.String()
}

// run returns a command line that runs the project, with variables NAME=VALUE.
func (p *place) run(vars ...string) []string {
	return slices.Concat(vars, []string{p.program, "run", filepath.Join(p.dir, "deploy.yaml"), "--state-dir", filepath.Join(p.dir, "state")})
}

// untouched checks that the run was declined and that nothing happened.
func (p *place) untouched() {
	p.t.Helper()
	if p.refs() != p.before {
		p.t.Error("the repository was changed")
	}
	for _, name := range []string{"live/terraform.tfstate", "announced.txt"} {
		if _, err := os.Stat(filepath.Join(p.dir, name)); !errors.Is(err, os.ErrNotExist) {
			p.t.Errorf("%s: %v", name, err)
		}
	}
	logs, err := filepath.Glob(filepath.Join(p.dir, "state", "*", "*", journal.FileName))
	if err != nil || len(logs) != 1 {
		p.t.Fatalf("journals %q, %v", logs, err)
	}
	records, err := journal.Read(logs[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if slices.ContainsFunc(records, func(r journal.Record) bool { return r.Kind == journal.KindIntent }) {
		p.t.Error("an effect was started")
	}
	if runs := journal.Runs(records); len(runs) != 1 || runs[0].Result != "declined" {
		p.t.Errorf("runs %+v", runs)
	}
}

// decline answers no, leaves, and checks the exit code.
func (p *place) decline(s *screen) {
	p.t.Helper()
	s.until("you declined", "s")
	s.press("q")
	err := <-s.done
	s.done <- nil // for the clean-up
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitDeclined {
		p.t.Errorf("it ended with %v", err)
	}
	p.untouched()
}

// coloured counts the cells that are in a colour.
func (s *screen) coloured() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	width, height := s.term.Size()
	for y := range height {
		for x := range width {
			if g := s.term.Cell(x, y); g.FG < vt10x.DefaultFG || g.BG < vt10x.DefaultFG {
				n++
			}
		}
	}
	return n
}

func TestTerminal_noColorMeansNone(t *testing.T) {
	for vars, want := range map[string]bool{"NO_COLOR=1": false, "NO_COLOR=": true} {
		p := newPlace(t)
		s := open(t, 80, 24, "env", p.run(vars)...)
		s.wait("main is 2 commits ahead")
		if n := s.coloured(); n > 0 != want {
			t.Errorf("%s: %d cells are coloured", vars, n)
		}
		p.decline(s)
	}
}

func TestTerminal_tooSmallSaysSoAndFollowsItsSize(t *testing.T) {
	p := newPlace(t)
	s := open(t, 30, 8, "env", p.run()...)
	s.wait("too small")
	s.resize(80, 24)
	s.wait("main is 2 commits ahead")
	s.resize(20, 5)
	s.wait("too small")
	s.resize(40, 12)
	s.wait("LIVE")
	s.resize(120, 40)
	s.wait("main is 2 commits ahead")
	p.decline(s)
}

// resize makes the terminal larger or smaller, as a person does with a window.
func (s *screen) resize(width, height int) {
	s.t.Helper()
	s.mu.Lock()
	s.term.Resize(width, height)
	s.mu.Unlock()
	if err := pty.Setsize(s.tty, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		s.t.Fatal(err)
	}
}

func TestTerminal_dumbGetsLinesWithoutEscapes(t *testing.T) {
	p := newPlace(t)
	cmd := exec.Command("env", p.run("TERM=dumb")...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	var sent []byte
	b := make([]byte, 4096)
	for asked := false; ; {
		n, err := tty.Read(b)
		sent = append(sent, b[:n]...)
		if !asked && bytes.Contains(sent, []byte("answer:")) {
			asked = true
			if _, err := tty.WriteString("stop\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break // the program has left the terminal
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitDeclined {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(string(sent), "QUESTION: which commit does production get?") || bytes.ContainsRune(sent, '\x1b') {
		t.Errorf("it sent %q", sent)
	}
	p.untouched()
}
