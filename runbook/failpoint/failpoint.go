// Package failpoint lets a test end, stop or fail this process at a named point
// of its work. Without the variable [Variable] in the environment, and in every
// ordinary run, a point costs one comparison and does nothing.
//
// The variable holds NAME:MODE, or NAME:MODE@N for the n-th time that the point
// is passed in this process, from 1. NAME may be * for any point, so that *:kill@137
// ends the process at the 137th point it passes, whichever that is. Several are
// separated by commas.
//
// Modes: kill ends the process with SIGKILL; error makes [Hit] return [ErrHit];
// pause stops the process with SIGSTOP until somebody sends SIGCONT.
//
// With [TraceVariable], every point that is passed is appended as a line to the
// file it names.
package failpoint

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The variables of the environment that are read once, at start.
const (
	Variable      = "LOCKSTEP_FAILPOINT"
	TraceVariable = "LOCKSTEP_FAILPOINT_TRACE"
)

// ErrHit is what a point in mode error returns.
var ErrHit = errors.New("failpoint")

type rule struct {
	name, mode string
	at         int // 0 for every time
}

var (
	rules = parse(os.Getenv(Variable))
	trace = os.Getenv(TraceVariable)
	on    = len(rules) > 0 || trace != ""

	mu     sync.Mutex
	passed = map[string]int{}
	total  int
)

func parse(s string) []rule {
	var out []rule
	for _, item := range strings.Split(s, ",") {
		name, rest, ok := strings.Cut(item, ":")
		if !ok {
			continue
		}
		r := rule{name: name}
		mode, at, counted := strings.Cut(rest, "@")
		if r.mode = mode; counted {
			n, err := strconv.Atoi(at)
			if err != nil {
				continue
			}
			r.at = n
		}
		out = append(out, r)
	}
	return out
}

// Hit passes the point with this name.
func Hit(name string) error {
	if !on {
		return nil
	}
	return hit(name)
}

// stopTime is ample for a signal to stop all threads.
const stopTime = 50 * time.Millisecond

func hit(name string) error {
	mu.Lock()
	total++
	passed[name]++
	nth, all := passed[name], total
	if trace != "" {
		note(name)
	}
	mu.Unlock()
	for _, r := range rules {
		n := nth
		if r.name == "*" {
			n = all
		} else if r.name != name {
			continue
		}
		if r.at != 0 && r.at != n {
			continue
		}
		switch r.mode {
		case "kill":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal may take a moment
		case "pause":
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			time.Sleep(stopTime) // another thread may take the signal
		case "error":
			return ErrHit
		}
	}
	return nil
}

func note(name string) {
	f, err := os.OpenFile(trace, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(name + "\n")
	_ = f.Close()
}
