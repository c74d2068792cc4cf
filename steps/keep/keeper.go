package keep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"lockstep/runbook/failpoint"
)

// inherited is the first file that a process of ours gets besides the usual
// three.
const inherited = 3

// goAhead is what the gate waits for.
const goAhead = 'g'

// keeper starts a program and stays until it has ended. Its standard error is
// keeper.log.
func keeper(folder string, joined bool, program string, args []string) int {
	// In a session of its own it gets signals only from who means all processes, as
	// at a shutdown. The program decides then what it does, and how that went has to
	// be written down. They are not ignored: that would be inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	syscall.CloseOnExec(inherited)
	if err := holds(folder, inherited); err != nil {
		return complain(err)
	}
	var j jobRecord
	if _, err := read(folder, jobFile, &j); err != nil {
		return complain(err)
	}
	failpoint.Adopt(j.Failpoint, j.Trace, "shim.spawn")
	cmd, never, err := launch(folder, joined, program, args)
	if err != nil {
		if !never {
			return complain(err)
		}
		return complain(errors.Join(err, write(folder, neverFile, neverRecord{err.Error()})))
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState == nil {
		return complain(err) // nobody knows how it ended
	}
	if err := failpoint.Hit("shim.rcwrite"); err != nil {
		return complain(err)
	}
	if err := writeRC(folder, cmd.ProcessState); err != nil {
		return complain(fmt.Errorf("how the program ended could not be written down: %w", err))
	}
	_ = failpoint.Hit("shim.rcwrite")
	return 0
}

// holds checks that a file of this process is the lock of the job.
func holds(folder string, fd int) error {
	var have, want unix.Stat_t
	if err := unix.Fstat(fd, &have); err != nil {
		return fmt.Errorf("the keeper was not given its job: %w", err)
	}
	if err := unix.Lstat(filepath.Join(folder, claimFile), &want); err != nil {
		return err
	}
	if have.Dev != want.Dev || have.Ino != want.Ino {
		return errors.New("the keeper was given another job")
	}
	return private(folder)
}

// launch starts the gate, writes down which process it is, lets it go and waits
// until it is the program. With an error, never says that the program certainly
// did not run.
func launch(folder string, joined bool, program string, args []string) (cmd *exec.Cmd, never bool, err error) {
	stdout, err := output(folder, stdoutFile)
	if err != nil {
		return nil, true, err
	}
	defer stdout.Close() // the program's, whose lock shows who has it
	stderr := stdout
	if !joined {
		if stderr, err = output(folder, stderrFile); err != nil {
			return nil, true, err
		}
		defer stderr.Close()
	}
	if err := reserve(folder); err != nil {
		return nil, true, fmt.Errorf("there must be room for how it ends: %w", err)
	}
	exe, err := self()
	if err != nil {
		return nil, true, err
	}
	wait, release, err := os.Pipe()
	if err != nil {
		return nil, true, err
	}
	defer release.Close()
	// The gate's end of the second closes when it becomes the program.
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, true, err
	}
	defer told.Close()
	cmd = exec.Command(exe)
	cmd.Args = append([]string{gateRole, folder, program}, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.ExtraFiles = []*os.File{wait, tell}
	// A session of its own as well: were it in the keeper's, the keeper's death could
	// bring it a SIGHUP.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	wait.Close()
	tell.Close()
	if err != nil {
		return nil, true, err
	}
	who, err := identify(cmd.Process.Pid)
	if err == nil {
		err = write(folder, programFile, who)
	}
	if err == nil {
		err = failpoint.Hit("shim.spawn") // before go
	}
	if err != nil {
		release.Close()
		_ = cmd.Wait()
		return nil, true, err
	}
	if _, err := release.Write([]byte{goAhead}); err != nil {
		return nil, true, errors.Join(err, cmd.Wait()) // it is gone, without having read it
	}
	if err := failpoint.Hit("shim.spawn"); err != nil { // after go
		return nil, false, err
	}
	why, err := io.ReadAll(io.LimitReader(told, maxRecord/8))
	if err == nil && len(why) > 0 {
		_ = cmd.Wait()
		return nil, true, errors.New(string(why))
	}
	return cmd, false, nil
}

// output makes a file for what the program prints. Its lock is the program's and
// that of whatever it leaves behind.
func output(folder, name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// An rcRecord is rc.
type rcRecord struct {
	Exit   int       `json:"exit"`             // -1 when a signal ended it
	Signal int       `json:"signal,omitempty"` // 0 when none did
	At     time.Time `json:"at"`
}

// reserved holds the room of rc until it is needed.
const (
	reserved = "rc.reserved"
	rcSize   = 512
)

// reserve takes the room for rc: overwriting needs no more of it, on most disks.
func reserve(folder string) error {
	f, err := os.OpenFile(filepath.Join(folder, reserved), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, rcSize)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(folder)
}

func writeRC(folder string, state *os.ProcessState) error {
	r := rcRecord{Exit: state.ExitCode(), At: time.Now()}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		r.Exit, r.Signal = -1, int(ws.Signal())
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, reserved)
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	text := make([]byte, rcSize)
	for i := range text {
		text[i] = ' '
	}
	copy(text, raw)
	text[rcSize-1] = '\n'
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(folder, rcFile)); err != nil {
		return err
	}
	return syncDir(folder)
}
