package keep

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"lockstep/runbook/failpoint"
)

// A Job is a program to be kept.
type Job struct {
	Program string // path; one that is relative is taken from Dir
	Args    []string
	Dir     string
	Env     []string // the whole environment: nil is an empty one
	Joined  bool     // what goes to standard error is put into stdout, too, in order
}

// Make makes the private folder of a job, durably, so that a record can name it
// before the job is started. It may be there already as long as the job was not
// started.
func Make(folder string) error { return prepare(folder, "") }

func prepare(folder, program string) error {
	if !filepath.IsAbs(folder) {
		return fmt.Errorf("the folder of a job needs a full path, not %q", folder)
	}
	var old jobRecord
	if found, err := read(folder, jobFile, &old); err != nil {
		return err
	} else if found {
		taken, _, err := claimed(folder)
		switch {
		case err != nil:
			return err
		case taken:
			return ErrClaimed
		case old.Program != program:
			return fmt.Errorf("%s was made for %q", folder, old.Program)
		}
		return private(folder)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := private(folder); err != nil {
		return err
	}
	j := jobRecord{Program: program}
	j.Failpoint, j.Trace = failpoint.Configured()
	if err := write(folder, jobFile, j); err != nil {
		return err
	}
	return syncDir(filepath.Dir(folder))
}

// Start starts a program that is kept, in a folder that was or is made for it,
// and returns at once. A folder serves once: later calls fail with [ErrClaimed].
// After any other error nothing was started.
func Start(folder string, j Job) error {
	if !served {
		return errNotServed
	}
	if err := Make(folder); err != nil {
		return fmt.Errorf("make the folder of the job: %w", err)
	}
	if j.Env == nil {
		j.Env = []string{}
	}
	return start(folder, j)
}

// start claims the job and starts its keeper. A nil j.Env is this process's.
func start(folder string, j Job) error {
	cmd, err := spawn(folder, j)
	if err == nil {
		go func() { _ = cmd.Wait() }() // collects it, if this process lives that long
	}
	return err
}

func spawn(folder string, j Job) (*exec.Cmd, error) {
	hold, err := claim(folder, true)
	if err != nil {
		return nil, err
	}
	// The keeper has the claim from here on; held here, too, it would seem to be
	// alive when it is not.
	defer hold.Close()
	if err := failpoint.Hit("shim.spawn"); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(folder, logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	exe, err := self()
	if err != nil {
		return nil, err
	}
	how := "apart"
	if j.Joined {
		how = "joined"
	}
	cmd := exec.Command(exe)
	cmd.Args = append([]string{keeperRole, folder, how, j.Program}, j.Args...)
	cmd.Dir, cmd.Env, cmd.Stderr = j.Dir, j.Env, log
	cmd.ExtraFiles = []*os.File{hold}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, cmd.Start()
}

// self returns a path that this very executable can be run by. The file it was
// started from may have been replaced since.
func self() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "linux" && !same(exe, procSelf) {
		return procSelf, nil
	}
	return filepath.EvalSymlinks(exe)
}

const procSelf = "/proc/self/exe"

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
