//go:build !linux

package journal

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ProcessStart returns when a process started, as the system counts it, and ""
// when there is none, or one that has ended and only waits to be collected. With
// its number and the boot it names one process. An error says that nothing could be
// found out.
func ProcessStart(pid int) (string, error) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	// No such process gives an answer of no bytes.
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ESRCH) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	const zombie = 5 // SZOMB
	if p.Proc.P_stat == zombie {
		return "", nil
	}
	return fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec), nil
}
