package probe

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// pretend takes the times it is told to take, one after the other, and then none.
type pretend struct {
	every time.Duration
	takes []time.Duration

	mu      sync.Mutex
	running bool
	overlap bool
	ended   int
}

func (p *pretend) Outline() engine.ProbeOutline {
	return engine.ProbeOutline{Name: "p", Kind: "tcp", Every: p.every}
}

func (p *pretend) Measure(ctx context.Context) Measurement {
	p.mu.Lock()
	p.overlap = p.overlap || p.running
	p.running = true
	var d time.Duration
	if len(p.takes) > 0 {
		d, p.takes = p.takes[0], p.takes[1:]
	}
	p.mu.Unlock()
	at := time.Now()
	wait(ctx, d)
	p.mu.Lock()
	p.running = false
	p.ended++
	p.mu.Unlock()
	return Measurement{At: at, Took: time.Since(at), Outcome: engine.Pass, Word: safe.Lit("ok")}
}

func TestSchedule_isAbsoluteAndNeverDrifts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretend{every: 100 * time.Millisecond, takes: slices.Repeat([]time.Duration{37 * time.Millisecond}, 200)}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second-time.Millisecond)
		defer cancel()
		start := time.Now()
		var got []Measurement
		run(ctx, p, func(m Measurement) { got = append(got, m) })
		if len(got) != 200 {
			t.Fatalf("measured %d times", len(got))
		}
		for k, m := range got {
			if due := start.Add(time.Duration(k) * p.every); m.Due != due || m.At != due || m.Missed != 0 {
				t.Fatalf("slot %d: due %v, at %v, missed %d", k, m.Due.Sub(start), m.At.Sub(start), m.Missed)
			}
		}
	})
}

func TestSchedule_countsMissedSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := time.Millisecond
		p := &pretend{every: 100 * ms, takes: []time.Duration{10 * ms, 130 * ms, 350 * ms, 10 * ms}}
		ctx, cancel := context.WithTimeout(t.Context(), 750*ms)
		defer cancel()
		start := time.Now()
		type slot struct {
			due, at time.Duration
			missed  int
		}
		var got []slot
		run(ctx, p, func(m Measurement) { got = append(got, slot{m.Due.Sub(start), m.At.Sub(start), m.Missed}) })
		want := []slot{
			{0, 0, 0},
			{100 * ms, 100 * ms, 0},
			{200 * ms, 230 * ms, 0}, // late, and said to be so, but not missed
			{500 * ms, 580 * ms, 2}, // 300 and 400 passed unmeasured
			{600 * ms, 600 * ms, 0},
			{700 * ms, 700 * ms, 0},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestHub_measuresOnceHoweverManyListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretend{every: time.Second, takes: slices.Repeat([]time.Duration{300 * time.Millisecond}, 100)}
		h := HubOf(p)
		ctx, cancel := context.WithCancel(t.Context())
		var told []engine.ProbeMeasured
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			h.Probers()[0].Run(ctx, func(m engine.ProbeMeasured) { told = append(told, m) })
		}()
		time.Sleep(2500 * time.Millisecond) // the bubble's clock
		f, err := h.Follow([]string{"p"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		got := f.Take()
		f.Close()
		cancel()
		<-ended
		if len(told) != 6 || len(got) != 3 || got[0] != told[3] {
			t.Errorf("told %d, followed %d", len(told), len(got))
		}
		if tot := h.Totals(); len(tot) != 1 || tot[0] != (engine.ProbeTotals{Probe: "p", Asked: 6}) {
			t.Errorf("totals %+v", tot)
		}
		if p.overlap || p.ended != 6 {
			t.Errorf("overlap %v, measured %d times", p.overlap, p.ended)
		}
	})
}

func TestHub_startsAndEndsWithItsListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretend{every: time.Second, takes: slices.Repeat([]time.Duration{time.Hour}, 9)}
		h := HubOf(p)
		for range 3 {
			f, err := h.Follow([]string{"p"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			f.Close() // in the middle of a measurement
			f.Close()
			p.mu.Lock()
			if p.running || p.overlap {
				t.Error("a measurement outlived its listeners")
			}
			p.mu.Unlock()
		}
		if len(h.Totals()) != 0 {
			t.Errorf("called off measurements were counted: %+v", h.Totals())
		}
	})
}

func TestHub_slowListenerMissesNothingAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretend{every: 10 * time.Millisecond}
		h := HubOf(p)
		f, err := h.Follow([]string{"p"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		time.Sleep(2*time.Second - time.Millisecond)
		synctest.Wait()
		got := f.Take()
		if len(got) != 200 {
			t.Fatalf("took %d", len(got))
		}
		for _, m := range got {
			if m.At != m.Due || m.Missed != 0 {
				t.Fatalf("held up: %+v", m)
			}
		}
	})
}

func TestNewHub_joinsAllProblemsAndKeepsPlansOutOfTheBackground(t *testing.T) {
	rb := &runbook.Runbook{Probes: map[string]*runbook.Probe{
		"a": {TCP: &runbook.TCPProbe{Address: "127.0.0.1:1"}},
		"b": {NoChanges: &runbook.NoChangesProbe{}},
	}}
	h, err := NewHub(rb, t.TempDir(), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if ps := h.Probers(); len(ps) != 1 || ps[0].Outline().Name != "a" {
		t.Errorf("got %v", ps)
	}
	if _, err := h.Follow([]string{"zzz"}, nil); err == nil {
		t.Error("an unknown probe was followed")
	}
	rb.Probes["a"].TCP.Address, rb.Probes["c"] = "x", &runbook.Probe{}
	_, err = NewHub(rb, t.TempDir(), Deps{})
	if err == nil || err.Error() != "probe \"a\": the address \"x\" is not host:port\nprobe \"c\": it has no kind" {
		t.Errorf("got %v", err)
	}
}

// TestSleepUntil_isMorePreciseThanTheRuntime compares two ways to wait in the
// same run, in turns, so that a busy machine is busy for both.
func TestSleepUntil_isMorePreciseThanTheRuntime(t *testing.T) {
	lateness := func(sleep func(time.Time)) time.Duration {
		due := time.Now().Add(5*time.Millisecond + 300*time.Microsecond)
		sleep(due)
		return time.Since(due)
	}
	var ours, theirs []time.Duration
	for range 100 {
		ours = append(ours, lateness(func(due time.Time) { sleepUntil(t.Context(), due) }))
		theirs = append(theirs, lateness(func(due time.Time) { time.Sleep(time.Until(due)) }))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	t.Logf("lateness, median/p99: ours %v/%v, time.Sleep %v/%v", ours[50], ours[99], theirs[50], theirs[99])
	if ours[0] < 0 {
		t.Errorf("woke %v early", -ours[0])
	}
}
