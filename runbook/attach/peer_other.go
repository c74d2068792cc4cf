//go:build !linux

package attach

import "golang.org/x/sys/unix"

// credentials asks the system for the user on the other end of a Unix socket.
func credentials(fd int) (uid int, err error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(c.Uid), nil
}
