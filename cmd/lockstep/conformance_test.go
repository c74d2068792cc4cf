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

// attempts is how often a pair may be measured before it counts as late. What
// else runs on the machine can hold an apply up, and does not hold it up twice.
// An order that was violated is never tried again.
const attempts = 4

// How many pairs are made at random, and from which seed on. The longer a test
// may take, the more pairs.
const (
	randomCountVar = "LOCKSTEP_CONFORMANCE_RANDOM"
	randomSeedVar  = "LOCKSTEP_CONFORMANCE_SEED"
	randomCount    = 12
	updateVar      = "LOCKSTEP_CONFORMANCE_UPDATE" // writes the forecasts into the archives
)

// A tally is what all pairs came to.
type tally struct {
	sync.Mutex
	counts
	pairs, written, again int
}

// TestConformance compares what is forecast with what Terraform does. For each
// pair of configurations it applies the first, plans the second, forecasts that
// plan as "lockstep forecast" does, applies it and reads when each action began
// and ended.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED: applying all pairs takes minutes")
	}
	terraform := needsTerraform(t)
	pairs := append(writtenPairs(t), randomPairs(t)...)
	config := providerOverride(t)
	slots := make(chan struct{}, sideBySide)
	var sum tally
	start := time.Now()
	t.Run("pair", func(t *testing.T) {
		for _, p := range pairs {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				sum.try(t, p, func() workspace { return workspace{t, t.TempDir(), terraform, config} })
			})
		}
	})
	t.Logf("%d pairs, %d actions, %d orderings, %d violated", sum.pairs, sum.actions, sum.orderings, sum.violated)
	t.Logf("%d windows and %d swaps, their ends at most %s off; %d whose end is a range, at most %s outside of it; ends of actions at most %s off",
		sum.windows, sum.swaps, sum.window.Round(time.Millisecond), sum.ranges, sum.spread.Round(time.Millisecond), sum.end.Round(time.Millisecond))
	t.Logf("%d measured again, %s in all", sum.again, time.Since(start).Round(time.Second))
	if all := sum.written == len(writtenPairs(t)); all && !t.Failed() && (sum.pairs < 40 || sum.orderings < 300 || sum.windows < 20) {
		t.Error("these are too few to say much")
	}
}

// try compares the forecast of a pair with its apply, again if it was late.
func (s *tally) try(t *testing.T, p pair, fresh func() workspace) {
	for n := 1; ; n++ {
		c := measure(fresh(), p)
		for _, w := range c.wrong {
			t.Error(w)
		}
		if p.golden != "" {
			p.checkForecast(t, c.summary())
		}
		s.Lock()
		switch {
		case len(c.late) == 0 || n == attempts || t.Failed():
			s.pairs++
			if p.golden != "" {
				s.written++
			}
			s.counts.add(c.counts)
			s.Unlock()
			for _, l := range c.late {
				t.Error(l)
			}
			return
		}
		s.again++
		s.Unlock()
		for _, l := range c.late {
			t.Logf("measured again: %s", l)
		}
	}
}

func measure(w workspace, p pair) comparison {
	w.t.Helper()
	last := len(p.stages) - 1
	for _, st := range p.stages[:last] {
		w.prepare(st)
	}
	if w.plan(p.stages[last]) {
		if p.golden != "" {
			w.t.Fatal("Terraform refuses the pair: its graph would go in a circle")
		}
		w.t.Skip("NOT TESTED: Terraform refuses this pair itself, since its graph would go in a circle")
	}
	forecast := w.predict(p.parallelism)
	return compare(forecast, w.apply(p.parallelism))
}

// checkForecast compares a forecast with the one in the archive of the pair, or
// puts it there when the test is told to update.
func (p pair) checkForecast(t *testing.T, got string) {
	t.Helper()
	if got == p.forecast {
		return
	}
	if os.Getenv(updateVar) != "" {
		if err := p.setForecast(got); err != nil {
			t.Error(err)
		}
		return
	}
	t.Errorf("the forecast is not the one in %s, which %s=1 would change:\n%s", p.golden, updateVar, got)
}

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
