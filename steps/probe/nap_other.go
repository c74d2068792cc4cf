//go:build !linux

package probe

import "time"

// nap does nothing where the system offers no precise sleep; the timer that
// follows does the waiting.
func nap(time.Duration) {}
