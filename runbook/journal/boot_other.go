//go:build !linux

package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

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

// ProcessStart returns when a process started, as the system counts it, and ""
// when there is no such process. With its number and the boot it names one process.
func ProcessStart(pid int) string {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec)
}
