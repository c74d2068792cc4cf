package forecast

import "time"

// A queue is how long an action that is ready may have to wait for a slot. Who
// goes first among more ready actions than slots is left to chance.
type queue struct {
	most time.Duration
	open bool // an action of unknown length may hold every slot
}

// spans fills in when each action starts and ends. The least is what the actions
// before it take; the most is a bound that holds for every order in which ready
// actions can be taken, so that the truth is between them if the durations are.
func (r *run) spans(t timetable) {
	r.queues = make([]queue, len(r.actions))
	r.chain = make([]time.Duration, len(r.actions))
	r.crowd(t.sequence)
	for _, k := range t.sequence {
		a := &r.actions[k]
		a.Path = t.path[k]
		a.Start.Typical, a.End.Typical = t.start[k], t.end[k]
		for _, j := range a.WaitsFor {
			before := r.actions[j].End
			a.Start.Min = max(a.Start.Min, before.Min)
			a.Start.Max = max(a.Start.Max, before.Max)
			a.Start.Open = a.Start.Open || before.Open
			r.chain[k] = max(r.chain[k], r.chain[j]+r.takes[j].Max)
		}
		q := r.queues[k]
		a.Start.Max += q.most
		a.Start.Open = a.Start.Open || q.open
		if bound, ok := r.graham(k); ok {
			a.Start.Max = min(a.Start.Max, bound)
		}
		a.Start.Max = max(a.Start.Max, a.Start.Typical)
		a.End.Min = a.Start.Min + r.takes[k].Min
		a.End.Max = a.Start.Max + r.takes[k].Max
		a.End.Open = a.Start.Open || !a.Takes.Known()
	}
}

// A load is how much work some actions are.
type load struct {
	count, unknown int
	work           time.Duration // at most
}

func (l *load) add(r *run, k int) {
	l.count++
	l.work += r.takes[k].Max
	if !r.actions[k].Takes.Known() {
		l.unknown++
	}
}

// crowd finds how long actions may wait for a slot: while one that is ready
// waits, all slots hold actions that neither wait for it nor it for them.
func (r *run) crowd(sequence []int) {
	if r.narrow(sequence) {
		return
	}
	r.total = load{}
	r.later = make([]load, len(r.actions))
	earlier := make([]load, len(r.actions))
	for k := range r.actions {
		r.total.add(r, k)
		for j := range r.part.Before(k) {
			earlier[k].add(r, j)
			r.later[j].add(r, k)
		}
	}
	slots := r.slots
	for k := range r.actions {
		var own load
		own.add(r, k)
		beside := load{
			count:   r.total.count - own.count - earlier[k].count - r.later[k].count,
			unknown: r.total.unknown - own.unknown - earlier[k].unknown - r.later[k].unknown,
			work:    r.total.work - own.work - earlier[k].work - r.later[k].work,
		}
		switch {
		case beside.count < slots:
		case beside.unknown >= slots:
			r.queues[k].open = true
		default: // unknown ones hold their slots for good, at worst
			r.queues[k].most = divide(beside.work, slots-beside.unknown)
		}
	}
}

// narrow reports whether it is plain that never more actions are ready than
// there are slots, since they make up no more chains than that.
func (r *run) narrow(sequence []int) bool {
	if len(r.actions) <= r.slots {
		return true
	}
	chains, taken := 0, make([]bool, len(r.actions))
	for _, k := range sequence {
		goesOn := false
		for _, j := range r.actions[k].WaitsFor {
			if !taken[j] {
				taken[j], goesOn = true, true
				break
			}
		}
		if !goesOn {
			chains++
		}
	}
	return chains <= r.slots
}

// graham bounds the start of action k by the longest chain before it and all the
// work that need not come after it: whenever no action of the chain runs, all
// slots are busy. It knows nothing when unknown durations are among that work.
func (r *run) graham(k int) (time.Duration, bool) {
	if r.later == nil {
		return 0, false
	}
	var own load
	own.add(r, k)
	if r.total.unknown != r.later[k].unknown+own.unknown {
		return 0, false
	}
	work := r.total.work - r.later[k].work - own.work
	return r.chain[k] + divide(max(0, work-r.chain[k]), r.slots), true
}

// divide rounds up.
func divide(d time.Duration, n int) time.Duration {
	return (d + time.Duration(n) - 1) / time.Duration(n)
}
