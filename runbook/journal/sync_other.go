//go:build !linux

package journal

import (
	"errors"
	"os"
)

// syncData makes appended data durable; on macOS Sync is F_FULLFSYNC.
func syncData(f *os.File) error { return f.Sync() }

// allocate is not tried here; the room is filled instead.
func allocate(*os.File, int64) error { return errors.ErrUnsupported }
