package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// build compiles a package, or a file of imports, into a program.
func build(t *testing.T, what string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", out, what)
	cmd.Dir = moduleRoot
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", what, err, msg)
	}
	return out
}

// onTerminal runs a program on a terminal that answers nothing, and returns
// what it sent there and how long it took.
func onTerminal(t *testing.T, term, program string, args ...string) ([]byte, time.Duration) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		// What makes termenv believe that nobody looks.
		return bytes.HasPrefix([]byte(v), []byte("CI=")) || bytes.HasPrefix([]byte(v), []byte("NO_COLOR="))
	}), "TERM="+term)
	start := time.Now()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	// Linux says EIO when the last process has left the terminal.
	sent, err := io.ReadAll(tty)
	if err != nil && !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, sent)
	}
	return sent, time.Since(start)
}

// The program links Bubble Tea, which asks the terminal while it starts.
// Without the cure in tui/quiet this is what it does, and what the test must see.
func TestQuiet_bubbleTeaAloneAsks(t *testing.T) {
	alone := build(t, write(t, `package main
import _ "github.com/charmbracelet/bubbletea"
func main() {}
`))
	if sent, _ := onTerminal(t, "xterm-256color", alone); !bytes.Contains(sent, []byte("\x1b]11;?")) {
		t.Errorf("Bubble Tea does not ask any more (%q): tui/quiet can go", sent)
	}
	cured := build(t, write(t, `package main
import _ "github.com/charmbracelet/bubbletea"
import _ "a.lockstep/quiet"
func main() {}
`))
	if sent, _ := onTerminal(t, "xterm-256color", cured); len(sent) != 0 {
		t.Errorf("with the cure it still sends %q", sent)
	}
}

func TestQuiet_helpAndVersionSendNoEscape(t *testing.T) {
	if !links(t, "github.com/charmbracelet/bubbletea") {
		t.Fatal("the program does not link Bubble Tea, so this test would say nothing")
	}
	program := build(t, "./cmd/lockstep")
	for _, arg := range []string{"--help", "--version"} {
		// On a dumb terminal nothing is asked, so nothing can stall. The best of
		// three each, since others use this machine too.
		var mute, dumb []time.Duration
		for range 3 {
			sent, took := onTerminal(t, "xterm-256color", program, arg)
			mute = append(mute, took)
			if bytes.ContainsRune(sent, '\x1b') || bytes.Contains(sent, []byte("\u009b")) || len(sent) == 0 {
				t.Errorf("%s sends %q", arg, sent)
			}
			_, took = onTerminal(t, "dumb", program, arg)
			dumb = append(dumb, took)
		}
		a, b := slices.Min(mute), slices.Min(dumb)
		t.Logf("%s: %v on a mute terminal, %v on a dumb one", arg, a, b)
		if a > 5*b {
			t.Errorf("%s takes %v on a mute terminal and %v on a dumb one", arg, a, b)
		}
	}
}

// links reports whether the program contains a package.
func links(t *testing.T, path string) bool {
	t.Helper()
	for _, p := range ours(t) {
		if p.ImportPath == module+"/cmd/lockstep" {
			return slices.Contains(p.Deps, path)
		}
	}
	return false
}

// write puts a program's source into a file.
func write(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
