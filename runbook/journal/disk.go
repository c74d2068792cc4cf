package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A disk is every operation on files that a promise of this package rests on,
// so that a test can let any one of them fail.
type disk interface {
	// makeDir makes a private folder, parents too, and refuses one that others
	// may write or that belongs to somebody else.
	makeDir(dir string) error
	// openLog opens or makes the file of records, for appending.
	openLog(path string) (logFile, error)
	// writeFile writes a whole file so that it is there completely or not at
	// all, and is durable on return.
	writeFile(path string, data []byte) error
	readFile(path string) ([]byte, error)
	// names returns the files in a folder.
	names(dir string) ([]string, error)
	// syncDir makes the entries of a folder durable.
	syncDir(dir string) error
}

// A logFile is the open file of records.
type logFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
	// lock takes the file for one writer; errLocked when there is one already.
	lock() error
	// sync returns when all that was written is on the disk.
	sync() error
	truncate(size int64) error
	stat() (fileState, error)
}

// A fileState is what has to be so of a file that is appended to.
type fileState struct {
	size  int64
	links uint64
	uid   int
	plain bool
}

var errLocked = errors.New("locked")

// osDisk is the disk of the operating system.
type osDisk struct{}

func (osDisk) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d", dir, st.Uid)
	}
	if st.Mode&0o022 != 0 {
		return fmt.Errorf("%s can be written by others (mode %04o)", dir, st.Mode&0o777)
	}
	return nil
}

func (osDisk) openLog(path string) (logFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s is a symbolic link", path)
	}
	if err != nil {
		return nil, err
	}
	return osLog{f}, nil
}

func (d osDisk) writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return d.syncDir(dir)
}

func (osDisk) readFile(path string) ([]byte, error) { return os.ReadFile(path) }

func (osDisk) names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osDisk) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// osLog is a file of the operating system.
type osLog struct{ *os.File }

func (l osLog) lock() error {
	err := unix.Flock(int(l.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

func (l osLog) sync() error { return syncData(l.File) }

func (l osLog) truncate(size int64) error { return l.Truncate(size) }

func (l osLog) stat() (fileState, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(l.Fd()), &st); err != nil {
		return fileState{}, err
	}
	return fileState{
		size: st.Size, links: uint64(st.Nlink), uid: int(st.Uid),
		plain: st.Mode&unix.S_IFMT == unix.S_IFREG,
	}, nil
}
