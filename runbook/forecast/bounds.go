package forecast

import (
	"time"

	"lockstep/runbook/plan"
)

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
		a.Start.Max = min(a.Start.Max+q.most, forever)
		a.Start.Open = a.Start.Open || q.open
		if bound, ok := r.graham(k); ok {
			a.Start.Max = min(a.Start.Max, bound)
		}
		a.Start.Max = max(a.Start.Max, a.Start.Typical)
		a.End.Min = a.Start.Min + r.takes[k].Min
		a.End.Max = min(a.Start.Max+r.takes[k].Max, forever)
		a.End.Open = a.Start.Open || !a.Takes.Known()
	}
}

// What is added up of actions.
const (
	count = iota
	unknown
	work // at most, in nanoseconds
)

// crowd finds how long actions may wait for a slot: while one that is ready
// waits, all slots hold actions that neither wait for it nor it for them.
func (r *run) crowd(sequence []int) {
	if r.narrow(sequence) {
		return
	}
	own := make([]plan.Weight, len(r.actions))
	for k, a := range r.actions {
		own[k] = plan.Weight{count: 1, work: int64(r.takes[k].Max)}
		if !a.Takes.Known() {
			own[k][unknown] = 1
		}
	}
	earlier, later := r.part.Sums(own)
	var all plan.Weight
	for _, w := range own {
		all = sum(all, w, 1)
	}
	r.early = make([]plan.Weight, len(own))
	for k := range own {
		r.early[k] = sum(sum(all, later[k], -1), own[k], -1)
		beside := sum(r.early[k], earlier[k], -1)
		switch {
		case beside[count] < int64(r.slots):
		case beside[unknown] >= int64(r.slots):
			r.queues[k].open = true
		default: // unknown ones hold their slots for good, at worst
			r.queues[k].most = divide(time.Duration(beside[work]), r.slots-int(beside[unknown]))
		}
	}
}

func sum(a, b plan.Weight, sign int64) plan.Weight {
	for i := range a {
		a[i] += sign * b[i]
	}
	return a
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
	if r.early == nil || r.early[k][unknown] > 0 {
		return 0, false
	}
	return r.chain[k] + divide(max(0, time.Duration(r.early[k][work])-r.chain[k]), r.slots), true
}

// divide rounds up.
func divide(d time.Duration, n int) time.Duration {
	return (d + time.Duration(n) - 1) / time.Duration(n)
}
