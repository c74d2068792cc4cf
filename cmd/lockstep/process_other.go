//go:build !linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// processStarted returns what tells the process with this number from earlier
// and later ones, or "" when there is none.
func processStarted(pid int) string {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return ""
	}
	return fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec)
}

// bootID tells this boot of the machine from others.
func bootID() string {
	at, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d.%06d", at.Sec, at.Usec)
}
