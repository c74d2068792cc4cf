package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A Hub holds the probes of a runbook. Each is measured on one schedule however
// many listen, from when the first one starts to listen until the last one ends.
type Hub struct {
	names   []string // sorted
	sources map[string]*source
	planned map[string]*runbook.Probe // those of kind no_changes
	deps    Deps
	zones   map[string]*zoneTTL // of the names that DNS probes ask for
}

// NewHub makes the probes of a runbook. folder is what its relative paths start
// from. The error joins one for every probe that cannot be measured as it is
// written. Nothing is measured before somebody listens.
func NewHub(rb *runbook.Runbook, folder string, d Deps) (*Hub, error) {
	d.Folder = folder
	h := &Hub{sources: map[string]*source{}, planned: map[string]*runbook.Probe{}, deps: d, zones: zonesOf(rb)}
	var problems []error
	for name, p := range rb.Probes {
		named := *p
		named.Name = name
		made, err := New(&named, d)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		h.names = append(h.names, name)
		h.sources[name] = newSource(made)
		if p.NoChanges != nil {
			h.planned[name] = &named
		}
	}
	slices.Sort(h.names)
	slices.SortFunc(problems, func(a, b error) int {
		if a.Error() < b.Error() {
			return -1
		}
		return 1
	})
	return h, errors.Join(problems...)
}

// HubOf makes a hub of probers, by the names in their outlines.
func HubOf(probers ...Prober) *Hub {
	h := &Hub{sources: map[string]*source{}}
	for _, p := range probers {
		name := p.Outline().Name
		h.names = append(h.names, name)
		h.sources[name] = newSource(p)
	}
	slices.Sort(h.names)
	return h
}

// Probers returns the probes that are measured during the whole run, by name.
// Those of kind no_changes are not among them: a plan takes a lock and minutes,
// so it is made only when a verification asks for it.
func (h *Hub) Probers() []engine.Prober {
	var out []engine.Prober
	for _, name := range h.names {
		if h.planned[name] == nil {
			out = append(out, &watched{source: h.sources[name]})
		}
	}
	return out
}

// Outline says what a probe measures; false when there is none of that name.
func (h *Hub) Outline(name string) (engine.ProbeOutline, bool) {
	s, ok := h.sources[name]
	if !ok {
		return engine.ProbeOutline{}, false
	}
	return s.prober.Outline(), true
}

// Totals counts the measurements of every probe that was measured so far.
func (h *Hub) Totals() []engine.ProbeTotals {
	var out []engine.ProbeTotals
	for _, name := range h.names {
		if t := h.sources[name].counted(); t.Asked > 0 {
			out = append(out, t)
		}
	}
	return out
}

// watched is a probe as the engine runs it beside the steps.
type watched struct{ source *source }

// Outline says what is measured.
func (w *watched) Outline() engine.ProbeOutline { return w.source.prober.Outline() }

// Run tells every measurement until ctx ends.
func (w *watched) Run(ctx context.Context, tell func(engine.ProbeMeasured)) {
	l := w.source.listen(nil)
	defer l.close()
	name := w.source.prober.Outline().Name
	pass := func() {
		for _, m := range l.take() {
			tell(m.Event(name))
		}
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-l.wake:
			pass()
		}
	}
	l.close()
	pass() // what was measured while ctx ended is counted, so it is told, too
}

// A Feed is the measurements of some probes from one moment on. It must be closed.
type Feed struct {
	wake      chan struct{}
	listeners []*listener
	names     []string
}

// Follow starts to listen to probes. What runs already goes on, the rest starts
// now. planned makes the plans for probes of kind no_changes; without it they
// use that of [Deps].
func (h *Hub) Follow(names []string, planned NoChanges) (*Feed, error) {
	var sources []*source
	for _, name := range names {
		s, ok := h.sources[name]
		if !ok {
			return nil, fmt.Errorf("there is no probe %q", safe.Show(name))
		}
		if p := h.planned[name]; p != nil && planned != nil {
			d := h.deps
			d.NoChanges = planned
			made, err := New(p, d)
			if err != nil {
				return nil, err
			}
			s = newSource(made)
		}
		sources = append(sources, s)
	}
	f := &Feed{wake: make(chan struct{}, 1), names: names}
	for _, s := range sources {
		f.listeners = append(f.listeners, s.listen(f.wake))
	}
	return f, nil
}

// Wake is ready when there may be something to take.
func (f *Feed) Wake() <-chan struct{} { return f.wake }

// Take returns what was measured since the last time, each probe's in order.
// Nothing is ever left out.
func (f *Feed) Take() []engine.ProbeMeasured {
	var out []engine.ProbeMeasured
	for i, l := range f.listeners {
		for _, m := range l.take() {
			out = append(out, m.Event(f.names[i]))
		}
	}
	slices.SortStableFunc(out, func(a, b engine.ProbeMeasured) int { return a.At.Add(a.Took).Compare(b.At.Add(b.Took)) })
	return out
}

// Close stops listening and waits until what was started for this feed is over.
func (f *Feed) Close() {
	for _, l := range f.listeners {
		l.close()
	}
}

// Event writes a measurement as the event of a run.
func (m Measurement) Event(probe string) engine.ProbeMeasured {
	return engine.ProbeMeasured{
		Probe: probe, Due: m.Due, At: m.At, Took: m.Took, Outcome: m.Outcome, Word: m.Word, Got: m.Got, Missed: m.Missed,
	}
}
