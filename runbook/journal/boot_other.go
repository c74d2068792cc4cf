//go:build !linux

package journal

import (
	"crypto/sha256"
	"encoding/hex"

	"golang.org/x/sys/unix"
)

// BootID returns what tells this boot of the machine from others, or "". It is
// made of the time of the boot, which macOS keeps for as long as it runs.
func BootID() string {
	raw, err := unix.SysctlRaw("kern.boottime")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}
