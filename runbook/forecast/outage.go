package forecast

import (
	"cmp"
	"slices"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// noticeable is the length from which on a swap is a window.
const noticeable = time.Second

// outages returns what the run does to live things that lose an object, the
// worst first. What the run leaves absent is remembered by the world.
func (r *run) outages() []Outage {
	out := r.blindLosses()
	for _, t := range r.touched() {
		out = append(out, r.judge(t)...)
	}
	worst(out)
	return out
}

// touched returns the things that something happens to in this run, in the order
// of the plan, with its events.
func (r *run) touched() []*thing {
	var out []*thing
	for _, i := range r.items {
		for _, m := range r.world.at[i] {
			if len(m.thing.now) == 0 {
				out = append(out, m.thing)
			}
			m.thing.now = append(m.thing.now, m.event)
		}
	}
	return out
}

// judge finds what happens to one thing in this run and lets it happen.
func (r *run) judge(t *thing) []Outage {
	expected, others := r.sequences(t)
	told, real := t.imagine(expected, false), expected
	_, lost := told.gone()
	var out []Outage
	var maybe story
	unsure := gap{opener: -1}
	if !lost { // unless it depends on who comes first
		for _, s := range others {
			other := t.imagine(s, false)
			if g, gone := other.gone(); gone && g.opener >= 0 {
				lost, real, out = true, s, append(out, r.gone(t, g))
				told = slices.DeleteFunc(told, func(h gap) bool { return h.opener == g.opener })
				break
			}
			maybe = append(maybe, other...)
		}
	}
	if !lost {
		for _, s := range append(others, expected) {
			if g, gone := t.imagine(s, true).gone(); gone && g.opener >= 0 {
				unsure = g
				break
			}
		}
	}
	for _, g := range told {
		switch {
		case g.opener < 0 && g.closer >= 0: // absent since an earlier change
			r.backs = append(r.backs, back{t.id, r.place(t.events[g.closer].item)})
		case g.opener < 0:
		case g.closer < 0:
			out = append(out, r.gone(t, g))
		default:
			out = append(out, r.gap(t, g))
		}
	}
	if !lost && len(told) == 0 {
		if g, ok := r.widest(t, maybe); ok {
			out = append(out, r.chance(t, g))
		}
	}
	t.play(real, false, func(int) {})
	switch {
	case unsure.opener >= 0:
		o := r.unsure(t, unsure)
		out = slices.DeleteFunc(out, func(s Outage) bool { return s.Verdict == Swap && s.OpenedBy == o.OpenedBy })
		out = append(out, o)
	case len(out) == 0 && len(told) == 0:
		out = r.none(t, expected)
	}
	t.now = t.now[:0]
	return out
}

// widest returns the gap that would be the longest.
func (r *run) widest(t *thing, s story) (gap, bool) {
	length := func(g gap) time.Duration {
		end := func(n int) Span { return r.actions[r.place(t.events[n].item)].End }
		return end(g.closer).Max - end(g.opener).Min
	}
	s = slices.DeleteFunc(s, func(g gap) bool { return g.opener < 0 || g.closer < 0 })
	if len(s) == 0 {
		return gap{}, false
	}
	return slices.MaxFunc(s, func(a, b gap) int { return cmp.Compare(length(a), length(b)) }), true
}

// chance is a gap that there may be, though it is not expected.
func (r *run) chance(t *thing, g gap) Outage {
	o := r.gap(t, g)
	o.Unordered = true
	o.Length.Min, o.Length.Typical = 0, 0
	if !o.Length.Open {
		o.Verdict = Swap
	}
	r.seen(&o)
	o.Why = r.whyGap(o)
	return o
}

// open begins an outage with the event that opens it.
func (r *run) open(t *thing, e event) Outage {
	d := r.place(e.item)
	o := Outage{
		Thing: t.objects[e.lose].thing, From: r.actions[d].End, OpenedBy: d, ClosedBy: -1,
		Handover: t.handover(e.lose), WaitingFor: []int{},
	}
	for _, n := range t.now {
		b := t.events[n]
		if b.bring >= 0 && !t.objects[b.bring].old && !r.o.Follows(b.item, e.item) && !r.o.Follows(e.item, b.item) {
			o.Unordered = true
		}
	}
	return o
}

// gap is a time in which the thing is absent within the run.
func (r *run) gap(t *thing, g gap) Outage {
	o := r.open(t, t.events[g.opener])
	r.close(&o, r.place(t.events[g.closer].item))
	o.Unordered = !r.o.Follows(r.items[o.ClosedBy], r.items[o.OpenedBy])
	o.Verdict = Swap
	if o.Length.Open || o.Length.Typical >= noticeable {
		o.Verdict = Window
	}
	r.seen(&o)
	o.Why = r.whyGap(o)
	return o
}

// close ends an outage with action c.
func (r *run) close(o *Outage, c int) {
	o.ClosedBy, o.To = c, r.actions[c].End
	o.Length = r.between(o.OpenedBy, c)
	o.WaitingFor = append(o.WaitingFor, r.waitingFor(o.OpenedBy, c)...)
}

// gone is a thing that goes for good, or for a later change to bring back.
func (r *run) gone(t *thing, g gap) Outage {
	o := r.open(t, t.events[g.opener])
	o.Verdict, o.Length = Gone, Span{Open: true}
	o.Why = r.whyGone(t, g, o)
	if v, ok := r.unveils(o, t.events[g.opener].item); ok {
		o.Verdict = Unknown
		if g.taken < 0 {
			o.Why = r.lost(o.OpenedBy)
		}
		o.Why = safe.Sprintf("%s; which name %s gets is known only after the apply, and it may be this one", o.Why, r.names[v.resource])
		if c := r.place(v.item); c >= 0 {
			r.close(&o, c)
		}
	}
	r.seen(&o)
	return o
}

// unveils finds an object whose name is not known yet and that may bring back
// what the item takes away.
func (r *run) unveils(o Outage, item int) (veil, bool) {
	for _, v := range r.world.veiled[o.Thing.Kind] {
		if !r.o.Follows(item, v.item) && mayBe(o.Thing, v.thing) {
			return v, true
		}
	}
	return veil{}, false
}

// unsure is a thing of which it cannot be told whether a delete takes the new
// object along, because the new data is not known yet.
func (r *run) unsure(t *thing, g gap) Outage {
	o := r.open(t, t.events[g.opener])
	o.Verdict, o.Length = Unknown, Span{Open: true}
	o.Why = safe.Sprintf("the data of %s is known only after the apply: where it is the same, deleting %s takes it away",
		r.nameOf(t, g.taken), r.actions[o.OpenedBy].Name)
	r.seen(&o)
	return o
}

// none is a thing that is there all the time although it loses an object.
func (r *run) none(t *thing, sequence []int) []Outage {
	opener, closer := -1, -1
	for _, n := range sequence {
		switch e := t.events[n]; {
		case e.lose >= 0:
			opener = n
		case !t.objects[e.bring].old:
			closer = n
		}
	}
	if opener < 0 {
		return nil
	}
	o := r.open(t, t.events[opener])
	o.Verdict = None
	if closer >= 0 {
		o.ClosedBy = r.place(t.events[closer].item)
		o.To = r.actions[o.ClosedBy].End
	}
	o.Why = r.whyNone(t, o)
	return []Outage{o}
}

// blindLosses are objects that are deleted and whose thing cannot be told.
func (r *run) blindLosses() []Outage {
	out := []Outage{}
	for d, i := range r.items {
		if r.world.blind[i] == 0 {
			continue
		}
		lost := r.p.Resources[r.world.blind[i]-1]
		o := Outage{
			Thing: *lost.Was, Verdict: Unknown, From: r.actions[d].End, OpenedBy: d, ClosedBy: -1,
			WaitingFor: []int{}, Length: Span{Open: true},
		}
		if c := r.creator(d); c >= 0 && lost.Becomes != nil && mayBe(*lost.Was, *lost.Becomes) {
			r.close(&o, c)
		}
		r.seen(&o)
		o.Why = safe.Sprintf("which name %s holds cannot be told, and it loses it", r.actions[d].Name)
		out = append(out, o)
	}
	return out
}

// creator returns the action of this run that makes the new object of the
// resource that action d deletes, or -1.
func (r *run) creator(d int) int {
	for _, k := range []int{d - 1, d + 1} { // the items of one resource stand together
		if k >= 0 && k < len(r.actions) && r.actions[k].Resource == r.actions[d].Resource && r.actions[k].Action == plan.Create {
			return k
		}
	}
	return -1
}

// seen says how long users see an outage of a DNS record: a cached answer hides
// its beginning, and a remembered "no such name" prolongs its end.
func (s *study) seen(o *Outage) {
	if !o.Thing.DNS {
		return
	}
	if s.opt.Negative != nil {
		o.Negative = max(0, s.opt.Negative(o.Thing))
	}
	if o.SeenLeast = max(0, o.Length.Min-o.Thing.TTL); o.Thing.TTL <= 0 {
		o.SeenLeast = 0 // who knows how long a cached answer hides it
	}
	o.SeenMost = o.Length.Plus(Span{Min: o.Negative, Typical: o.Negative, Max: o.Negative})
}
