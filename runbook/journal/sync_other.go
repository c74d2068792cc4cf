//go:build !linux

package journal

import "os"

// syncData makes appended data durable; on macOS Sync is F_FULLFSYNC.
func syncData(f *os.File) error { return f.Sync() }
