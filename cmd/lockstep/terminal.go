package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// terminalName returns the name of the terminal that a file is, such as pts/3, or
// "" when it is none.
func terminalName(f *os.File) string {
	if !isTerminal(f) {
		return ""
	}
	device := func(st os.FileInfo, err error) (uint64, bool) {
		if err != nil || st.Mode()&os.ModeCharDevice == 0 {
			return 0, false
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, false
		}
		return uint64(sys.Rdev), true
	}
	want, ok := device(f.Stat())
	if !ok {
		return ""
	}
	for _, pattern := range []string{"/dev/pts/*", "/dev/tty*"} {
		names, _ := filepath.Glob(pattern) // the pattern is right
		for _, name := range names {
			if got, ok := device(os.Stat(name)); ok && got == want && name != "/dev/tty" {
				return strings.TrimPrefix(name, "/dev/")
			}
		}
	}
	return ""
}
