package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestNewOrder_refusesACircle(t *testing.T) {
	p := planOf(t, "a.a update", "b.b update")
	if _, err := NewOrder(p, graphOf("a.a -> b.b", "b.b -> a.a")); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Errorf("error %v", err)
	}
	// What is between the two leads back to itself, and to b.b only from one side.
	if _, err := NewOrder(p, graphOf("a.a -> local.x", "local.x -> local.y", "local.y -> local.x", "local.x -> b.b", "b.b")); err == nil || !strings.Contains(err.Error(), "circle at local") {
		t.Errorf("error %v", err)
	}
}

// A zone that is replaced with all its records: each new record waits for every
// old one, through the zone that is not part of it.
func TestPart_waitsThroughWhatItDoesNotHold(t *testing.T) {
	const n = 100
	changes, edges := []string{"z.z delete-create"}, []string{"z.z -> z.z (destroy)"}
	for i := range n {
		a := fmt.Sprintf("r.r[%d]", i)
		changes = append(changes, a+" delete-create")
		edges = append(edges, a+" -> z.z", "z.z (destroy) -> "+a+" (destroy)")
	}
	o, err := NewOrder(planOf(t, changes...), graphOf(edges...))
	if err != nil {
		t.Fatal(err)
	}
	part, records := o.Part(), []int{}
	for i, it := range o.Items() {
		if it.Resource > 0 {
			records = append(records, i)
		}
	}
	part.Hold(records)
	for k, w := range part.Waits() {
		if o.Items()[records[k]].Action == Create && len(w) != n {
			t.Fatalf("item %d waits for %d", k, len(w))
		}
	}
}

// A deposed object that was left over is not the old object of the replacement
// at the same address.
func TestNewOrder_tellsLeftOverObjectsFromReplacedOnes(t *testing.T) {
	p := planOf(t, "a.a delete deposed=33333333", "a.a create-delete", "b.b update")
	for _, replaced := range []string{"00000000", "99999999"} {
		o, err := NewOrder(p, graphOf(
			"a.a (destroy deposed "+replaced+") -> b.b", "b.b -> a.a", "a.a (destroy deposed 33333333) -> b.b", "a.a (destroy deposed "+replaced+") -> a.a",
		))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.Items()); got != "[{0 delete [3]} {1 create []} {1 delete [3]} {2 update [1]}]" {
			t.Errorf("items %s", got)
		}
	}
}

// A part waits as the whole order does, and adds up what is before and after.
func TestPart_isTheOrderOfItsItems(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 1 + r.IntN(150)
		var changes, edges []string
		for i := range n {
			changes = append(changes, fmt.Sprintf("t.r%03d update", i))
			edges = append(edges, fmt.Sprintf("t.r%03d", i))
			for range r.IntN(4) {
				if i > 0 && r.IntN(2) == 0 {
					edges = append(edges, fmt.Sprintf("t.r%03d -> t.r%03d", i, r.IntN(i)))
				} else if i > 0 {
					edges = append(edges, fmt.Sprintf("t.r%03d -> t.r%03d", i, i-1))
				}
			}
		}
		o, err := NewOrder(planOf(t, changes...), graphOf(edges...))
		if err != nil {
			t.Fatal(err)
		}
		part := o.Part()
		for range 3 {
			var items []int
			var own []Weight
			for i := range n {
				if r.IntN(3) > 0 || seed%3 == 0 {
					items, own = append(items, i), append(own, Weight{1, r.Int64N(9), r.Int64N(9)})
				}
			}
			part.Hold(items)
			waits := part.Waits()
			before, after := part.Sums(own)
			for k, i := range items {
				want, wantBefore, wantAfter := []int(nil), Weight{}, Weight{}
				for m, j := range items {
					if o.Follows(i, j) {
						wantBefore.add(own[m])
						if !slices.ContainsFunc(items, func(l int) bool { return o.Follows(i, l) && o.Follows(l, j) }) {
							want = append(want, m)
						}
					}
					if o.Follows(j, i) {
						wantAfter.add(own[m])
					}
				}
				got := slices.Sorted(slices.Values(waits[k]))
				if !slices.Equal(got, want) || before[k] != wantBefore || after[k] != wantAfter || part.Place(i) != k {
					t.Fatalf("seed %d, item %d: waits for %v, not %v; before %v, not %v; after %v, not %v",
						seed, i, got, want, before[k], wantBefore, after[k], wantAfter)
				}
			}
		}
	}
}

