package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lockstep/runbook/attach"
	"lockstep/runbook/journal"
)

const (
	noteName = "runner.json"
	logsName = "runners" // folder of the logs
)

// A runnerNote says in an environment's folder which runner works on it. It is
// how attach and runs find the runner; whether it still lives is found out by
// asking it.
type runnerNote struct {
	Run      string    `json:"run"`
	PID      int       `json:"pid"`
	Started  string    `json:"started"` // when the process started, as the system counts it
	Boot     string    `json:"boot"`    // of the machine
	Host     string    `json:"host"`
	Operator string    `json:"operator"`
	Runbook  string    `json:"runbook"` // its absolute path
	Socket   string    `json:"socket"`
	Since    time.Time `json:"since"`
	Log      string    `json:"log"`
	Lockstep string    `json:"lockstep"`

	dir string // folder of the environment
}

// write puts the note into its folder.
func (n runnerNote) write() error {
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	path := filepath.Join(n.dir, noteName)
	tmp := filepath.Join(n.dir, "."+noteName)
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("say where the runner is: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("say where the runner is: %w", err)
	}
	return nil
}

// readNote returns the note in an environment's folder, and nil when there is
// none that can be read.
func readNote(dir string) *runnerNote {
	n := runnerNote{dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, noteName))
	if err != nil || json.Unmarshal(raw, &n) != nil || n.Run == "" || n.Socket == "" {
		return nil
	}
	return &n
}

// clear removes what a runner that is gone left of itself. Only the one who
// writes the journal may do so.
func (n *runnerNote) clear() {
	if n == nil {
		return
	}
	os.Remove(filepath.Join(n.dir, noteName))
	if st, err := os.Lstat(n.Socket); err == nil && st.Mode().Type() == fs.ModeSocket {
		os.Remove(n.Socket)
	}
}

// A liveRun is a run whose runner lives.
type liveRun struct {
	runnerNote
	status *attach.Status // nil when the runner did not answer
	mute   error          // why it did not
}

// findLive returns the run that goes on in an environment's folder, or nil. A note
// that a dead runner left is none.
func findLive(ctx context.Context, dir string) *liveRun {
	n := readNote(dir)
	if n == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	st, err := attach.Peek(ctx, n.Socket)
	switch {
	case err == nil && st.Run == n.Run && !st.Over:
		return &liveRun{runnerNote: *n, status: &st}
	case err == nil, errors.Is(err, attach.ErrNobody), !n.lives():
		return nil
	}
	return &liveRun{runnerNote: *n, mute: err}
}

// lives reports whether the process of the note is there still and is the same.
func (n *runnerNote) lives() bool {
	host, _ := os.Hostname()
	if n.Host != host || n.Boot != journal.BootID() || n.PID <= 0 || n.Started == "" {
		return false
	}
	start, err := journal.ProcessStart(n.PID)
	return err == nil && start == n.Started
}

// maxSocket is how long the path of a socket may be everywhere.
const maxSocket = 100

// listen makes a socket that only this user can reach: in the folder of the
// environment, or, where its path would be too long or the file system has no sockets,
// in a private folder below /tmp.
func listen(dir, run string) (*net.UnixListener, string, error) {
	path := filepath.Join(dir, run+".sock")
	if len(path) <= maxSocket {
		if l, err := listenAt(path); err == nil {
			return l, path, nil
		}
	}
	// Not $TMPDIR, which may be as long, and not $XDG_RUNTIME_DIR, which goes with
	// the login that a run outlives.
	path = filepath.Join("/tmp", "lockstep-"+strconv.Itoa(os.Geteuid()), run+"-"+rand.Text()[:8])
	l, err := listenAt(path)
	if err != nil {
		return nil, "", fmt.Errorf("make a socket for the screens: %w", err)
	}
	return l, path, nil
}

func listenAt(path string) (*net.UnixListener, error) {
	if err := privateFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// privateFolder makes a folder, or checks that the one that is there is a folder
// of this user into which nobody else may look.
func privateFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	return isPrivate(dir, st, os.Geteuid())
}

func isPrivate(dir string, st fs.FileInfo, uid int) error {
	sys, ok := st.Sys().(*syscall.Stat_t)
	switch {
	case !st.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case !ok || int(sys.Uid) != uid:
		return fmt.Errorf("%s belongs to another user", dir)
	case st.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to others (mode %04o)", dir, st.Mode().Perm())
	}
	return nil
}
