package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes appended data durable. The size of the file is part of that;
// its time stamps, which fsync would also write, are not needed.
func syncData(f *os.File) error {
	// A call that a signal cut short says nothing about the data, unlike one
	// that failed, and may be made again.
	return untilDone(func() error { return unix.Fdatasync(int(f.Fd())) })
}

// allocate gives a file a size and the blocks for it. The error is
// [errors.ErrUnsupported] where the file system can't.
func allocate(f *os.File, size int64) error {
	return untilDone(func() error { return unix.Fallocate(int(f.Fd()), 0, 0, size) })
}

// untilDone makes a call again while a signal cuts it short.
func untilDone(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
