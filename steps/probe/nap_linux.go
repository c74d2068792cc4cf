package probe

import (
	"time"

	"golang.org/x/sys/unix"
)

// nap sleeps in the kernel, at most for the fine part of a wait, because nothing
// can end it early. It may return early itself.
func nap(d time.Duration) {
	if d > 0 && d <= fine {
		ts := unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&ts, nil)
	}
}
