package keep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrClaimed says that the job was started before, or given up by who looked at it.
var ErrClaimed = errors.New("the job was started or given up before")

// claim takes the job. With hold the file is locked from before it appears for
// as long as somebody has it open; it is the caller's to close.
func claim(folder string, hold bool) (*os.File, error) {
	f, err := os.CreateTemp(folder, ".claim-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	if hold {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			f.Close()
			return nil, err
		}
	}
	if err := os.Link(f.Name(), filepath.Join(folder, claimFile)); err != nil {
		f.Close()
		if errors.Is(err, fs.ErrExist) {
			return nil, ErrClaimed
		}
		return nil, err
	}
	if err := syncDir(folder); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// claimed reports whether the job was taken and whether somebody holds it.
func claimed(folder string) (taken, held bool, err error) {
	taken, held, err = locked(filepath.Join(folder, claimFile))
	if err != nil {
		err = fmt.Errorf("look who holds the job: %w", err)
	}
	return taken, held, err
}

// locked reports whether a file is there and whether its lock is taken.
func locked(path string) (there, held bool, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err {
		case nil:
			return true, false, nil
		case unix.EWOULDBLOCK:
			return true, true, nil
		case unix.EINTR:
		default:
			return true, false, err
		}
	}
}
