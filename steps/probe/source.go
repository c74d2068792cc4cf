package probe

import (
	"context"
	"slices"
	"sync"

	"lockstep/runbook/engine"
)

// source is one probe with its schedule and those who listen to it.
type source struct {
	prober Prober

	mu        sync.Mutex
	listeners []*listener
	stop      context.CancelFunc // of the running schedule, or nil
	over      chan struct{}      // closed when the running schedule has ended
	totals    engine.ProbeTotals
}

func newSource(p Prober) *source {
	return &source{prober: p, totals: engine.ProbeTotals{Probe: p.Outline().Name}}
}

// listener is a queue of its own, so that nobody who listens can hold up the
// schedule or miss anything.
type listener struct {
	source *source
	wake   chan struct{}
	queue  []Measurement // guarded by source.mu
}

// listen adds a listener; the first one starts the schedule. A nil wake makes
// one for this listener alone.
func (s *source) listen(wake chan struct{}) *listener {
	if wake == nil {
		wake = make(chan struct{}, 1)
	}
	l := &listener{source: s, wake: wake}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
	if s.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		before, over := s.over, make(chan struct{})
		s.stop, s.over = cancel, over
		go func() {
			defer close(over)
			if before != nil {
				<-before // a probe never overlaps with itself
			}
			run(ctx, s.prober, s.publish)
		}()
	}
	return l
}

// publish counts a measurement and hands it to everybody who listens.
func (s *source) publish(m Measurement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals.Asked++
	s.totals.Missed += m.Missed
	switch m.Outcome {
	case engine.Fail:
		s.totals.Failed++
	case engine.Inconclusive:
		s.totals.Inconclusive++
	}
	for _, l := range s.listeners {
		l.queue = append(l.queue, m)
		select {
		case l.wake <- struct{}{}:
		default: // awake already
		}
	}
}

func (s *source) counted() engine.ProbeTotals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals
}

func (l *listener) take() []Measurement {
	l.source.mu.Lock()
	defer l.source.mu.Unlock()
	q := l.queue
	l.queue = nil
	return q
}

// close removes the listener. The last one ends the schedule and waits for it.
func (l *listener) close() {
	s := l.source
	s.mu.Lock()
	i := slices.Index(s.listeners, l)
	if i < 0 {
		s.mu.Unlock()
		return
	}
	s.listeners = slices.Delete(s.listeners, i, i+1)
	var over chan struct{}
	if len(s.listeners) == 0 {
		s.stop()
		s.stop, over = nil, s.over
	}
	s.mu.Unlock()
	if over != nil {
		<-over
	}
}
