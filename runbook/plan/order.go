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
	WaitsFor []int  // items that must be over before this one may start, without those that others imply
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
	for _, n := range g.Nodes {
		names[n] = true
		if addr, _, ok := strings.Cut(n, " (destroy deposed "); ok {
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
	o.link(g, at)
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

// link walks the graph from every item to the next items on each way, through
// nodes that do nothing themselves, and closes the result.
func (o *Order) link(g Graph, at map[string]int) {
	next := make([][]int, len(o.items))
	for name, i := range at {
		seen := map[string]bool{name: true}
		stack := slices.Clone(g.Edges[name])
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[n] {
				continue
			}
			seen[n] = true
			if j, ok := at[n]; ok {
				next[i] = append(next[i], j)
				continue
			}
			stack = append(stack, g.Edges[n]...)
		}
	}
	o.after = closure(next)
	for i := range o.items {
		direct := next[i]
		o.items[i].WaitsFor = slices.DeleteFunc(slices.Clone(direct), func(j int) bool {
			return slices.ContainsFunc(direct, func(k int) bool { return k != j && o.after[k].has(j) })
		})
		slices.Sort(o.items[i].WaitsFor)
	}
}

// Items returns the actions in the order of the plan's resources.
func (o *Order) Items() []Item { return o.items }

// Waits returns, for each of n resources, the resources that it waits for with
// any of its actions, without those that others imply.
func (o *Order) Waits(n int) [][]int {
	out := make([][]int, n)
	for _, it := range o.items {
		for _, j := range it.WaitsFor {
			if r := o.items[j].Resource; r != it.Resource && !slices.Contains(out[it.Resource], r) {
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

// set is a set of small numbers.
type set []uint64

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }

// closure returns for each node all that can be reached from it. A cycle, which
// Terraform never draws, would leave its nodes with what was found so far.
func closure(next [][]int) []set {
	words := (len(next) + 63) / 64
	out := make([]set, len(next))
	var visit func(i int)
	visit = func(i int) {
		if out[i] != nil {
			return
		}
		out[i] = make(set, words)
		for _, j := range next[i] {
			visit(j)
			out[i].add(j)
			for w := range out[j] {
				out[i][w] |= out[j][w]
			}
		}
	}
	for i := range next {
		visit(i)
	}
	return out
}
