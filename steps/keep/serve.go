package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Names that keeper and gate are called by.
const (
	keeperRole = "lockstep-keeper"
	gateRole   = "lockstep-gate"
)

// served says that Serve was called, so that our executable knows its roles. One
// that does not would, called by a front's name, do who knows what.
var served bool

var errNotServed = errors.New("this program does not serve as a keeper: keep.Serve was not called when it started")

// failed is the exit code of front, keeper and gate when they did not do what
// they are for.
const failed = 125

// Serve takes part in a job when this process was started for that, and does
// not return then. It is called with os.Args before anything else, in tests too.
// In every other process it returns false.
func Serve(args []string) bool {
	served = true
	if len(args) == 0 {
		return false
	}
	switch {
	case args[0] == keeperRole && len(args) >= 4:
		os.Exit(keeper(args[1], args[2] == "joined", args[3], args[4:]))
	case args[0] == gateRole && len(args) >= 3:
		os.Exit(gate(args[1], args[2:]))
	}
	if folder, j, ok := frontOf(args[0]); ok {
		os.Exit(front(folder, j, args[1:]))
	}
	return false
}

// frontOf returns the job that a process with this name is the front of.
func frontOf(name string) (folder string, j jobRecord, ok bool) {
	if !filepath.IsAbs(name) {
		return "", j, false
	}
	folder = filepath.Dir(name)
	if found, err := read(folder, jobFile, &j); err != nil || !found || j.Program == "" || filepath.Base(name) != linkName(j.Program) {
		return "", j, false
	}
	return folder, j, private(folder) == nil
}

func complain(err error) int {
	fmt.Fprintf(os.Stderr, "lockstep: %v\n", err)
	return failed
}
