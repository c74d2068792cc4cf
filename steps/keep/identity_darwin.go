package keep

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// startOf returns when a process started and whether it has ended and only
// waits to be collected.
func startOf(pid int) (start string, dead bool, err error) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	// No such process gives an answer of no bytes.
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ESRCH) {
		return "", false, errGone
	}
	if err != nil {
		return "", false, err
	}
	const zombie = 5 // SZOMB
	t := p.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", t.Sec, t.Usec), p.Proc.P_stat == zombie, nil
}
