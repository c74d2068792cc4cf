package keep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Names of the files of a job; see the package comment.
const (
	jobFile     = "job.json"
	claimFile   = "claim"
	programFile = "program"
	neverFile   = "never"
	rcFile      = "rc"
	stdoutFile  = "stdout"
	stderrFile  = "stderr"
	logFile     = "keeper.log"
)

// A jobRecord is job.json.
type jobRecord struct {
	Program string `json:"program,omitempty"` // what the front stands for
	// The failpoints of the process that made the folder: the program's environment
	// must not hold them.
	Failpoint string `json:"failpoint,omitempty"`
	Trace     string `json:"failpoint_trace,omitempty"`
}

// A neverRecord is never.
type neverRecord struct {
	Why string `json:"why"`
}

// errCorrupt says that one of the small files is not what was written.
var errCorrupt = errors.New("not what was written")

// maxRecord bounds the small files: what is longer was not written by us.
const maxRecord = 64 << 10

// private refuses a folder that others may have written to.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	case ok && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d", dir, st.Uid)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to others (mode %04o)", dir, info.Mode().Perm())
	}
	return nil
}

// write makes a file appear whole and durably.
func write(dir, name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// read fills v from a file. It reports false when there is none.
func read(dir, name string, v any) (bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return false, fmt.Errorf("%s: %w: %w", filepath.Join(dir, name), errCorrupt, err)
	}
	return true, nil
}
