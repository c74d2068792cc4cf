package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"lockstep/runbook/journal"
)

// A screen is the program on a terminal, as a person sees it.
type screen struct {
	t     *testing.T
	tty   *os.File
	cmd   *exec.Cmd
	done  chan error
	mu    sync.Mutex
	term  vt10x.Terminal
	moved *sync.Cond // told whenever something was drawn, and at the end
	ended bool
}

// open starts a program on a terminal of the given size.
func open(t *testing.T, width, height int, program string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, term: vt10x.New(vt10x.WithSize(width, height)), done: make(chan error, 1)}
	s.moved = sync.NewCond(&s.mu)
	s.cmd = exec.Command(program, args...)
	s.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CHECKPOINT_DISABLE=1", "NO_COLOR=")
	tty, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	s.tty = tty
	go s.draw()
	if limit, ok := t.Deadline(); ok {
		// So that a test that waits in vain shows what it saw.
		late := time.AfterFunc(time.Until(limit)-5*time.Second, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ended = true
			s.moved.Broadcast()
		})
		t.Cleanup(func() { late.Stop() })
	}
	t.Cleanup(func() {
		s.cmd.Process.Signal(syscall.SIGHUP)
		<-s.done
		tty.Close()
	})
	return s
}

// draw keeps the picture of the screen until the program has left the terminal.
func (s *screen) draw() {
	b := make([]byte, 1<<16)
	for {
		n, err := s.tty.Read(b)
		s.mu.Lock()
		s.term.Write(b[:n])
		s.ended = err != nil
		s.moved.Broadcast()
		s.mu.Unlock()
		if err != nil {
			if !errors.Is(err, syscall.EIO) && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
				s.t.Error(err)
			}
			s.done <- s.cmd.Wait()
			return
		}
	}
}

// wait blocks until the screen shows a text. It never gives up as long as the
// program runs; the test as a whole has a limit.
func (s *screen) wait(text string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.term.String(), text) {
		if s.ended {
			s.t.Fatalf("the program did not show %q:\n%s", text, s.term.String())
		}
		s.moved.Wait()
	}
}

// press sends keys, one write each.
func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		if _, err := s.tty.WriteString(k); err != nil {
			s.t.Fatal(err)
		}
	}
}

// until presses a key again and again until the screen shows a text: a question
// that has just opened takes no keys for a moment.
func (s *screen) until(text, key string) {
	s.t.Helper()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		s.mu.Lock()
		shown, ended := strings.Contains(s.term.String(), text), s.ended
		picture := s.term.String()
		s.mu.Unlock()
		switch {
		case shown:
			return
		case ended:
			s.t.Fatalf("the program did not show %q:\n%s", text, picture)
		}
		s.press(key)
		<-tick.C
	}
}

// write gives a word where one is wanted. The line may hold keys already: until
// presses again when a busy machine takes its time to open it.
func (s *screen) write(word string) {
	s.t.Helper()
	s.press("\x15"+word, "\r")
}

// A person deploys one commit to the sandbox's production, from the first frame
// to the summary, on a real terminal.
func TestScreen_walksThroughADeployment(t *testing.T) {
	needsTerraform(t)
	dir := filepath.Join(t.TempDir(), "box")
	s := open(t, 120, 40, build(t, "./cmd/lockstep"), "demo", "--issue", "1s", "--dir", dir, "--keep")
	s.wait("Preparing")
	s.wait("Reduce TTL of static")
	s.wait("notes")
	s.until("0 viewed", "\r")
	s.until("1 viewed", "v")
	s.until("Send this announcement?", "\r")
	s.until("type “yes”", "y")
	s.write("yes")
	s.wait("ONE CHANGE AT A TIME")
	s.until("EXACTLY THIS WILL BE APPLIED", "\r")
	s.wait("end of the plan")
	s.until("1 update in production", "a")
	s.write("yes")
	s.wait("write down that production is at")
	s.until("what 1 channel will show", "w")
	s.until("type “yes”", "y")
	s.write("yes")
	s.wait("done after")
	s.wait("One change was applied to production, and its pin is at")
	s.until("lockstep export", "e")
	s.press("q")
	if err := <-s.done; err != nil {
		t.Errorf("exit: %v\n%s", err, s.term.String())
	}
	s.done <- nil // for the clean-up

	logs, err := filepath.Glob(filepath.Join(dir, "state", "*", "production", journal.FileName))
	if err != nil || len(logs) != 1 {
		t.Fatalf("journals %q, %v", logs, err)
	}
	verdict, err := journal.Verify(logs[0])
	if err != nil || !verdict.Intact || !verdict.Complete {
		t.Errorf("journal: %+v, %v", verdict, err)
	}
	records, err := journal.Read(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	if runs := journal.Runs(records); len(runs) != 1 || runs[0].Result != "done" || runs[0].Commit == "" {
		t.Errorf("runs %+v", runs)
	}
}
