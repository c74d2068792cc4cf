package forecast

import (
	"cmp"
	"slices"

	"lockstep/runbook/plan"
)

// A gap is a time in which a thing is absent, between two events.
type gap struct {
	opener int // event; -1 when it was absent before
	closer int // event; -1 when nothing brings it back
	taken  int // object that the opener took along though it is not its own, or -1
}

// A story is what a sequence of events does to a thing.
type story []gap

// gone reports whether the thing is absent in the end, and since which gap.
func (s story) gone() (gap, bool) {
	if n := len(s); n > 0 && s[n-1].closer < 0 {
		return s[n-1], true
	}
	return gap{}, false
}

// imagine returns what a sequence of events would do. When in doubt, data that is
// not known yet counts as the data that is deleted.
func (t *thing) imagine(sequence []int, doubt bool) story {
	var undo []hold
	s := t.play(sequence, doubt, func(n int) { undo = append(undo, hold{n, t.present[n], t.data[n]}) })
	for _, h := range slices.Backward(undo) {
		t.set(h.object, h.present, h.data)
	}
	return s
}

// A hold is the state of an object.
type hold struct {
	object  int
	present bool
	data    string
}

// set changes the state of an object.
func (t *thing) set(n int, present bool, data string) {
	if t.present[n] {
		t.there--
		t.like[t.data[n]]--
	}
	t.present[n], t.data[n] = present, data
	if present {
		t.there++
		t.like[data]++
	}
}

// play lets events happen in sequence. It calls touch before it changes an object.
func (t *thing) play(sequence []int, doubt bool, touch func(object int)) story {
	var s story
	if t.there == 0 {
		s = append(s, gap{-1, -1, -1})
	}
	for _, n := range sequence {
		e, before, taken := t.events[n], t.there, -1
		if e.lose >= 0 {
			taken = t.lose(e.lose, doubt, touch)
		}
		if e.bring >= 0 {
			touch(e.bring)
			t.set(e.bring, true, e.data)
		}
		switch {
		case before > 0 && t.there == 0:
			s = append(s, gap{n, -1, taken})
		case before == 0 && t.there > 0:
			s[len(s)-1].closer = n
		}
	}
	return s
}

// lose takes an object away, and those that go with it. It returns one of those.
func (t *thing) lose(lost int, doubt bool, touch func(object int)) int {
	of, data, taken := t.objects[lost].thing, t.data[lost], -1
	touch(lost)
	t.set(lost, false, data)
	// Resolvers see a set of data, so what is equal goes; of other things an object
	// without known data is one of its own.
	doubt = doubt && of.DNS && data != ""
	if t.there == 0 || !of.Delete.TakesAll() && (data == "" || t.like[data] == 0) && !(doubt && t.like[""] > 0) {
		return taken
	}
	for k, there := range t.present {
		if there && (of.Delete.TakesAll() || data != "" && t.data[k] == data || doubt && t.data[k] == "") {
			touch(k)
			t.set(k, false, t.data[k])
			taken = k
		}
	}
	return taken
}

// Many events of one thing are not compared each with each.
const many = 64

// sequences returns the order in which the events of a run are expected, and
// others in which they may happen: everything is deleted as late as may be, or as
// early, and, while there are not too many, each order there is.
func (r *run) sequences(t *thing) (expected []int, others [][]int) {
	if len(t.now) == 1 {
		return t.now, nil
	}
	waits := r.among(t)
	when := func(k int) Span { return r.actions[r.place(t.events[t.now[k]].item)].End }
	brings := func(k int) int { // deletes first
		return min(t.events[t.now[k]].bring, 0)
	}
	byTime := func(a, b int) int {
		return cmp.Or(cmp.Compare(when(a).Typical, when(b).Typical), cmp.Compare(brings(a), brings(b)), cmp.Compare(a, b))
	}
	expected = t.sorted(waits, byTime)
	timed := waits
	if len(t.now) <= many {
		timed = r.apart(t, waits)
	}
	others = append(
		others,
		t.sorted(timed, func(a, b int) int { return cmp.Or(cmp.Compare(brings(b), brings(a)), byTime(a, b)) }),
		t.sorted(timed, func(a, b int) int { return cmp.Or(cmp.Compare(brings(a), brings(b)), byTime(a, b)) }),
		t.sorted(waits, func(a, b int) int { return cmp.Or(cmp.Compare(brings(a), brings(b)), byTime(a, b)) }),
	)
	if len(t.now) > 2 && len(t.now) <= many {
		t.each(timed, func(sequence []int) bool {
			others = append(others, sequence)
			r.stories--
			return len(others) < 5000 && r.stories > 0
		})
	}
	return expected, others
}

// each calls yield with every order of the events of the run, until it says no.
func (t *thing) each(waits [][]int, yield func([]int) bool) {
	done, sequence := make([]bool, len(waits)), []int{}
	var next func() bool
	next = func() bool {
		if len(sequence) == len(waits) {
			return yield(slices.Clone(sequence))
		}
		for k := range waits {
			if done[k] || slices.ContainsFunc(waits[k], func(j int) bool { return !done[j] }) {
				continue
			}
			done[k], sequence = true, append(sequence, t.now[k])
			goOn := next()
			done[k], sequence = false, sequence[:len(sequence)-1]
			if !goOn {
				return false
			}
		}
		return true
	}
	next()
}

// among returns which of the events of this run wait for which.
func (r *run) among(t *thing) [][]int {
	if len(t.now) > many {
		items := make([]int, len(t.now))
		for k, n := range t.now {
			items[k] = t.events[n].item
		}
		if r.some == nil {
			r.some = r.o.Part()
		}
		r.some.Hold(items)
		return r.some.Waits()
	}
	waits := make([][]int, len(t.now))
	for k := range t.now {
		for j := range t.now {
			if r.o.Follows(t.events[t.now[k]].item, t.events[t.now[j]].item) {
				waits[k] = append(waits[k], j)
			}
		}
	}
	return waits
}

// apart adds what the durations keep apart although no edge does: a delete that
// is over before a create can start takes nothing of it along.
func (r *run) apart(t *thing, waits [][]int) [][]int {
	out := make([][]int, len(waits))
	for k := range waits {
		out[k] = slices.Clone(waits[k])
		for j := range waits {
			lose, bring := t.events[t.now[j]], t.events[t.now[k]]
			if lose.lose < 0 || bring.bring < 0 {
				continue
			}
			end, start := r.actions[r.place(lose.item)].End, r.actions[r.place(bring.item)].Start
			if !end.Open && end.Max < start.Min {
				out[k] = append(out[k], j)
			}
		}
	}
	return out
}

// sorted returns the events of the run, each behind those it waits for.
func (t *thing) sorted(waits [][]int, compare func(a, b int) int) []int {
	ready := heap[int]{less: func(a, b int) bool { return compare(a, b) < 0 }}
	pending, push := plan.NewPending(waits), ready.push
	for k := range waits {
		if len(waits[k]) == 0 {
			ready.push(k)
		}
	}
	out := make([]int, 0, len(waits))
	for ready.len() > 0 {
		k := ready.pop()
		out = append(out, t.now[k])
		pending.Over(k, push)
	}
	return out
}
