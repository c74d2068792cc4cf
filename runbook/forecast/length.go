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

// gauges are those found for one delete; they are used again for the next.
type gauges struct {
	of    []gauge
	found []int // action → the round in which it was found
	seen  []int // action → the round in which it was seen
	round int
}

func (g *gauges) begin(n int) {
	if g.of == nil {
		*g = gauges{of: make([]gauge, n), found: make([]int, n), seen: make([]int, n)}
	}
	g.round++
}

func (g *gauges) set(k int, v gauge) { g.of[k], g.found[k] = v, g.round }

// sees reports whether k is seen for the first time in this round.
func (g *gauges) sees(k int) bool {
	if g.seen[k] == g.round || g.found[k] == g.round {
		return false
	}
	g.seen[k] = g.round
	return true
}

// gauge bounds the time from the end of d to the end of c along the actions that
// c waits for. With near, only those between the two are gone through; the others
// count by the clock.
func (r *run) gauge(d, c int, near bool) (least, most time.Duration, open bool) {
	found := &r.found
	found.begin(len(r.actions))
	found.set(d, gauge{after: true})
	if !near {
		r.gaugeBack(d)
	}
	from := r.actions[d].End
	absolute := func(j int) gauge {
		return gauge{most: r.actions[j].End.Max - from.Min, open: r.actions[j].End.Open}
	}
	todo := []int{c}
	found.sees(c)
	for k := 0; k < len(todo); k++ {
		for _, j := range r.actions[todo[k]].WaitsFor {
			switch {
			case !found.sees(j):
			case near && !r.o.Follows(r.items[j], r.items[d]):
				found.set(j, absolute(j))
			default:
				todo = append(todo, j)
			}
		}
	}
	r.visits -= len(todo)
	slices.SortFunc(todo, func(a, b int) int { return cmp.Compare(r.rank[a], r.rank[b]) })
	for _, k := range todo {
		g := r.gaugeOf(k, from.Min)
		if a := absolute(k); !a.open {
			if g.open {
				g.most, g.open = a.most, false
			}
			g.most = min(g.most, a.most)
		}
		found.set(k, g)
	}
	end := found.of[c]
	if end.after {
		least = end.least
	}
	return least, max(0, end.most), end.open
}

// gaugeOf bounds the end of k by those that it waits for, which have theirs.
func (r *run) gaugeOf(k int, from time.Duration) gauge {
	g := gauge{most: -from, open: r.queues[k].open || !r.actions[k].Takes.Known()}
	for n, j := range r.actions[k].WaitsFor {
		before := r.found.of[j]
		if before.after {
			g.least, g.after = max(g.least, before.least), true
		}
		if n == 0 || before.most > g.most {
			g.most = before.most
		}
		g.open = g.open || before.open
	}
	g.least += r.takes[k].Min
	g.most = min(g.most+r.queues[k].most+r.takes[k].Max, forever)
	return g
}

// gaugeBack bounds the ends of the actions that d waits for: they are over at
// least as long before d as what is between them takes.
func (r *run) gaugeBack(d int) {
	todo := &heap[int]{less: func(a, b int) bool { return r.rank[a] > r.rank[b] }}
	todo.push(d)
	for todo.len() > 0 {
		k := todo.pop()
		r.visits--
		for _, j := range r.actions[k].WaitsFor {
			most := r.found.of[k].most - r.takes[k].Min
			if r.found.found[j] != r.found.round {
				todo.push(j)
			} else {
				most = min(most, r.found.of[j].most)
			}
			r.found.set(j, gauge{most: most})
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
	unknown := r.unknownBefore(d, c)
	for _, s := range chain {
		if s.takes >= chain[0].takes/10 && (len(unknown) == 0 || s.takes >= noticeable) {
			out = append(out, s.action)
		}
	}
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
