package forecast

import (
	"cmp"
	"math"
	"slices"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// usual is how many actions Terraform runs at the same time unless it is told.
const usual = 10

// Options are what a forecast depends on besides the plan.
type Options struct {
	Durations   *durations.Book
	Parallelism int // 0 means 10, as for Terraform
	// Negative returns how long resolvers remember that the name of a DNS record
	// does not exist, or 0 when that is not known. It may be nil.
	Negative func(plan.Thing) time.Duration
	// ManyDestroys is the number of destroyed objects from which on they are a
	// hazard of their own; 0 means 10.
	ManyDestroys int
}

// AtOnce says what applying the whole plan in one go is expected to do. The
// order is that of this plan.
func AtOnce(p *plan.Plan, o *plan.Order, opt Options) Forecast {
	s := newStudy(p, o, opt)
	r := s.run(Items(o))
	out := r.outages()
	return r.forecast(out, s.hazards(r, out, true))
}

// Items returns the item of the order that each action of [AtOnce] is.
func Items(o *plan.Order) []int {
	var items []int
	for i, it := range o.Items() {
		if it.Action != plan.NoOp {
			items = append(items, i)
		}
	}
	return items
}

// A study is a plan and all that its forecasts share.
type study struct {
	p       *plan.Plan
	o       *plan.Order
	opt     Options
	of      func(address, typ string, action plan.Action) durations.Estimate
	slots   int
	names   []safe.Text // by resource
	part    *plan.Part
	some    *plan.Part // for things with many events
	world   *world
	visits  int // left for measuring lengths, see length
	stories int // left for imagining what may happen to things with several events
}

func newStudy(p *plan.Plan, o *plan.Order, opt Options) *study {
	return &study{
		p: p, o: o, opt: opt, of: opt.Durations.Of,
		slots: cmp.Or(max(opt.Parallelism, 0), usual),
		names: p.Names(), part: o.Part(), world: newWorld(p, o), visits: 2_000_000, stories: 200_000,
	}
}

// A run is one apply of some items of the order.
type run struct {
	*study
	items    []int // action → item
	actions  []Action
	takes    []durations.Estimate // action → its estimate, the least first
	sequence []int                // actions as they start
	rank     []int                // action → its place in the sequence of starts
	queues   []queue
	chain    []time.Duration // longest chain before it, at most
	early    []plan.Weight   // action → all that need not come after it; nil when there are slots for all
	last     []int           // action → the one of those it waits for that ends last, or -1
	backs    []back
	found    gauges
}

// run simulates the items. Only one run of a study can be looked at at a time.
func (s *study) run(items []int) *run {
	r := &run{study: s, items: items, actions: make([]Action, len(items)), takes: make([]durations.Estimate, len(items))}
	s.part.Hold(items)
	waits := s.part.Waits()
	for k, i := range items {
		it := s.o.Items()[i]
		res := s.p.Resources[it.Resource]
		takes := s.of(res.Address.String(), res.Type.String(), it.Action)
		if it.Action == plan.Forget && !takes.Known() { // only the state is written
			takes = durations.Estimate{Source: durations.SourceShipped}
		}
		r.actions[k] = Action{
			Resource: it.Resource, Address: res.Address, Name: s.names[it.Resource], Action: it.Action,
			Deposed: res.Deposed, Takes: takes, WaitsFor: waits[k], Path: -1,
		}
		if waits[k] == nil {
			r.actions[k].WaitsFor = []int{}
		}
		if takes.Known() {
			r.takes[k] = inOrder(takes, forever/time.Duration(len(items)))
		}
	}
	t := schedule(waits, func(k int) time.Duration { return r.takes[k].Typical }, s.slots)
	r.sequence, r.rank = t.sequence, make([]int, len(items))
	for n, k := range t.sequence {
		r.rank[k] = n
	}
	r.spans(t)
	r.last = make([]int, len(items))
	for k, a := range r.actions {
		r.last[k] = -1
		for _, j := range a.WaitsFor {
			if l := r.last[k]; l < 0 || t.end[j] > t.end[l] {
				r.last[k] = j
			}
		}
	}
	return r
}

// forever is the longest length there is: 73 years. Sums and bounds end there, so
// that a few of them can be added up.
const forever = math.MaxInt64 / 4

// inOrder returns an estimate whose lengths are not negative, stand in order and
// are not over most, so that those of all actions can be added up.
func inOrder(e durations.Estimate, most time.Duration) durations.Estimate {
	e.Typical = min(max(e.Typical, 0), most)
	e.Min = min(max(e.Min, 0), e.Typical)
	e.Max = min(max(e.Max, e.Typical), most)
	return e
}

// place returns the action of an item, or -1.
func (r *run) place(item int) int { return r.part.Place(item) }

// forecast puts the result together.
func (r *run) forecast(out []Outage, hazards []plan.Hazard) Forecast {
	f := Forecast{Actions: r.actions, Outages: out, Hazards: hazards, Parallelism: r.slots, Takes: r.length(), Dark: dark(out)}
	for _, a := range r.actions {
		if !a.Takes.Known() {
			f.Unknown++
		}
	}
	return f
}

// length returns how long the whole run takes.
func (r *run) length() Span {
	var s Span
	for _, a := range r.actions {
		s.Min, s.Typical, s.Max = max(s.Min, a.End.Min), max(s.Typical, a.End.Typical), max(s.Max, a.End.Max)
		s.Open = s.Open || a.End.Open
	}
	return s
}

// dark adds up the windows.
func dark(out []Outage) Span {
	var s Span
	for _, o := range out {
		switch o.Verdict {
		case Gone:
			s.Open = true
		case Window:
			s = s.Plus(o.Length)
		}
	}
	return s
}

// Plus returns how long both take, one after the other.
func (s Span) Plus(t Span) Span {
	return Span{
		Min: min(s.Min+t.Min, forever), Typical: min(s.Typical+t.Typical, forever), Max: min(s.Max+t.Max, forever), Open: s.Open || t.Open,
	}
}

// worst sorts outages, the worst first.
func worst(out []Outage) {
	weight := map[Verdict]int{Gone: 0, Window: 1, Unknown: 2, Swap: 3, None: 4}
	slices.SortStableFunc(out, func(a, b Outage) int {
		if c := cmp.Compare(weight[a.Verdict], weight[b.Verdict]); c != 0 {
			return c
		}
		if a.Length.Open != b.Length.Open && a.Verdict == Window {
			if a.Length.Open {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Length.Typical, a.Length.Typical), cmp.Compare(a.From.Typical, b.From.Typical), cmp.Compare(a.OpenedBy, b.OpenedBy))
	})
}
