package attach

import (
	"fmt"
	"net"
	"os"
)

// checkPeer refuses a connection whose other end is another user's.
func checkPeer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var uid int
	var cerr error
	if err := raw.Control(func(fd uintptr) { uid, cerr = credentials(int(fd)) }); err != nil {
		return err
	}
	if cerr != nil {
		return fmt.Errorf("find out who is on the other end: %w", cerr)
	}
	return sameUser(uid, os.Geteuid())
}

func sameUser(peer, self int) error {
	if peer != self {
		return fmt.Errorf("the other end belongs to user %d, and this process to user %d", peer, self)
	}
	return nil
}
