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
