package keep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"lockstep/runbook/failpoint"
)

// Front makes the private folder of a job and in it the path to run in place of
// Terraform, a program given with its full path. Called by that path, what has
// effects is kept, once; everything else runs as if Terraform had been called. The
// folder may have been made before with the same program.
//
// SIGINT and SIGTERM to the front each send the kept program one SIGINT. Signals
// of one kind that come faster than the front is given time may count as one.
// SIGHUP, a closed pipe and the front's own death change nothing for the program.
func Front(folder, program string) (path string, err error) {
	if !served {
		return "", errNotServed
	}
	if !filepath.IsAbs(program) {
		return "", fmt.Errorf("a front needs the full path of its program, not %q", program)
	}
	if err := prepare(folder, program); err != nil {
		return "", fmt.Errorf("make the folder of the job: %w", err)
	}
	path = filepath.Join(folder, linkName(program))
	if same(path, "/proc/self/exe") {
		return path, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := link(path); err != nil {
		return "", fmt.Errorf("make the front: %w", err)
	}
	return path, syncDir(folder)
}

// linkName is the name a front is called by: the program's, so that Terraform's
// own words about itself stay right, but never one of a job's files.
func linkName(program string) string {
	name := filepath.Base(program)
	if slices.Contains([]string{jobFile, claimFile, programFile, neverFile, rcFile, stdoutFile, stderrFile, logFile, reserved}, name) {
		return name + "-front"
	}
	return name
}

// link makes this executable known by another path: by a link, or by a copy when
// the file it was started from is not what runs here any more.
func link(path string) error {
	exe, err := self()
	if err != nil {
		return err
	}
	if exe != procSelf {
		return os.Symlink(exe, path)
	}
	from, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	return to.Close()
}

// effects are Terraform's verbs that change a state or what it describes.
var effects = []string{
	"apply", "destroy", "force-unlock", "import", "refresh", "taint", "untaint",
	"state push", "state mv", "state rm", "state replace-provider",
}

// hasEffect reports whether a command line of Terraform changes anything.
func hasEffect(args []string) bool {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	if len(args) == 0 {
		return false
	}
	verb := args[0]
	if verb == "state" && len(args) > 1 {
		verb += " " + args[1]
	}
	return slices.Contains(effects, verb)
}

// front stands for a program until it has ended. It returns the exit code.
func front(folder string, j jobRecord, args []string) int {
	if !hasEffect(args) {
		err := syscall.Exec(j.Program, append([]string{j.Program}, args...), os.Environ())
		return complain(fmt.Errorf("%s: %w", j.Program, err))
	}
	failpoint.Adopt(j.Failpoint, j.Trace)
	if runtime.GOOS != "linux" {
		// What is typed at a terminal is for who runs there, not for us. On Linux
		// terraform-exec sees to it.
		_ = syscall.Setpgid(0, 0)
	}
	pressed := make(chan os.Signal, 64)
	signal.Notify(pressed, os.Interrupt, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // not ignored: that would be inherited
	if err := start(folder, Job{Program: j.Program, Args: args}); err != nil {
		return complain(fmt.Errorf("%s was not started: %w", linkName(j.Program), err))
	}
	go func() {
		for range pressed {
			if err := Signal(folder, syscall.SIGINT); err != nil && !errors.Is(err, ErrGone) {
				complain(err)
			}
		}
	}()
	st, err := Follow(context.Background(), folder, os.Stdout, os.Stderr)
	switch {
	case err != nil:
		return complain(err)
	case st.Phase == Ended && st.Signal == "":
		return st.Exit
	case st.Phase == Ended:
		return 128 + st.signal
	}
	return complain(fmt.Errorf("%s: %s", linkName(j.Program), st.Words()))
}
