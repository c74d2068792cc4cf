package forecast

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
)

// drawn is one way in which an apply goes: whatever is ready may go first, and an
// action takes anything between its least and its most, or any time at all when
// nobody knows.
func drawn(r *rand.Rand, waits [][]int, takes []durations.Estimate, slots int) (start, end []time.Duration) {
	n := len(waits)
	start, end = make([]time.Duration, n), make([]time.Duration, n)
	state := make([]int, n) // 1 running, 2 over
	now := time.Duration(0)
	for over := 0; over < n; {
		var ready, running []int
		for k := range n {
			switch {
			case state[k] == 1:
				running = append(running, k)
			case state[k] == 0 && !slices.ContainsFunc(waits[k], func(j int) bool { return state[j] != 2 }):
				ready = append(ready, k)
			}
		}
		if len(ready) > 0 && len(running) < slots {
			k := ready[r.IntN(len(ready))]
			e := takes[k]
			start[k], end[k], state[k] = now, now+e.Min+time.Duration(r.Int64N(int64(e.Max-e.Min)+1)), 1
			if !e.Known() {
				end[k] = now + time.Duration(r.Int64N(int64(time.Hour)))
			}
			continue
		}
		next := slices.MinFunc(running, func(a, b int) int { return int(end[a] - end[b]) })
		now, state[next] = end[next], 2
		over++
	}
	return start, end
}

// randomShape is a plan with records whose blocks come and go in any order.
func randomShape(r *rand.Rand, n int) shape {
	var s shape
	actions := []plan.Action{plan.Create, plan.Update, plan.Delete, plan.DeleteThenCreate, plan.CreateThenDelete}
	modes := []string{"own-data", "own-data", "whole-name", "unknown"}
	thing := func() string {
		return fmt.Sprintf("record/n%d/d%d/%s", r.IntN(3), r.IntN(3), modes[r.IntN(len(modes))])
	}
	for i := range n {
		a := actions[r.IntN(len(actions))]
		c := fmt.Sprintf("t.r%02d %s", i, a)
		same := thing()
		if a != plan.Create && r.IntN(4) > 0 {
			c += " was=" + same
		}
		if a != plan.Delete && r.IntN(4) > 0 {
			if r.IntN(3) > 0 {
				same = thing()
			}
			c += " becomes=" + same
		}
		s.changes = append(s.changes, c)
	}
	for i := range n {
		for j := range i {
			if r.IntN(5) > 0 {
				continue
			}
			up, down := fmt.Sprintf("t.r%02d", i), fmt.Sprintf("t.r%02d", j)
			if strings.Contains(s.changes[i], " delete ") || strings.HasSuffix(s.changes[i], " delete") {
				up += " (destroy)"
			}
			if strings.Contains(s.changes[j], " delete ") || strings.HasSuffix(s.changes[j], " delete") || strings.Contains(s.changes[j], "create-delete") {
				down += " (destroy)"
			}
			s.edges = append(s.edges, up+" -> "+down)
		}
	}
	if r.IntN(3) == 0 {
		s.standing = append(s.standing, "t.other "+thing())
	}
	return s
}

func randomStudy(t *testing.T, seed uint64) (*rand.Rand, *study) {
	r := rand.New(rand.NewPCG(seed, 7))
	unknown := r.IntN(4) == 0
	s := randomShape(r, 1+r.IntN(14))
	p, o, opt := s.build(t)
	opt.Parallelism = 1 + r.IntN(4)
	y := newStudy(p, o, opt)
	given := map[string]durations.Estimate{}
	y.of = func(address, _ string, a plan.Action) durations.Estimate {
		key := address + string(a)
		if e, ok := given[key]; ok {
			return e
		}
		e := durations.Estimate{Source: durations.SourceGiven}
		if unknown && r.IntN(5) == 0 {
			e.Source = durations.SourceUnknown
		} else {
			e.Min = time.Duration(r.IntN(20)) * time.Second
			e.Typical = e.Min + time.Duration(r.IntN(10))*time.Second
			e.Max = e.Typical + time.Duration(r.IntN(20))*time.Second
		}
		given[key] = e
		return e
	}
	return r, y
}

