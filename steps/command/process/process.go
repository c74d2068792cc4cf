// Package process runs a program for a runbook: an argument list without a
// shell, an environment that was allowed by name, output that is inert and
// bounded, and an end that is asked for before it is forced.
//
// The program gets a process group of its own, so that it and what it starts
// can be ended together, and the null device as standard input, so that it can
// neither wait for a person nor read the keys meant for the screen. Standard
// output and standard error are read as one stream of lines. A line may have
// any length; what is beyond [safe.MaxLine] is not kept. The whole output is
// kept up to [KeepBytes]: its beginning and its end, with a line between that
// says what is missing.
package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"lockstep/runbook/safe"
)

// A Spec says what is run.
type Spec struct {
	Argv []string // program and arguments; a program without a slash is looked for in PATH
	Dir  string   // working directory
	Env  []string // the whole environment, as from [Environ]
	// Secrets are values that must not show in the output, by the name that is
	// shown instead.
	Secrets map[string]string
	// Grace is how long the program may take to end after it was asked to.
	Grace time.Duration
	// Force ends the program with SIGKILL after Grace. Without it the program is
	// asked once and then waited for, however long it takes.
	Force bool
	// Lines is called with output as it comes, never by two goroutines at once.
	// dropped counts lines left out before these. It may be nil.
	Lines func(lines []safe.Text, dropped int)
	// Lingers is called once when the program is still there after Grace and is
	// not forced. It may be nil.
	Lingers func(pid int)
}

// An Ending is how a program ended.
type Ending struct {
	Exit   int       // exit code, or -1 when a signal ended it
	Signal safe.Text // name of the signal that ended it, or empty
	Asked  bool      // it was asked to end because ctx did
	Forced bool      // it was ended with SIGKILL
	Left   bool      // something it started goes on and holds its output open
	Took   time.Duration
	Output Output
}

// ErrNotStarted says that the program never ran.
var ErrNotStarted = errors.New("the program could not be started")

// ErrLost says that the program ran and nobody knows how it ended.
var ErrLost = errors.New("how the program ended is not known")

// outputWait is how long output is read after the program has ended, for the
// case that something it left behind holds the pipe open.
const outputWait = 2 * time.Second

// Run runs a program and waits for its end, also after ctx has ended; what
// happens then is in Grace and Force. A program that ended has no error,
// whatever its exit code. The errors wrap [ErrNotStarted] or [ErrLost].
func Run(ctx context.Context, s Spec) (Ending, error) {
	if len(s.Argv) == 0 {
		return Ending{}, fmt.Errorf("%w: it has no name", ErrNotStarted)
	}
	if err := ctx.Err(); err != nil {
		return Ending{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	cmd := exec.Command(s.Argv[0], s.Argv[1:]...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = outputWait
	out := newLines(s.Secrets, s.Lines)
	cmd.Stdout, cmd.Stderr = out, out

	began := time.Now()
	if err := cmd.Start(); err != nil {
		out.close()
		return Ending{}, fmt.Errorf("%w: %s", ErrNotStarted, startWords(s.Argv[0], err))
	}
	var e Ending
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		e.Asked, e.Forced = s.end(ctx, ofGroup(cmd.Process.Pid), over)
	}()
	err := cmd.Wait()
	close(over)
	<-watched
	e.Took, e.Output = time.Since(began), out.close()
	e.Left = errors.Is(err, exec.ErrWaitDelay)

	state := cmd.ProcessState
	if state == nil {
		return e, fmt.Errorf("%w: %w", ErrLost, err)
	}
	e.Exit = state.ExitCode()
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Exit, e.Signal = -1, safe.Show(ws.Signal().String())
	}
	return e, nil
}

// ofGroup sends a signal to a process and what it started, and returns its id.
func ofGroup(pid int) func(syscall.Signal) int {
	return func(sig syscall.Signal) int {
		_ = syscall.Kill(-pid, sig) // it may be gone already
		return pid
	}
}

// end waits for the program or for ctx. When ctx comes first it asks the whole
// group to end, and forces it when that is allowed.
func (s Spec) end(ctx context.Context, signal func(syscall.Signal) (pid int), over <-chan struct{}) (asked, forced bool) {
	select {
	case <-over:
		return false, false
	case <-ctx.Done():
	}
	pid := signal(syscall.SIGTERM)
	grace := time.NewTimer(s.Grace)
	defer grace.Stop()
	select {
	case <-over:
		return true, false
	case <-grace.C:
	}
	if s.Force {
		signal(syscall.SIGKILL)
		<-over
		return true, true
	}
	if s.Lingers != nil {
		s.Lingers(pid)
	}
	<-over
	return true, false
}

// startWords says why a program did not start, without the library's prefix.
func startWords(name string, err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Sprintf("there is no program %q in PATH", safe.Show(name))
	case errors.Is(err, exec.ErrDot):
		return fmt.Sprintf("%q stands in the current folder; write ./%s to mean that", safe.Show(name), safe.Show(name))
	}
	return safe.Show(err.Error()).String()
}

// Describe says in words how the program ended.
func (e Ending) Describe() safe.Text {
	switch {
	case e.Forced:
		return safe.Lit("killed, because it did not end when it was asked to")
	case !e.Signal.IsEmpty():
		return safe.Sprintf("ended by the signal %q", e.Signal)
	case e.Asked:
		return safe.Sprintf("exit %d, after it was asked to end", e.Exit)
	}
	return safe.Sprintf("exit %d", e.Exit)
}

// Quote writes an argument list so that a person can tell the arguments apart.
func Quote(argv []string) safe.Text {
	parts := make([]string, len(argv))
	for i, a := range argv {
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`*?[]{}()<>|&;#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		parts[i] = a
	}
	return safe.Show(strings.Join(parts, " "))
}
