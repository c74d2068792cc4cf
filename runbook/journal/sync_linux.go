package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes appended data durable. The size of the file is part of that;
// its time stamps, which fsync would also write, are not needed.
func syncData(f *os.File) error {
	for {
		// A call that a signal cut short says nothing about the data, unlike one
		// that failed, and may be made again.
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
