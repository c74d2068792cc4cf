package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook/journal"
)

// A theatre is a project whose only effect waits until the test lets it go on.
type theatre struct {
	t       *testing.T
	dir     string
	state   string
	program string

	released int // effects that were let come to their end
}

// Its runbook: the program says that it began, and waits for somebody to write to gate.
const slowRunbook = `lockstep: 1
title: Roll out
environments:
  production:
    repository: repo
    pin: { file: production/deployed-ref }
channels:
  out: { stdout: {} }
steps:
  - command: { argv: [sh, -c, "echo began >> effects; cat gate"], effect: irreversible }
  - announce: { to: [out], text: all is well }
`

const slowAnswers = `lockstep-answers: 1
answers:
  command: { choose: run }
  announce: { choose: send }
  failure: { choose: stop }
  unknown: { choose: stop }
`

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	t.Parallel()
	s := &theatre{t: t, dir: t.TempDir(), program: filepath.Join(t.TempDir(), "lockstep")}
	s.state = filepath.Join(s.dir, "state")
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, s.program) // TestMain is the program by this name
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"deploy.yaml": slowRunbook, "yes.yaml": slowAnswers} {
		s.put(name, text)
	}
	if err := errors.Join(os.Mkdir(s.path("repo"), 0o755), syscall.Mkfifo(s.path("gate"), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		killRunners(t, s.state)
		for s.effects() > s.released { // the program of a run whose runner died
			s.release()
		}
	})
	return s
}

func (s *theatre) path(name string) string { return filepath.Join(s.dir, name) }

func (s *theatre) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// release lets the program of an effect that has begun come to its end.
func (s *theatre) release() {
	s.t.Helper()
	s.until("somebody waits at the gate", func() bool {
		gate, err := os.OpenFile(s.path("gate"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return false // nobody reads yet
		}
		s.released++
		return gate.Close() == nil
	})
}

// effects is how often the effect was started.
func (s *theatre) effects() int {
	raw, err := os.ReadFile(s.path("effects"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	return strings.Count(string(raw), "began")
}

// killRunners ends the runners that a test left behind.
func killRunners(t interface{ Error(...any) }, state string) {
	notes, err := filepath.Glob(filepath.Join(state, "*", "*", noteName))
	if err != nil {
		t.Error(err)
	}
	for _, path := range notes {
		n := readNote(filepath.Dir(path))
		if n == nil || !n.lives() {
			continue
		}
		if err := syscall.Kill(n.PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		for n.lives() {
			time.Sleep(time.Millisecond)
		}
	}
}

// until polls for a condition.
func (s *theatre) until(what string, ok func() bool) {
	s.t.Helper()
	for late := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			s.t.Fatalf("it did not happen: %s\n%s", what, s.list())
		}
	}
}

// live returns the run that goes on, or nil.
func (s *theatre) live() *liveRun {
	notes, _ := filepath.Glob(filepath.Join(s.state, "*", "*", noteName))
	if len(notes) == 0 {
		return nil
	}
	return findLive(s.t.Context(), filepath.Dir(notes[0]))
}

// standing waits until the run that goes on is in a state with a number of seats.
func (s *theatre) standing(state string, seats int) *liveRun {
	s.t.Helper()
	var l *liveRun
	s.until(state, func() bool {
		l = s.live()
		return l != nil && l.status != nil && stateOf(*l.status) == state && len(l.status.Seats) == seats
	})
	return l
}

func (s *theatre) records() []journal.Record {
	s.t.Helper()
	logs, err := filepath.Glob(filepath.Join(s.state, "*", "*", journal.FileName))
	if err != nil || len(logs) != 1 {
		s.t.Fatalf("journals %q, %v", logs, err)
	}
	records, err := readTorn(logs[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return records
}

// seats lists the moves of the seats as the journal has them.
func (s *theatre) seats() []string {
	var out []string
	for _, r := range s.records() {
		if r.Kind != journal.KindSeat {
			continue
		}
		var b journal.SeatBody
		if err := json.Unmarshal(r.Body, &b); err != nil {
			s.t.Fatal(err)
		}
		word := r.Actor.Name + " " + b.Move
		if b.Move != "left" && b.Holds {
			word += " holds"
		}
		if b.Reason.String() != "" {
			word += ": " + b.Reason.String()
		}
		out = append(out, word)
	}
	return out
}

// over checks that the only run of the journal ended with a result, once and wholly.
func (s *theatre) over(result string) {
	s.t.Helper()
	runs := journal.Runs(s.records())
	if len(runs) != 1 || runs[0].Result != result || !runs[0].Closed {
		s.t.Errorf("runs %+v", runs)
	}
}

// args adds what all commands need.
func (s *theatre) args(args []string) []string {
	return append(slices.Clone(args), "--state-dir", s.state)
}

// do runs a command to its end.
func (s *theatre) do(args ...string) (stdout, stderr string, code int) {
	s.t.Helper()
	a := s.start(args...)
	a.stdin.Close()
	code = a.wait()
	return a.out.String(), a.err.String(), code
}

func (s *theatre) list() string {
	cmd := exec.Command(s.program, s.args([]string{"runs"})...)
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// A player is a command that runs.
type player struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	stdin interface {
		WriteString(string) (int, error)
		Close() error
	}
	out, err *heard
}

// start starts a command with pipes instead of a terminal.
func (s *theatre) start(args ...string) *player {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	a := &player{t: s.t, done: make(chan struct{}), stdin: w, out: newHeard(), err: newHeard()}
	a.cmd = exec.Command(s.program, s.args(args)...)
	a.cmd.Dir = s.dir
	a.cmd.Env = append(os.Environ(), "TERM=dumb")
	a.cmd.Stdin, a.cmd.Stdout, a.cmd.Stderr = r, a.out, a.err
	if err := a.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	r.Close()
	go func() {
		defer close(a.done)
		a.cmd.Wait()
		a.out.end()
		a.err.end()
	}()
	s.t.Cleanup(func() {
		a.cmd.Process.Signal(syscall.SIGCONT)
		a.cmd.Process.Kill()
		<-a.done
		w.Close()
	})
	return a
}

// wait returns the exit code; -1 after a signal.
func (a *player) wait() int {
	<-a.done
	return a.cmd.ProcessState.ExitCode()
}

func (a *player) signal(sig syscall.Signal) {
	a.t.Helper()
	if err := a.cmd.Process.Signal(sig); err != nil {
		a.t.Error(err)
	}
}

// says blocks until the command has printed a text.
func (a *player) says(text string) {
	a.t.Helper()
	if !a.out.wait(text) {
		a.t.Fatalf("it did not say %q:\n%s\n%s", text, a.out, a.err)
	}
}

func (a *player) types(line string) {
	a.t.Helper()
	if _, err := a.stdin.WriteString(line + "\n"); err != nil {
		a.t.Error(err)
	}
}

// heard is what a command has printed so far.
type heard struct {
	mu    sync.Mutex
	moved *sync.Cond
	buf   bytes.Buffer
	ended bool
}

func newHeard() *heard {
	h := &heard{}
	h.moved = sync.NewCond(&h.mu)
	return h
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved.Broadcast()
	return h.buf.Write(b)
}

func (h *heard) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.moved.Broadcast()
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.String()
}

func (h *heard) wait(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for !strings.Contains(h.buf.String(), text) {
		if h.ended {
			return false
		}
		h.moved.Wait()
	}
	return true
}
