package failpoint

import (
	"os"
	"slices"
)

// Configured returns the values of the two variables, for a process that passes
// them on to one whose environment must not hold them.
func Configured() (points, traceFile string) {
	return os.Getenv(Variable), os.Getenv(TraceVariable)
}

// Adopt takes over the values of the two variables from another process, before
// the first point is passed. Names in passed count as passed once already: that
// other process did. Rules for any point stay with the process that counts them.
func Adopt(points, traceFile string, passedAlready ...string) {
	mu.Lock()
	defer mu.Unlock()
	rules = slices.DeleteFunc(parse(points), func(r rule) bool { return r.name == "*" })
	trace = traceFile
	on = len(rules) > 0 || trace != ""
	for _, name := range passedAlready {
		passed[name]++
		total++
	}
}
