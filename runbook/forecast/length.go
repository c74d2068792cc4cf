package forecast

import (
	"cmp"
	"slices"
	"time"
)

// between returns how long it is from the end of action d to the end of action
// c; 0 where c is over first. What both wait for counts for neither.
func (r *run) between(d, c int) Span {
	from, to := r.actions[d].End, r.actions[c].End
	s := Span{Typical: max(0, to.Typical-from.Typical), Max: max(0, to.Max-from.Min), Open: to.Open}
	if !from.Open {
		s.Min = max(0, to.Min-from.Max)
	}
	follows := r.o.Follows(r.items[c], r.items[d])
	if follows {
		s.Min = max(s.Min, r.takes[c].Min)
	}
	if r.visits > 0 {
		least, most, open := r.gauge(d, c, follows && len(r.actions) > few)
		s.Min = max(s.Min, least)
		if !open {
			if s.Open {
				s.Max, s.Open = most, false
			}
			s.Max = min(s.Max, most)
		}
	}
	s.Max = max(s.Max, s.Typical)
	s.Min = min(s.Min, s.Typical)
	return s
}

// In a run of few actions all of them count when a length is measured.
const few = 1000

// A gauge is the end of an action, counted from the end of the delete.
type gauge struct {
	least, most time.Duration
	open        bool // there is no upper bound
	after       bool // the action waits for the delete, or is it
}

// gauge bounds the time from the end of d to the end of c along the actions that
// c waits for. With near, only those between the two are gone through; the others
// count by the clock.
func (r *run) gauge(d, c int, near bool) (least, most time.Duration, open bool) {
	found := map[int]gauge{d: {after: true}}
	if !near {
		r.gaugeBack(d, found)
	}
	from := r.actions[d].End
	absolute := func(j int) gauge {
		return gauge{most: r.actions[j].End.Max - from.Min, open: r.actions[j].End.Open}
	}
	todo, seen := []int{c}, map[int]bool{c: true}
	for k := 0; k < len(todo); k++ {
		for _, j := range r.actions[todo[k]].WaitsFor {
			if _, ok := found[j]; ok || seen[j] {
				continue
			}
			if near && !r.o.Follows(r.items[j], r.items[d]) {
				found[j] = absolute(j)
				continue
			}
			seen[j] = true
			todo = append(todo, j)
		}
	}
	r.visits -= len(todo)
	slices.SortFunc(todo, func(a, b int) int { return cmp.Compare(r.rank[a], r.rank[b]) })
	for _, k := range todo {
		var g gauge
		started := false
		for _, j := range r.actions[k].WaitsFor {
			b := found[j]
			if b.after {
				g.least, g.after = max(g.least, b.least), true
			}
			if !started || b.most > g.most {
				g.most = b.most
			}
			started = true
			g.open = g.open || b.open
		}
		if !started {
			g.most = -from.Min
		}
		g.least += r.takes[k].Min
		g.most += r.queues[k].most + r.takes[k].Max
		g.open = g.open || r.queues[k].open || !r.actions[k].Takes.Known()
		if a := absolute(k); !a.open {
			if g.open {
				g.most, g.open = a.most, false
			}
			g.most = min(g.most, a.most)
		}
		found[k] = g
	}
	end := found[c]
	if end.after {
		least = end.least
	}
	return least, max(0, end.most), end.open
}

// gaugeBack bounds the ends of the actions that d waits for: they are over at
// least as long before d as what is between them takes.
func (r *run) gaugeBack(d int, found map[int]gauge) {
	back := map[int]time.Duration{d: 0}
	todo := &heap[int]{less: func(a, b int) bool { return r.rank[a] > r.rank[b] }}
	todo.push(d)
	for todo.len() > 0 {
		k := todo.pop()
		r.visits--
		if k != d {
			found[k] = gauge{most: -back[k]}
		}
		for _, j := range r.actions[k].WaitsFor {
			before, ok := back[j]
			if !ok {
				todo.push(j)
			}
			back[j] = max(before, back[k]+r.takes[k].Min)
		}
	}
}

// named is the number of actions that are said to be waited for, at most.
const named = 8

// waitingFor returns the actions that make c end so long after d: of those on
// the chain that c waits for, what runs between the two and takes the time, the
// slowest first, and after them what takes nobody knows how long.
func (r *run) waitingFor(d, c int) []int {
	type slow struct {
		action int
		takes  time.Duration
	}
	var chain []slow
	from := r.actions[d].End.Typical
	for k := r.last[c]; k >= 0 && k != d && r.actions[k].End.Typical > from && r.visits > 0; k = r.last[k] {
		r.visits--
		s := slow{k, r.actions[k].End.Typical - max(from, r.actions[k].Start.Typical)}
		if s.takes == 0 || !r.actions[k].Takes.Known() {
			continue
		}
		at, _ := slices.BinarySearchFunc(chain, s, func(a, b slow) int { return cmp.Or(cmp.Compare(b.takes, a.takes), -1) })
		if chain = slices.Insert(chain, at, s); len(chain) > named {
			chain = chain[:named]
		}
	}
	var out []int
	for _, s := range chain {
		if s.takes >= chain[0].takes/10 {
			out = append(out, s.action)
		}
	}
	unknown := r.unknownBefore(d, c)
	return append(out, unknown[:min(named, len(unknown))]...)
}

// unknownBefore returns the actions of unknown length that c waits for and that
// may end after d.
func (r *run) unknownBefore(d, c int) []int {
	if !r.actions[c].Start.Open || r.visits <= 0 {
		return nil
	}
	var out []int
	todo, seen := []int{c}, map[int]bool{c: true}
	for k := 0; k < len(todo) && r.visits > 0; k++ {
		r.visits--
		for _, j := range r.actions[todo[k]].WaitsFor {
			if seen[j] || j == d || r.o.Follows(r.items[d], r.items[j]) || !r.actions[j].End.Open {
				continue
			}
			seen[j] = true
			todo = append(todo, j)
			if !r.actions[j].Takes.Known() {
				out = append(out, j)
			}
		}
	}
	slices.Sort(out)
	return out
}
