package forecast

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// A zone that is replaced with all its records: without it, the new records wait
// for all the old ones through one list, and run as if each had its own.
func TestOneAtATime_crowdRunsAsEachAlone(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 13))
		n := 1 + r.IntN(60)
		s := shape{changes: []string{"z.z delete-create"}, edges: []string{"z.z -> z.z (destroy)"}}
		for i := range n {
			a := fmt.Sprintf("t.r[%d]", i)
			s.changes = append(s.changes, fmt.Sprintf("%s delete-create was=record/n%d/a/own-data becomes=record/n%d/b/own-data", a, i, i))
			s.edges = append(s.edges, a+" -> z.z", "z.z (destroy) -> "+a+" (destroy)")
		}
		p, o, opt := s.build(t)
		y := newStudy(p, o, opt)
		var records []int
		for i, it := range o.Items() {
			if it.Resource > 0 {
				records = append(records, i)
			}
		}
		f := y.run(records)
		takes := make([]time.Duration, len(f.actions))
		shared, own := make([][]int, len(f.actions)), make([][]int, len(f.actions))
		for k, a := range f.actions {
			takes[k] = time.Duration(r.IntN(4)) * time.Second
			shared[k], own[k] = a.WaitsFor, slices.Clone(a.WaitsFor)
			var want []int
			for j, b := range f.actions {
				if a.Action == "create" && b.Action == "delete" {
					want = append(want, j)
				}
			}
			if got := slices.Sorted(slices.Values(a.WaitsFor)); !slices.Equal(got, want) {
				t.Fatalf("seed %d: %s %s waits for %v, not %v", seed, a.Action, a.Name, got, want)
			}
		}
		length := func(k int) time.Duration { return takes[k] }
		for slots := range 12 {
			if got, want := schedule(shared, length, slots+1), schedule(own, length, slots+1); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, %d slots: %+v, not %+v", seed, slots+1, got, want)
			}
		}
	}
}
