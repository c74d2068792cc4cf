package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// processStarted returns what tells the process with this number from earlier
// and later ones, or "" when there is none.
func processStarted(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold anything.
	i := bytes.LastIndexByte(raw, ')')
	fields := strings.Fields(string(raw[i+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19] // clock ticks after the boot
}

// bootID tells this boot of the machine from others.
func bootID() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
