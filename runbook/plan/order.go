package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An Item is one action of an apply: a replacement is two of them.
type Item struct {
	Resource int    // index into Plan.Resources
	Action   Action // create, read, update, delete, forget or no-op
	// WaitsFor are the items that must be over before this one may start, without
	// those that others imply. Items may share it: it is not to be changed.
	WaitsFor []int
}

// An Order says which actions of a plan wait for which.
type Order struct {
	items   []Item
	creator map[int]int // resource → its item that creates, updates, reads or moves
	ender   map[int]int // resource → its item that deletes or forgets
	after   []set       // item → every item it waits for, however far
}

// NewOrder finds every action of a plan in Terraform's graph of it. Terraform
// draws the graph that apply walks, so the order is exact; it cannot be had from
// the plan alone. An action without a node is an error, unless the plan is
// limited to targets: there Terraform drops the nodes of old objects that stay
// behind, and these actions are left out of the order. [Order.Dropped] names
// them.
func NewOrder(p *Plan, g Graph) (*Order, error) {
	o := &Order{creator: map[int]int{}, ender: map[int]int{}}
	names := make(map[string]bool, len(g.Nodes))
	deposed := map[string]string{} // address → node of the one unnamed deposed object
	left := map[string]bool{}      // nodes of objects that were left over and are changes of their own
	for _, r := range p.Resources {
		if r.Deposed != "" {
			left[nodesOf(r, nil)[0].name] = true
		}
	}
	for _, n := range g.Nodes {
		names[n] = true
		if addr, _, ok := strings.Cut(n, " (destroy deposed "); ok && !left[n] {
			deposed[addr] = n
		}
	}
	at := map[string]int{} // node → item
	add := func(r int, a Action, node string) {
		o.items = append(o.items, Item{Resource: r, Action: a})
		i := len(o.items) - 1
		at[node] = i
		if a == Delete || a == Forget {
			o.ender[r] = i
		} else {
			o.creator[r] = i
		}
	}
	for i, r := range p.Resources {
		for _, n := range nodesOf(r, deposed) {
			switch {
			case names[n.name]:
				add(i, n.action, n.name)
			case p.Targets != nil && n.action == Delete, n.action == NoOp:
			default:
				return nil, fmt.Errorf("the graph has no node for %s of %s: plan and graph do not belong together", n.action, r.Address)
			}
		}
	}
	if at := o.link(g, at); at != "" {
		return nil, fmt.Errorf("the graph goes in a circle at %s: no apply can walk it", at)
	}
	for i, it := range o.items {
		if o.after[i].has(i) {
			return nil, fmt.Errorf("the graph goes in a circle at %s: no apply can walk it", p.Resources[it.Resource].Address)
		}
	}
	return o, nil
}

// A node is what an action is called in the graph.
type node struct {
	name   string
	action Action
}

func nodesOf(r ResourceChange, deposed map[string]string) []node {
	addr := r.Address.String()
	destroy := node{addr + " (destroy)", Delete}
	switch {
	case r.Deposed != "":
		return []node{{addr + " (destroy deposed " + r.Deposed + ")", Delete}}
	case r.Action == Delete:
		return []node{destroy}
	case r.Action == Forget:
		return []node{{addr + " (forget)", Forget}}
	case r.Action == DeleteThenCreate:
		return []node{destroy, {addr, Create}}
	case r.Action == CreateThenDelete:
		// The old object has left its address by then, under a key that the graph
		// draws anew at every call.
		return []node{{addr, Create}, {cmp.Or(deposed[addr], destroy.name), Delete}}
	}
	return []node{{addr, r.Action}}
}

// link finds for every item the next items on each way, through nodes that do
// nothing themselves, and closes the result. What a node in between leads to is
// found once: in a large plan thousands of items share it. It returns a node that
// leads back to itself through nodes that do nothing, or "".
func (o *Order) link(g Graph, at map[string]int) (circle string) {
	words := (len(o.items) + 63) / 64
	known := map[string]set{} // node that does nothing → the next items behind it
	open := map[string]bool{} // those whose walk is not over: what is known of them is not whole
	var behind func(n string) set
	add := func(to set, n string) {
		if j, ok := at[n]; ok {
			to.add(j)
			return
		}
		to.merge(behind(n))
	}
	behind = func(n string) set {
		found, ok := known[n]
		switch {
		case open[n]:
			circle = n
		case !ok:
			found = make(set, words)
			known[n], open[n] = found, true
			for _, next := range g.Edges[n] {
				add(found, next)
			}
			delete(open, n)
		}
		return found
	}
	next := make([]set, len(o.items))
	for name, i := range at {
		next[i] = make(set, words)
		for _, n := range g.Edges[name] {
			add(next[i], n)
		}
		next[i].remove(i)
	}
	like := alike(next)
	o.after = closure(next, like)
	for i := range o.items {
		if like[i] != i {
			o.items[i].WaitsFor = o.items[like[i]].WaitsFor
			continue
		}
		implied := make(set, words)
		for j := range next[i].all() {
			implied.merge(o.after[j])
		}
		for j := range next[i].all() {
			if !implied.has(j) {
				o.items[i].WaitsFor = append(o.items[i].WaitsFor, j)
			}
		}
	}
	return circle
}

// Items returns the actions in the order of the plan's resources.
func (o *Order) Items() []Item { return o.items }

// Waits returns, for each of n resources, the resources that it waits for with
// any of its actions, without those that others imply.
func (o *Order) Waits(n int) [][]int {
	out := make([][]int, n)
	last := make([]int, n)       // resource → the last one, plus one, that was found to wait for it
	for _, it := range o.items { // the items of one resource stand together
		for _, j := range it.WaitsFor {
			if r := o.items[j].Resource; r != it.Resource && last[r] != it.Resource+1 {
				last[r] = it.Resource + 1
				out[it.Resource] = append(out[it.Resource], r)
			}
		}
	}
	for _, w := range out {
		slices.Sort(w)
	}
	return out
}

// Dropped returns the resources of p whose old object is not destroyed although
// the plan lists it: a targeted plan keeps it aside, and the next full plan
// deletes it.
func (o *Order) Dropped(p *Plan) []int {
	var out []int
	for i, r := range p.Resources {
		if _, ok := o.ender[i]; !ok && r.Action.Destroys() {
			out = append(out, i)
		}
	}
	return out
}

// waits reports whether item i can start only after item j is over.
func (o *Order) waits(i, j int) bool { return o.after[i].has(j) }
