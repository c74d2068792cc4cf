package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// ProcessStart returns when a process started, as the system counts it, and ""
// when there is none, or one that has ended and only waits to be collected. With
// its number and the boot it names one process. A process that becomes another
// program may look for a moment like one that has ended. An error says that nothing
// could be found out.
func ProcessStart(pid int) (string, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	// The second field is a name in brackets that may hold anything.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	const state, threads, starttime = 0, 17, 19 // the third, 20th and 22nd of proc(5)
	if len(fields) <= starttime {
		return "", fmt.Errorf("/proc/%d/stat has another form than known", pid)
	}
	// A first thread may have ended although others go on: it has when one of them
	// becomes another program.
	alone := len(fields[threads]) == 1 && fields[threads][0] <= '1'
	if s := fields[state][0]; alone && (s == 'Z' || s == 'X' || s == 'x') {
		return "", nil
	}
	return string(fields[starttime]), nil // clock ticks since the boot
}
