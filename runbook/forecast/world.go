package forecast

import (
	"slices"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A world is what holds live things, as far as a plan takes any away. It keeps
// what earlier changes did to them.
type world struct {
	known  map[string]*thing // by ID
	at     [][]mark          // item → what it does to things
	blind  []int             // item → resource, plus one, whose thing is lost and cannot be told
	veiled map[string][]veil
	kinds  []lost // what known was made of, in order
}

// A holding is an object of a thing.
type holding struct {
	thing  *thing
	object int
}

// A lost is a thing that loses an object, as it is lost.
type lost struct {
	thing *thing
	of    plan.Thing
}

// A thing is a live thing that loses an object.
type thing struct {
	id      string
	objects []object
	events  []event // in the order of items
	present []bool  // object → whether it is there now
	data    []string
	there   int            // objects that are there now
	like    map[string]int // data → those of them that hold it
	now     []int          // events of the run that is being looked at
}

// An object holds a thing, or will.
type object struct {
	resource int // -1 for one that the plan leaves as it is
	address  safe.Text
	thing    plan.Thing // as it is lost, or made
	old      bool       // it is there before the apply
}

// An event is what an item does to a thing at its end.
type event struct {
	item  int
	lose  int // the object that goes, or -1
	bring int // the object that is there afterwards, or -1
	data  string
}

// A mark names an event.
type mark struct {
	thing *thing
	event int
}

// A veil is an object that is made and whose name is known only afterwards.
type veil struct {
	item     int
	resource int
	thing    plan.Thing
}

func newWorld(p *plan.Plan, o *plan.Order) *world {
	items := o.Items()
	w := &world{known: map[string]*thing{}, at: make([][]mark, len(items)), blind: make([]int, len(items)), veiled: map[string][]veil{}}
	for i, it := range items {
		r := p.Resources[it.Resource]
		was := id(r.Was)
		switch {
		case !loses(r, it.Action):
		case was == "":
			w.blind[i] = it.Resource + 1
		case w.known[was] == nil:
			w.known[was] = &thing{id: was, like: map[string]int{}}
			w.kinds = append(w.kinds, lost{w.known[was], *r.Was})
		}
	}
	old := make([][]holding, len(p.Resources)) // resource → what it serves before
	for i, r := range p.Resources {
		held := r.Was
		if held == nil && r.Action == plan.NoOp {
			held = r.Becomes
		}
		for _, t := range w.servedBy(held) {
			old[i] = append(old[i], holding{t, t.hold(i, r.Address, *held, true)})
		}
	}
	for _, h := range p.Standing {
		for _, t := range w.servedBy(&h.Thing) {
			t.hold(-1, h.Address, h.Thing, true)
		}
	}
	for i, it := range items {
		r := p.Resources[it.Resource]
		before := old[it.Resource]
		if makes(it.Action) && r.Becomes != nil && id(r.Becomes) == "" {
			w.veiled[r.Becomes.Kind] = append(w.veiled[r.Becomes.Kind], veil{i, it.Resource, *r.Becomes})
		}
		var after []*thing
		if makes(it.Action) {
			after = w.servedBy(r.Becomes)
		}
		if loses(r, it.Action) {
			for _, h := range before {
				if !slices.Contains(after, h.thing) {
					w.add(h.thing, event{item: i, lose: h.object, bring: -1})
				}
			}
		}
		for _, t := range after {
			k := slices.IndexFunc(before, func(h holding) bool { return h.thing == t })
			e := event{item: i, lose: -1, data: r.Becomes.Data}
			if k >= 0 && it.Action == plan.Update {
				e.bring = before[k].object
			} else {
				e.bring = t.hold(it.Resource, r.Address, *r.Becomes, false)
			}
			w.add(t, e)
		}
	}
	return w
}

// servedBy returns the things that an object serves, of those that lose one: its
// own, and others that it covers.
func (w *world) servedBy(of *plan.Thing) []*thing {
	if of == nil || len(w.known) == 0 {
		return nil
	}
	var out []*thing
	if t := w.known[id(of)]; t != nil {
		out = append(out, t)
	}
	if !of.Lists() {
		return out // it serves itself only, and most do
	}
	for _, l := range w.kinds {
		if l.thing.id != id(of) && of.Covers(l.of) {
			out = append(out, l.thing)
		}
	}
	return out
}

func id(t *plan.Thing) string {
	if t == nil {
		return ""
	}
	return t.ID()
}

// makes reports whether an object is there after the action.
func makes(a plan.Action) bool { return a == plan.Create || a == plan.Update }

// loses reports whether the thing that r holds loses its object by the action.
func loses(r plan.ResourceChange, a plan.Action) bool {
	switch {
	case r.Was == nil:
		return false
	case a == plan.Delete:
		return true
	case a != plan.Update:
		return false
	case r.Becomes == nil:
		return true
	case id(r.Was) == "":
		return !mayBe(*r.Was, *r.Becomes)
	}
	return id(r.Was) != id(r.Becomes) && !r.Becomes.Covers(*r.Was)
}

// mayBe reports whether two things can be the same as far as their keys are known.
func mayBe(a, b plan.Thing) bool {
	if a.Kind != b.Kind {
		return false
	}
	for _, k := range a.Key {
		if slices.Contains(a.Unknown, k.Name) || slices.Contains(b.Unknown, k.Name) {
			continue
		}
		for _, l := range b.Key {
			if l.Name == k.Name && l.Value != k.Value {
				return false
			}
		}
	}
	return true
}

// hold adds an object and returns its index.
func (t *thing) hold(resource int, address safe.Text, of plan.Thing, present bool) int {
	t.objects = append(t.objects, object{resource, address, of, present})
	t.present = append(t.present, false)
	t.data = append(t.data, of.Data)
	t.set(len(t.objects)-1, present, of.Data)
	return len(t.objects) - 1
}

func (w *world) add(t *thing, e event) {
	t.events = append(t.events, e)
	w.at[e.item] = append(w.at[e.item], mark{t, len(t.events) - 1})
}

// handover reports whether the thing is made anew at another address than the one
// where this object is lost.
func (t *thing) handover(lost int) bool {
	return slices.ContainsFunc(t.objects, func(b object) bool {
		return !b.old && b.address != t.objects[lost].address
	})
}
