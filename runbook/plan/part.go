package plan

import (
	"iter"
	"math/bits"
	"slices"
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
}

// Part returns a part of the order that holds nothing yet.
func (o *Order) Part() *Part {
	return &Part{o: o, place: make([]int32, len(o.items)), in: o.none()}
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
// without those that others imply. Items may share a list: it is not to be changed.
func (t *Part) Waits() [][]int {
	w := waiting{Part: t, lists: map[*int][]int{}, behind: map[*int]reach{}, equal: map[string][]int{}}
	out := make([][]int, len(t.items))
	for k, i := range t.items {
		out[k] = w.of(i)
	}
	return out
}

// waiting is what is found of a part only once, since many items may share it.
// Lists of the order are told by where they start.
type waiting struct {
	*Part
	lists  map[*int][]int   // long list → its items of the part
	behind map[*int]reach   // list of an item that is not in the part → what it leads to
	equal  map[string][]int // set → the same as places
	key    []byte
}

// A reach is what of a part stands behind a list: the next items, and all that
// those wait for, however far.
type reach struct{ near, implied set }

func (w *waiting) of(i int) []int {
	list := w.o.items[i].WaitsFor
	if len(list) == 0 || !w.o.after[i].meets(w.in) {
		return nil
	}
	if out, ok := w.lists[&list[0]]; ok {
		return out
	}
	var out []int
	if slices.ContainsFunc(list, w.leads) {
		out = w.places(w.reach(list))
	} else {
		for _, j := range slices.Backward(list) {
			if w.place[j] > 0 {
				out = append(out, w.Place(j))
			}
		}
	}
	if len(list) >= long {
		w.lists[&list[0]] = out
	}
	return out
}

// leads reports whether item j is not in the part and waits for some of it.
func (w *waiting) leads(j int) bool { return w.place[j] == 0 && w.o.after[j].meets(w.in) }

// reach finds what stands behind a list. Where that is what one of its items
// leads to, it is the same.
func (w *waiting) reach(list []int) reach {
	var r reach
	owned := false
	own := func() {
		if !owned {
			near, implied := w.o.none(), w.o.none()
			near.merge(r.near)
			implied.merge(r.implied)
			r, owned = reach{near, implied}, true
		}
	}
	for _, j := range list {
		switch {
		case w.place[j] > 0:
			own()
			r.near.add(j)
			r.implied.merge(w.o.after[j])
		case w.leads(j):
			further := w.further(w.o.items[j].WaitsFor)
			if r.near == nil {
				r = further
				continue
			}
			own()
			r.near.merge(further.near)
			r.implied.merge(further.implied)
		}
	}
	return r
}

// further is reach for the list of an item that is not in the part.
func (w *waiting) further(list []int) reach {
	r, ok := w.behind[&list[0]]
	if !ok {
		r = w.reach(list)
		w.behind[&list[0]] = r
	}
	return r
}

// places returns the next items, the last first, without those that are implied.
func (w *waiting) places(r reach) []int {
	near := w.o.none()
	for k := range near {
		near[k] = r.near[k] &^ r.implied[k]
	}
	n := near.count()
	if n >= long {
		w.key = near.key(w.key[:0])
		if out, ok := w.equal[string(w.key)]; ok {
			return out
		}
	}
	out := make([]int, n)
	for j := range near.all() {
		n--
		out[n] = w.Place(j)
	}
	if len(out) >= long {
		w.equal[string(w.key)] = out
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
