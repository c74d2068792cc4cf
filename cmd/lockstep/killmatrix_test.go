package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook/failpoint"
	"lockstep/steps/terraform/scripted"
)

// nightly reports whether the long form of a test is to run.
func nightly() bool { return os.Getenv("LOCKSTEP_NIGHTLY") != "" }

// mostCalls is how often Lockstep is called until a run has to be at its end.
const mostCalls = 8

// toTheEnd calls Lockstep until the run is closed. env says what each call gets
// into its environment; nil for nothing.
func (g *rig) toTheEnd(env func(call int) []string) (visits []visit) {
	g.t.Helper()
	for call := range mostCalls {
		var vars []string
		if env != nil {
			vars = env(call)
		}
		visits = append(visits, g.goes(vars...))
		if g.closed() {
			return visits
		}
	}
	g.t.Errorf("the run is not closed after %d calls", mostCalls)
	return visits
}

// points runs a rig unkilled and returns the points that its runner passed, in
// order, and what it left.
func points(t *testing.T, env ...string) ([]string, aftermath) {
	t.Helper()
	g := newRig(t, scripted.Script{Scenario: scripted.OK})
	trace := filepath.Join(g.dir, "trace")
	visits := g.toTheEnd(func(int) []string { return append(env, failpoint.TraceVariable+"="+trace) })
	want := g.aftermath()
	g.check(want)
	g.story(visits)
	if len(visits) != 1 || visits[0].exit != exitDone {
		t.Fatalf("unkilled, it ended after %d calls with exit code %d", len(visits), visits[0].exit)
	}
	raw, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(raw))
	// Those of keepers stand among those of the runner, which counts only its own.
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "shim.") }), want
}

// A score counts over all rigs of a test.
type score struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *score) add(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what] += n
}

func (c *score) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b bytes.Buffer
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		fmt.Fprintf(&b, " %s %d,", what, c.counts[what])
	}
	return strings.Trim(b.String(), " ,")
}

// killAt is the variable that ends a process at the n-th point that it passes.
func killAt(n int) []string { return []string{fmt.Sprintf("%s=*:kill@%d", failpoint.Variable, n)} }

// TestKillMatrix_sameEndWhereverTheRunnerDies kills the runner at every point that
// it passes, goes on, and compares the end with that of a run that nobody killed.
// At every few points the runner that goes on is killed as well, and the one after it.
func TestKillMatrix_sameEndWhereverTheRunnerDies(t *testing.T) {
	began := time.Now()
	names, want := points(t)
	// A share of the points, which is another one every day.
	every, again := 9, 2
	first := 1 + time.Now().YearDay()%every
	if nightly() {
		every, again, first = 1, 1, 1
	}
	var c score
	t.Run("at", func(t *testing.T) {
		for n := first; n <= len(names); n += every {
			t.Run(fmt.Sprintf("%d %s", n, names[n-1]), func(t *testing.T) {
				t.Parallel()
				g := newRig(t, scripted.Script{Scenario: scripted.OK})
				visits := g.toTheEnd(func(call int) []string {
					switch {
					case call == 0:
						return killAt(n)
					case call <= 2 && n/every%again == 0:
						// Another point each time, so that all come up over the whole.
						return killAt(1 + (n*7+call*31)%len(names))
					}
					return nil
				})
				kills := 0
				for _, v := range visits[:len(visits)-1] {
					if v.exit != exitDone {
						kills++
					}
				}
				c.add("kills", kills)
				c.add("runs", 1)
				g.check(want)
				g.story(visits)
			})
		}
	})
	t.Logf("%d points, every %d from %d on, %v, %s", len(names), every, first, &c, time.Since(began).Round(time.Second))
	if len(names) < 200 {
		t.Errorf("the run passes only %d points", len(names))
	}
}

// TestKillMatrix_sameEndWhereverAKeeperDies kills what keeps the first apply, at
// each of the points that it passes, and then the runner, which has just heard of it.
func TestKillMatrix_sameEndWhereverAKeeperDies(t *testing.T) {
	_, want := points(t)
	for _, name := range []string{"shim.spawn", "shim.rcwrite"} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				g := newRig(t, scripted.Script{Scenario: scripted.OK})
				visits := g.toTheEnd(func(call int) []string {
					if call > 0 {
						return nil
					}
					return []string{fmt.Sprintf("%s=%s:kill@%d,outcome.before:kill@1", failpoint.Variable, name, n)}
				})
				if len(visits) < 2 {
					t.Error("nobody was killed")
				}
				g.check(want)
				g.story(visits)
			})
		}
	}
}