func (s *study) everything() *run {
	return s.run(Items(s.o))
}

func holds(s Span, d time.Duration) bool { return s.Min <= d && (s.Open || d <= s.Max) }

// Whatever is taken first and however long it takes within its range, every
// action starts and ends within its span, and every gap is as long as it says.
func TestAtOnce_spansHoldEverySchedule(t *testing.T) {
	contended := 0
	for seed := range uint64(1500) {
		r, s := randomStudy(t, seed)
		f := s.everything()
		waits := make([][]int, len(f.actions))
		for k, a := range f.actions {
			waits[k] = a.WaitsFor
			if a.Start.Min > a.Start.Typical || a.Start.Typical > a.Start.Max || a.End.Typical > a.End.Max {
				t.Fatalf("seed %d: %s: %+v %+v", seed, a.Address, a.Start, a.End)
			}
			if f.queues[k].most > 0 {
				contended++
			}
		}
		d, c := r.IntN(len(waits)), r.IntN(len(waits))
		length := f.between(d, c)
		for range 20 {
			start, end := drawn(r, waits, f.drawnFrom(), f.slots)
			for k, a := range f.actions {
				if !holds(a.Start, start[k]) || !holds(a.End, end[k]) {
					t.Fatalf("seed %d: %s %s starts at %v, not in %+v, or ends at %v, not in %+v",
						seed, a.Address, a.Action, start[k], a.Start, end[k], a.End)
				}
			}
			if d != c && !holds(length, max(0, end[c]-end[d])) {
				t.Fatalf("seed %d: from %s to %s it is %v, not in %+v", seed, f.actions[d].Address, f.actions[c].Address, end[c]-end[d], length)
			}
		}
	}
	if contended == 0 {
		t.Error("no action ever had to wait for a slot")
	}
}

func (r *run) drawnFrom() []durations.Estimate {
	out := slices.Clone(r.takes)
	for k, a := range r.actions {
		if a.Takes.Known() {
			out[k].Source = a.Takes.Source
		}
	}
	return out
}

// naive says when each thing is absent, by looking at all objects after each end.
func naive(p *plan.Plan, f *run, end []time.Duration) (absent map[string][][2]time.Duration) {
	type held struct {
		id, data string
		mode     plan.DeleteMode
	}
	old, now := map[int]held{}, map[string]held{}
	of := func(t *plan.Thing) held { return held{t.ID(), t.Data, t.Delete} }
	for i, r := range p.Resources {
		if r.Was != nil {
			old[i] = of(r.Was)
			now[fmt.Sprint("old ", i)] = old[i]
		}
	}
	for i, h := range p.Standing {
		now[fmt.Sprint("standing ", i)] = of(&h.Thing)
	}
	ids := map[string]bool{}
	for _, h := range now {
		ids[h.id] = true
	}
	order := make([]int, len(end))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return int(end[a] - end[b]) })
	absent = map[string][][2]time.Duration{}
	was := map[string]bool{}
	for _, k := range order {
		a := f.actions[k]
		r := p.Resources[a.Resource]
		key := fmt.Sprint("old ", a.Resource)
		renamed := a.Action == plan.Update && r.Was != nil && (r.Becomes == nil || r.Becomes.ID() != r.Was.ID())
		if h := old[a.Resource]; r.Was != nil && (a.Action == plan.Delete || renamed) {
			h.data = old[a.Resource].data
			delete(now, key)
			for k, other := range now {
				if other.id == h.id && (h.mode.TakesAll() || other.data == h.data) {
					delete(now, k)
				}
			}
		}
		if r.Becomes != nil && (a.Action == plan.Create || a.Action == plan.Update) {
			if r.Was != nil && a.Action == plan.Update && !renamed {
				old[a.Resource] = of(r.Becomes)
				now[key] = of(r.Becomes)
			} else {
				now[fmt.Sprint("new ", a.Resource)] = of(r.Becomes)
			}
		}
		for id := range ids {
			there := false
			for _, h := range now {
				there = there || h.id == id
			}
			switch {
			case !there && !was[id]:
				absent[id] = append(absent[id], [2]time.Duration{end[k], -1})
			case there && was[id]:
				absent[id][len(absent[id])-1][1] = end[k]
			}
			was[id] = !there
		}
	}
	return absent
}

