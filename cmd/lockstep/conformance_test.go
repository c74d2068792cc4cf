package main

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Pairs that run at once. More would only make each other late.
const sideBySide = 2

// totals is what all pairs came to.
type totals struct {
	sync.Mutex
	pairs, actions, orderings, violated int
}

// TestConformance compares what is forecast with what Terraform does. For each
// pair of configurations it applies the first, plans the second, forecasts that
// plan as "lockstep forecast" does, applies it and reads when each action began
// and ended.
func TestConformance(t *testing.T) {
	terraform := needsTerraform(t)
	pairs := append(writtenPairs(t), randomPairs(t)...)
	config := providerOverride(t)
	slots := make(chan struct{}, sideBySide)
	var sum totals
	start := time.Now()
	t.Run("pair", func(t *testing.T) {
		for _, p := range pairs {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				w := workspace{t: t, dir: t.TempDir(), terraform: terraform, config: config}
				sum.try(w, p)
			})
		}
	})
	t.Logf("%d pairs, %d actions, %d orderings, %d violated, in %s", sum.pairs, sum.actions, sum.orderings, sum.violated,
		time.Since(start).Round(time.Second))
}

func (s *totals) try(w workspace, p pair) {
	last := len(p.stages) - 1
	for _, st := range p.stages[:last] {
		w.plan(st)
		w.apply(usualSlots)
	}
	w.plan(p.stages[last])
	predicted := w.predict(p.parallelism)
	events := w.apply(p.parallelism)
	s.Lock()
	defer s.Unlock()
	s.pairs++
	s.actions += len(events)
	at := match(w.t, predicted.actions, events)
	for i, x := range predicted.actions {
		for j := range x.after {
			if at[i] < 0 || at[j] < 0 || events[at[j]].endUnknown {
				continue
			}
			s.orderings++
			if first, then := events[at[j]], events[at[i]]; then.start < first.end {
				s.violated++
				w.t.Errorf("%s %s starts at %s, before %s %s is over at %s", then.action, then.address, then.start, first.action, first.address, first.end)
			}
		}
	}
}

// match finds the event of every predicted action, or -1 for what has none:
// moves and letting go.
func match(t *testing.T, actions []predicted, events []event) []int {
	t.Helper()
	at := make([]int, len(actions))
	used := make([]bool, len(events))
	for i, a := range actions {
		at[i] = -1
		for j, e := range events {
			if !used[j] && e.address == a.address && e.action == a.action && e.id == a.id {
				at[i], used[j] = j, true
				break
			}
		}
		if silent := a.action == "forget" || a.action == "no-op"; at[i] < 0 && !silent {
			t.Errorf("predicted and not done: %s %s %s", a.action, a.address, a.id)
		}
	}
	for j, e := range events {
		if !used[j] {
			t.Errorf("done and not predicted: %s %s %s", e.action, e.address, e.id)
		}
	}
	return at
}

// How many pairs are made at random, and from which seed on. The longer a test
// may take, the more.
const (
	randomCountVar = "LOCKSTEP_CONFORMANCE_RANDOM"
	randomSeedVar  = "LOCKSTEP_CONFORMANCE_SEED"
	randomCount    = 12
)

func randomPairs(t *testing.T) []pair {
	t.Helper()
	number := func(name string, usual uint64) uint64 {
		v := os.Getenv(name)
		if v == "" {
			return usual
		}
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	seed := number(randomSeedVar, 1)
	pairs := make([]pair, number(randomCountVar, randomCount))
	for i := range pairs {
		p, err := randomPair(seed + uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		pairs[i] = p
	}
	return pairs
}