// crowds are three crowds of which each waits for the one before through a node
// that all share, which may be an action or nothing of its own, and some edges
// more. Nodes that are actions come first.
func crowds(r *rand.Rand) (actions int, edges [][2]int) {
	var layers [][]int
	node := 0
	for range 3 {
		var layer []int
		for range 1 + r.IntN(2*long) {
			layer = append(layer, node)
			node++
		}
		layers = append(layers, layer)
	}
	hubs := []int{node, node + 1, node + 2}
	for k := range 2 {
		hub, via := hubs[k], r.IntN(4) == 0
		for _, i := range layers[k] {
			edges = append(edges, [2]int{hub, i})
		}
		for _, i := range layers[k+1] {
			if via && i%2 == 0 {
				edges = append(edges, [2]int{i, hubs[2]})
			} else {
				edges = append(edges, [2]int{i, hub})
			}
		}
		if via {
			edges = append(edges, [2]int{hubs[2], hub})
			break
		}
	}
	for range r.IntN(6) {
		if i := r.IntN(node); i > 0 {
			edges = append(edges, [2]int{i, r.IntN(i)})
		}
	}
	return node + r.IntN(4), edges
}

// Crowds that wait for crowds share lists, and wait as each of them would alone.
func TestPart_crowdsWaitAsEachAlone(t *testing.T) {
	shared := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		n, links := crowds(r)
		const most = 6*long + 3
		var reaches [most][most]bool
		var changes, edges []string
		for i := range n {
			changes = append(changes, fmt.Sprintf("t.r%03d update", i))
			edges = append(edges, fmt.Sprintf("t.r%03d", i))
		}
		for _, e := range links {
			edges = append(edges, fmt.Sprintf("t.r%03d -> t.r%03d", e[0], e[1]))
			reaches[e[0]][e[1]] = true
		}
		for k := range most {
			for i := range most {
				for j := range most {
					reaches[i][j] = reaches[i][j] || reaches[i][k] && reaches[k][j]
				}
			}
		}
		alone := func(items []int, i int) (want []int) { // places
			for m, j := range items {
				if reaches[i][j] && !slices.ContainsFunc(items, func(l int) bool { return reaches[i][l] && reaches[l][j] }) {
					want = append(want, m)
				}
			}
			return want
		}
		o, err := NewOrder(planOf(t, changes...), graphOf(edges...))
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		for i, it := range o.Items() {
			if !slices.Equal(it.WaitsFor, alone(all, i)) {
				t.Fatalf("seed %d, item %d: waits for %v, not %v", seed, i, it.WaitsFor, alone(all, i))
			}
			for j := range n {
				if o.Follows(i, j) != reaches[i][j] {
					t.Fatalf("seed %d: %d follows %d: %t", seed, i, j, o.Follows(i, j))
				}
			}
		}
		part := o.Part()
		for range 4 {
			out := r.IntN(4) // of four, how many are not held
			items := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return r.IntN(8) < out || i >= n-3 && r.IntN(2) == 0 })
			part.Hold(items)
			waits := part.Waits()
			starts := map[*int]bool{}
			for k, i := range items {
				want := alone(items, i)
				slices.Reverse(want)
				if !slices.Equal(waits[k], want) {
					t.Fatalf("seed %d, item %d of %v: waits for %v, not %v", seed, i, items, waits[k], want)
				}
				if len(want) > 0 {
					if starts[&waits[k][0]] {
						shared++
					}
					starts[&waits[k][0]] = true
				}
			}
			over := map[int]bool{}
			pending, ready := NewPending(waits), []int{}
			for k, w := range waits {
				if len(w) == 0 {
					ready = append(ready, k)
				}
			}
			for len(ready) > 0 {
				at := r.IntN(len(ready))
				k := ready[at]
				ready = slices.Delete(ready, at, at+1)
				over[k] = true
				var free, want []int
				pending.Over(k, func(u int) { free = append(free, u) })
				for u, w := range waits {
					if slices.Contains(w, k) && !slices.ContainsFunc(w, func(j int) bool { return !over[j] }) {
						want = append(want, u)
					}
				}
				if slices.Sort(free); !slices.Equal(free, want) {
					t.Fatalf("seed %d: after %d come %v, not %v", seed, k, free, want)
				}
				ready = append(ready, free...)
			}
			if len(over) != len(items) {
				t.Fatalf("seed %d: %d of %d are over", seed, len(over), len(items))
			}
		}
	}
	if shared == 0 {
		t.Error("no list was ever shared")
	}
}

// A circle is found whatever the crowds around it share.
func TestNewOrder_refusesACircleAmongCrowds(t *testing.T) {
	for seed := range uint64(300) {
		circles := 0
		r := rand.New(rand.NewPCG(seed, 6))
		n, links := crowds(r)
		var changes, edges []string
		for i := range n {
			changes = append(changes, fmt.Sprintf("t.r%03d update", i))
			edges = append(edges, fmt.Sprintf("t.r%03d", i))
		}
		for _, i := range r.Perm(len(links)) { // and back, between actions
			if e := links[i]; e[0] < n && e[1] < n {
				links = append(links, [2]int{e[1], e[0]})
				circles++
				break
			}
		}
		for _, e := range links {
			edges = append(edges, fmt.Sprintf("t.r%03d -> t.r%03d", e[0], e[1]))
		}
		if _, err := NewOrder(planOf(t, changes...), graphOf(edges...)); err != nil {
			circles--
		}
		if circles != 0 {
			t.Fatalf("seed %d: the circle was not found, or there was none", seed)
		}
	}
}