// What is said of a thing covers whatever really happens to it: it is never said
// to come back when it may not, nor to be there all the time when it may not be.
// Where all is in one order and known, it is said exactly.
func TestAtOnce_verdictsCoverEverySchedule(t *testing.T) {
	seen := map[Verdict]int{}
	for seed := range uint64(2500) {
		r, s := randomStudy(t, seed)
		f := s.everything()
		said := map[string][]Outage{}
		outages := f.outages()
		for _, o := range outages {
			said[o.Thing.ID()] = append(said[o.Thing.ID()], o)
			seen[o.Verdict]++
		}
		is := func(id string, v ...Verdict) bool {
			return slices.ContainsFunc(said[id], func(o Outage) bool { return slices.Contains(v, o.Verdict) })
		}
		waits := make([][]int, len(f.actions))
		for k, a := range f.actions {
			waits[k] = a.WaitsFor
		}
		for range 10 {
			_, end := drawn(r, waits, f.drawnFrom(), f.slots)
			sorted := slices.Clone(end)
			if slices.Sort(sorted); len(slices.Compact(sorted)) < len(end) {
				continue // who is first among equals is nobody's business
			}
			for id, gaps := range naive(s.p, f, end) {
				for _, g := range gaps {
					if g[1] < 0 && !is(id, Gone) {
						t.Fatalf("seed %d: %q is gone, but said is %+v", seed, id, said[id])
					}
					if g[1] >= 0 && !is(id, Gone, Window, Swap) {
						t.Fatalf("seed %d: %q is absent from %v to %v, but said is %+v", seed, id, g[0], g[1], said[id])
					}
				}
			}
		}
	}
	for _, v := range []Verdict{Gone, Window, Swap, None} {
		if seen[v] == 0 {
			t.Errorf("no thing was ever %s", v)
		}
	}
}

// With one slot and nothing left to chance, the windows are those that happen.
func TestAtOnce_windowsAreThoseThatHappen(t *testing.T) {
	windows := 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 11))
		s := randomShape(r, 1+r.IntN(10))
		nodes := []string{}
		for _, c := range s.changes { // all in one chain, as far as the edges let it
			f := strings.Fields(c)
			switch {
			case f[1] == "delete":
				nodes = append(nodes, f[0]+" (destroy)")
			case f[1] == "delete-create":
				nodes = append(nodes, f[0]+" (destroy)", f[0])
			case f[1] == "create-delete":
				nodes = append(nodes, f[0], f[0]+" (destroy)")
			default:
				nodes = append(nodes, f[0])
			}
		}
		s.edges = nil
		for k := 1; k < len(nodes); k++ {
			s.edges = append(s.edges, nodes[k]+" -> "+nodes[k-1])
		}
		p, o, opt := s.build(t)
		y := newStudy(p, o, opt)
		y.of = func(string, string, plan.Action) durations.Estimate {
			d := time.Duration(1+r.IntN(9)) * time.Second
			return durations.Estimate{Min: d, Typical: d, Max: d, Source: durations.SourceGiven}
		}
		f := y.everything()
		end := make([]time.Duration, len(f.actions))
		for k, a := range f.actions {
			end[k] = a.End.Typical
		}
		var got, want []string
		for _, o := range f.outages() {
			switch o.Verdict {
			case Gone:
				got = append(got, fmt.Sprintf("%q %v gone", o.Thing.ID(), o.From.Typical))
			case Window, Swap:
				windows++
				got = append(got, fmt.Sprintf("%q %v %v", o.Thing.ID(), o.From.Typical, o.To.Typical))
			}
		}
		for id, gaps := range naive(p, f, end) {
			for _, g := range gaps {
				if g[1] < 0 {
					want = append(want, fmt.Sprintf("%q %v gone", id, g[0]))
				} else {
					want = append(want, fmt.Sprintf("%q %v %v", id, g[0], g[1]))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d:\ngot  %q\nwant %q\n%q", seed, got, want, s.changes)
		}
	}
	if windows == 0 {
		t.Error("no window was ever found")
	}
}
