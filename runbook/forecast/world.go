package forecast

import (
	"slices"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A world is what holds live things, as far as a plan takes any away. It keeps
// what earlier changes did to them.
type world struct {
	known  map[string]*thing   // by ID
	kinds  map[string][]*thing // by kind
	pairs  int                 // left for comparing keys with lists
	at     [][]mark            // item → what it does to things
	blind  []int               // item → resource, plus one, whose thing is lost and cannot be told
	veiled map[string][]veil
}

// A thing is a live thing that loses an object.
type thing struct {
	id      string
	of      plan.Thing // one of those that lose it
	objects []object
	events  []event // in the order of items
	present []bool  // object → whether it is there now
	data    []string
	there   int            // objects that are there now
	like    map[string]int // data → those of them that hold it
	now     []int          // events of the run that is being looked at
}

// A holding is an object that serves a thing.
type holding struct {
	thing  *thing
	object int
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
	w := &world{known: map[string]*thing{}, kinds: map[string][]*thing{}, pairs: 1_000_000, at: make([][]mark, len(items)), blind: make([]int, len(items)), veiled: map[string][]veil{}}
	was, becomes := make([]string, len(p.Resources)), make([]string, len(p.Resources))
	known := w.known
	for i, r := range p.Resources {
		was[i], becomes[i] = id(r.Was), id(r.Becomes)
	}
	for i, it := range items {
		r := p.Resources[it.Resource]
		switch {
		case !loses(r, it.Action, was[it.Resource], becomes[it.Resource]):
		case was[it.Resource] == "":
			w.blind[i] = it.Resource + 1
		case known[was[it.Resource]] == nil:
			t := &thing{id: was[it.Resource], of: *r.Was, like: map[string]int{}}
			known[t.id] = t
			w.kinds[t.of.Kind] = append(w.kinds[t.of.Kind], t)
		}
	}
	old := make([][]holding, len(p.Resources)) // resource → its objects that are there before
	for i, r := range p.Resources {
		held := r.Was
		if held == nil && r.Action == plan.NoOp {
			held = r.Becomes
		}
		if held != nil {
			for _, t := range w.served(*held, id(held)) {
				old[i] = append(old[i], holding{t, t.hold(i, r.Address, *held, true)})
			}
		}
	}
	for _, h := range p.Standing {
		for _, t := range w.served(h.Thing, h.Thing.ID()) {
			t.hold(-1, h.Address, h.Thing, true)
		}
	}
	for i, it := range items {
		n := it.Resource
		r := p.Resources[n]
		var after []*thing
		if makes(it.Action) && r.Becomes != nil {
			if becomes[n] == "" {
				w.veiled[r.Becomes.Kind] = append(w.veiled[r.Becomes.Kind], veil{i, n, *r.Becomes})
			}
			after = w.served(*r.Becomes, becomes[n])
		}
		for _, h := range old[n] {
			if loses(r, it.Action, was[n], becomes[n]) && !slices.Contains(after, h.thing) {
				w.add(h.thing, event{item: i, lose: h.object, bring: -1})
			}
		}
		for _, t := range after {
			k := slices.IndexFunc(old[n], func(h holding) bool { return h.thing == t })
			e := event{item: i, lose: -1, data: r.Becomes.Data}
			if it.Action == plan.Update && k >= 0 {
				e.bring = old[n][k].object // stays the same object
			} else {
				e.bring = t.hold(n, r.Address, *r.Becomes, false)
			}
			w.add(t, e)
		}
	}
	return w
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
func loses(r plan.ResourceChange, a plan.Action, was, becomes string) bool {
	switch {
	case r.Was == nil:
		return false
	case a == plan.Delete:
		return true
	case a != plan.Update || r.Becomes != nil && was == "" && mayBe(*r.Was, *r.Becomes):
		return false
	case r.Becomes != nil && r.Was.Spare && !r.Becomes.Spare: // one name more
		return false
	}
	return was == "" || was != becomes && (r.Becomes == nil || !r.Becomes.Covers(*r.Was))
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
