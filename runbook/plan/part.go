package plan

import (
	"iter"
	"math/bits"
)

// Before goes through every item that must be over before item i may start,
// however far, in the order of items.
func (o *Order) Before(i int) iter.Seq[int] { return o.after[i].all() }

// Follows reports whether item i can start only after item j is over.
func (o *Order) Follows(i, j int) bool { return o.waits(i, j) }

// A Part is some items of an order on their own, as one apply does them.
type Part struct {
	o     *Order
	items []int
	place []int32 // item → its place in items, plus one
	in    set
	seen  []int32 // item → the last one, plus one, whose search came by
}

// Part returns a part of the order that holds nothing yet.
func (o *Order) Part() *Part {
	return &Part{o: o, place: make([]int32, len(o.items)), in: o.none(), seen: make([]int32, len(o.items))}
}

// Hold makes the part hold these items, each once, and no others.
func (t *Part) Hold(items []int) {
	for _, i := range t.items {
		t.place[i] = 0
		t.in.remove(i)
	}
	t.items = items
	for k, i := range items {
		t.place[i] = int32(k) + 1
		t.in.add(i)
	}
}

// Place returns the place of item i in the part, or -1.
func (t *Part) Place(i int) int { return int(t.place[i]) - 1 }

// Waits returns, for each item of the part, the places of those it waits for,
// without those that others imply.
func (t *Part) Waits() [][]int {
	clear(t.seen)
	out := make([][]int, len(t.items))
	for k, i := range t.items {
		out[k] = t.waits(i)
	}
	return out
}

func (t *Part) waits(i int) []int {
	if !t.o.after[i].meets(t.in) {
		return nil
	}
	var near []int // items
	through := false
	todo := t.o.items[i].WaitsFor
	for owned := false; len(todo) > 0; {
		j := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case t.seen[j] == int32(i)+1:
			continue
		case t.place[j] > 0:
			near = append(near, j)
		case t.o.after[j].meets(t.in):
			through = true
			if !owned { // what was given must stay as it is
				todo, owned = append([]int(nil), todo...), true
			}
			todo = append(todo, t.o.items[j].WaitsFor...)
		}
		t.seen[j] = int32(i) + 1
	}
	var implied set // by another of those; most wait for nothing in the part
	for _, k := range near {
		if through && t.o.after[k].meets(t.in) {
			if implied == nil {
				implied = t.o.none()
			}
			implied.merge(t.o.after[k])
		}
	}
	out := make([]int, 0, len(near))
	for _, j := range near {
		if implied == nil || !implied.has(j) {
			out = append(out, int(t.place[j])-1)
		}
	}
	return out
}

// A Weight is what counts of an item when some are added up.
type Weight [3]int64

func (w *Weight) add(v Weight) {
	for i := range w {
		w[i] += v[i]
	}
}

// A batch is some items of one word that many others wait for, so that they are
// added up once for all of these.
type batch struct {
	bits    uint64
	sum     Weight
	waiting Weight // of those that wait for them, not yet added
}

// Sums adds up, for each item of the part, the weights of all that it waits for,
// however far, and of all that wait for it. Weights stand by place.
func (t *Part) Sums(own []Weight) (before, after []Weight) {
	before, after = make([]Weight, len(t.items)), make([]Weight, len(t.items))
	batches := make([]batch, len(t.in))
	flush := func(w int) {
		for left := batches[w].bits; left != 0; left &= left - 1 {
			after[t.place[w*64+bits.TrailingZeros64(left)]-1].add(batches[w].waiting)
		}
	}
	for k, i := range t.items {
		for w, all := range t.o.after[i] {
			both := all & t.in[w]
			if both == 0 {
				continue
			}
			b := &batches[w]
			if both != b.bits {
				flush(w)
				*b = batch{bits: both}
				for left := both; left != 0; left &= left - 1 {
					b.sum.add(own[t.place[w*64+bits.TrailingZeros64(left)]-1])
				}
			}
			before[k].add(b.sum)
			b.waiting.add(own[k])
		}
	}
	for w := range batches {
		flush(w)
	}
	return before, after
}
