package keep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// startOf returns when a process started, in clock ticks since the boot, and
// whether it has ended and only waits to be collected.
func startOf(pid int) (start string, dead bool, err error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", false, errGone
	}
	if err != nil {
		return "", false, err
	}
	// The second field is a name that may hold anything, in brackets.
	_, rest, ok := cutLast(raw, ')')
	fields := bytes.Fields(rest)
	const state, threads, starttime = 0, 17, 19 // the third, 20th and 22nd of all
	if !ok || len(fields) <= starttime {
		return "", false, fmt.Errorf("/proc/%d/stat has another form than known", pid)
	}
	// A first thread may have ended although others go on: it has when one of them
	// becomes another program.
	alone := len(fields[threads]) == 1 && fields[threads][0] <= '1'
	s := fields[state][0]
	return string(fields[starttime]), alone && (s == 'Z' || s == 'X' || s == 'x'), nil
}

func cutLast(b []byte, sep byte) (before, after []byte, ok bool) {
	i := bytes.LastIndexByte(b, sep)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}
