package keep

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is the program that is kept and the process that starts it, too.
func TestMain(m *testing.M) {
	Serve(os.Args)
	if len(os.Args) > 2 && os.Args[1] == "play" {
		os.Exit(play(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// play is a program that is kept, in the folder it is started in. Everything
// it does begins with a line in the file effects.
func play(role string, args []string) int {
	if role == "start" { // a process that starts a job, as a runner does
		self, err := os.Executable()
		if err == nil {
			err = Start(args[0], Job{Program: self, Args: append([]string{"play"}, args[1:]...), Dir: ".", Env: os.Environ()})
		}
		if err != nil {
			return complain(err)
		}
		return 0
	}
	effect()
	switch role {
	case "say": // prints its arguments and ends
		fmt.Println(strings.Join(args, " "))
		fmt.Fprintln(os.Stderr, "on the other side")
		return 3
	case "environment":
		fmt.Println(strings.Join(os.Environ(), "\n"))
		fmt.Println(os.Getwd())
	case "wait": // until there is a file "go"; a signal is a line
		heard := make(chan os.Signal, 8)
		signal.Notify(heard, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
		fmt.Println("ready")
		for {
			select {
			case s := <-heard:
				fmt.Println(s)
			case <-time.After(2 * time.Millisecond):
				_, err := os.Stat("go")
				if _, left := os.Stat("effects"); err == nil || left != nil {
					return 0 // the test has ended in the second case
				}
			}
		}
	case "long": // one line of 64 MiB
		w := bufio.NewWriterSize(os.Stdout, 1<<16)
		piece := strings.Repeat("x", 1<<16)
		for range 1 << 10 {
			_, _ = w.WriteString(piece)
		}
		_ = w.Flush()
	case "leave": // leaves a child behind that has the output open, until there is a file "go"
		self, _ := os.Executable()
		c := exec.Command(self, "play", "wait")
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return 9
		}
		_ = os.WriteFile("child", fmt.Append(nil, c.Process.Pid), 0o600)
	case "turn": // becomes itself again and again, from whichever thread
		n, _ := strconv.Atoi(args[0])
		if n == 0 {
			return 0
		}
		self, _ := os.Executable()
		runtime.LockOSThread() // so that what follows is on another
		done := make(chan error)
		go func() { done <- syscall.Exec(self, []string{self, "play", "turn", strconv.Itoa(n - 1)}, os.Environ()) }()
		<-done
		return 9
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		select {}
	}
	return 0
}

func effect() {
	f, err := os.OpenFile("effects", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		fmt.Fprintln(f, os.Getpid(), os.Getppid())
		f.Close()
	}
}

// A place is where a test keeps a job: its folder and the one it works in.
type place struct{ folder, dir, self string }

func newPlace(t *testing.T) place {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	p := place{filepath.Join(base, "job"), filepath.Join(base, "dir"), self}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end(t) })
	return p
}

func (p place) job(role ...string) Job {
	return Job{Program: p.self, Args: append([]string{"play"}, role...), Dir: p.dir, Env: []string{"PATH=" + os.Getenv("PATH")}}
}

func (p place) start(t *testing.T, role ...string) {
	t.Helper()
	if err := Start(p.folder, p.job(role...)); err != nil {
		t.Fatal(err)
	}
}

// front returns a command that runs the front with a verb that has effects; what
// follows says what the program is to do.
func (p place) front(t *testing.T, role ...string) *exec.Cmd {
	t.Helper()
	path, err := Front(p.folder, p.program(t, role...))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "apply")
	c.Dir, c.Env = p.dir, []string{"PATH=" + os.Getenv("PATH")}
	return c
}

// program writes a program that does what a role does, whatever it is called with.
func (p place) program(t *testing.T, role ...string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(p.dir), "terraform")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' play %s\n", p.self, strings.Join(role, " "))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p place) release(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "go"), nil, 0o600); err != nil {
		t.Error(err)
	}
}

// effects returns how often the program ran.
func (p place) effects() int {
	raw, _ := os.ReadFile(filepath.Join(p.dir, "effects"))
	return strings.Count(string(raw), "\n")
}

func (p place) look(t *testing.T) State {
	t.Helper()
	s, err := look(p.folder, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until waits for a state.
func (p place) until(t *testing.T, what string, is func(State) bool) State {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		s, err := look(p.folder, false)
		if err == nil && is(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %s: %+v %v", what, s, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// ready waits until the program waits.
func (p place) ready(t *testing.T) {
	t.Helper()
	p.until(t, "ready", func(State) bool {
		raw, _ := os.ReadFile(filepath.Join(p.folder, stdoutFile))
		return strings.Contains(string(raw), "ready\n")
	})
}

// end ends what a test left: the program that has its folder.
func (p place) end(t *testing.T) {
	if s, err := look(p.folder, false); err == nil && s.Phase == Running {
		_ = Signal(p.folder, syscall.SIGKILL)
	}
	if t.Failed() {
		raw, _ := os.ReadFile(filepath.Join(p.folder, logFile))
		t.Logf("keeper.log: %s", raw)
	}
	_ = os.WriteFile(filepath.Join(p.dir, "go"), nil, 0o600)
	// The keeper may still be at its last file.
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		if _, held, err := claimed(p.folder); !held || err != nil {
			return
		}
	}
	t.Error("the keeper is still there")
}
