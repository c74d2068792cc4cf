package forecast

import (
	"time"

	"lockstep/runbook/plan"
)

// A timetable is one way in which an apply can go. Actions are told by their
// place in the forecast.
type timetable struct {
	start, end []time.Duration
	path       []int // see Action.Path
	sequence   []int // in the order in which they start
}

// schedule runs every action as soon as those it waits for are over and a slot is
// free. Of several that are ready, the first one goes first.
func schedule(waits [][]int, takes func(k int) time.Duration, slots int) timetable {
	n := len(waits)
	t := timetable{
		start: make([]time.Duration, n), end: make([]time.Duration, n),
		path: make([]int, n), sequence: make([]int, 0, n),
	}
	pending := plan.NewPending(waits)
	ready := heap[int]{less: func(a, b int) bool { return a < b }}
	running := heap[int]{less: func(a, b int) bool {
		return t.end[a] < t.end[b] || t.end[a] == t.end[b] && a < b
	}}
	since := make([]time.Duration, n) // when it became ready
	for k := range n {
		t.path[k] = -1
		if len(waits[k]) == 0 {
			ready.push(k)
		}
	}
	now, freed := time.Duration(0), -1
	for ready.len() > 0 || running.len() > 0 {
		for ready.len() > 0 && running.len() < slots {
			k := ready.pop()
			if since[k] < now {
				t.path[k] = freed
			}
			t.start[k], t.end[k] = now, now+takes(k)
			t.sequence = append(t.sequence, k)
			running.push(k)
		}
		for now = t.end[running.all[0]]; running.len() > 0 && t.end[running.all[0]] == now; {
			k := running.pop()
			freed = k
			pending.Over(k, func(u int) {
				since[u], t.path[u] = now, k
				ready.push(u)
			})
		}
	}
	return t
}
