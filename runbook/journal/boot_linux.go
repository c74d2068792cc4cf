package journal

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// BootID returns what tells this boot of the machine from others, or "".
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// ProcessStart returns when a process started, as the system counts it, and ""
// when there is no such process. With its number and the boot it names one process.
func ProcessStart(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name stands in parentheses and may hold blanks and parentheses itself.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return string(fields[19]) // field 22 of proc(5): clock ticks since the boot
}
