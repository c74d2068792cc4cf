package plan

import (
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// Split divides a full plan into the changes that are applied one at a time, in
// a safe order:
//
//  1. what only moved to another address, since Terraform refuses any other
//     target while a move is pending;
//  2. what is created or updated, in the order of the graph. A replaced resource
//     that others use is never a target itself, because its old object would be
//     gone before its users are switched: the first user is, and brings it along;
//  3. what is only deleted or forgotten, users before what they use, so that
//     whatever takes its place is there already;
//  4. the rest with a full plan: old objects kept aside, outputs, reads.
//
// Instances of one block that do not wait for each other go together, and so do
// additions that touch nothing that exists. Every change has to be planned
// afresh when it is its turn: applying one makes saved plans stale.
func Split(p *Plan, o *Order) []Change {
	s := newSplitter(p, o)
	s.moves()
	s.additions()
	s.creators()
	s.enders()
	s.rest()
	if len(s.out) == 1 {
		s.out[0].Targets = nil // the whole plan: nothing to leave out
	}
	for i := range s.out {
		s.out[i].ID = Identify(p, s.out[i])
		s.out[i].Destroys = destroys(p, s.out[i])
	}
	return s.out
}

type splitter struct {
	p     *Plan
	o     *Order
	names []safe.Text        // by resource
	like  map[likeness][]int // resources that may go together, in order
	users []set              // item → every item that waits for it, however far
	done  []bool             // by resource
	makes set                // items that create, update or read and have not had their turn
	out   []Change
}

// A likeness is what resources have in common that can go together: instances
// of one block with the same action.
type likeness struct {
	block   string
	action  Action
	deposed string
}

func newSplitter(p *Plan, o *Order) *splitter {
	s := &splitter{
		p: p, o: o, names: p.Names(), like: map[likeness][]int{}, users: transposed(o.after),
		done: make([]bool, len(p.Resources)), makes: o.none(),
	}
	for i, r := range p.Resources {
		s.like[likenessOf(r)] = append(s.like[likenessOf(r)], i)
	}
	for _, c := range o.creator {
		s.makes.add(c)
	}
	return s
}

func likenessOf(r ResourceChange) likeness { return likeness{block(r), r.Action, r.Deposed} }

// none returns an empty set of items.
func (o *Order) none() set { return make(set, (len(o.items)+63)/64) }

// emit adds a change for the targets and all that they bring along.
func (s *splitter) emit(targets []int, why safe.Text) {
	members := slices.Clone(targets)
	for _, t := range targets {
		if c, ok := s.o.creator[t]; ok {
			for m := range s.o.after[c].common(s.makes) {
				members = append(members, s.o.items[m].Resource)
			}
		}
	}
	slices.Sort(members)
	members = slices.Compact(members)
	var addresses []string
	for _, t := range targets {
		r := s.p.Resources[t]
		addresses = append(addresses, r.Address.String())
		if !r.Previous.IsEmpty() {
			addresses = append(addresses, r.Previous.String())
		}
	}
	for _, m := range members {
		s.done[m] = true
		if c, ok := s.o.creator[m]; ok {
			s.makes.remove(c)
		}
	}
	s.out = append(s.out, Change{Title: s.title(targets, members), Why: why, Targets: addresses, Members: members})
}

// brings reports whether item i waits for something that is created, updated or
// read and has not had its turn.
func (s *splitter) brings(i int) bool { return s.o.after[i].meets(s.makes) }

func (s *splitter) moves() {
	var moved []int
	for i, r := range s.p.Resources {
		if !r.Previous.IsEmpty() {
			moved = append(moved, i)
		}
	}
	if moved != nil {
		s.emit(moved, safe.Lit("Terraform refuses every other target while a move is pending"))
	}
}

// additions groups what is created and needs nothing that exists to change, by
// connected component, so that many plain creates are one change.
func (s *splitter) additions() {
	touching := s.o.none() // items that do more than add
	for j, it := range s.o.items {
		if it.Action != Create && it.Action != Read || s.p.Resources[it.Resource].Action.IsReplace() {
			touching.add(j)
		}
	}
	plain, lost := s.o.none(), s.p.Losses()
	for i, r := range s.p.Resources {
		c, ok := s.o.creator[i]
		if !ok || s.done[i] || r.Action != Create || s.o.after[c].meets(touching) {
			continue
		}
		// What takes over a live thing from another address is not a plain addition.
		if r.Becomes == nil || !lost.Matter(*r.Becomes) {
			plain.add(c)
		}
	}
	for first := range plain.least() {
		group := []int{first}
		for k := 0; k < len(group); k++ {
			for _, near := range []set{s.o.after[group[k]], s.users[group[k]]} {
				for j := range near.common(plain) {
					plain.remove(j)
					group = append(group, j)
				}
			}
		}
		for k, c := range group {
			group[k] = s.o.items[c].Resource
		}
		slices.Sort(group)
		s.emit(group, safe.Lit("only adds; nothing that exists is touched"))
	}
}

func (s *splitter) creators() {
	for _, r := range s.sorted(s.o.creator) {
		res := s.p.Resources[r]
		if s.done[r] || res.Action == Read || res.Action == NoOp || res.Action.IsReplace() && s.hasChangingUser(r) {
			continue
		}
		group := s.siblings(r, s.o.creator)
		why := safe.Lit("all it depends on is in place")
		if s.brings(s.o.creator[r]) {
			why = s.company(r)
		}
		s.emit(group, why)
	}
}

// company says why resource r does not come alone.
func (s *splitter) company(r int) safe.Text {
	replaces := false
	for m := range s.o.after[s.o.creator[r]].common(s.makes) {
		switch s.p.Resources[s.o.items[m].Resource].Action {
		case DeleteThenCreate:
			return safe.Lit("the first user of what is replaced; Terraform deletes that old object first, so it is gone until the new one is there")
		case CreateThenDelete:
			replaces = true
		}
	}
	if replaces {
		return safe.Lit("the first user of what is replaced: the new object comes first, then its user; the old one goes later")
	}
	return safe.Lit("all it depends on is in place, or comes along")
}

// hasChangingUser reports whether something that is still to be created or
// updated waits for resource r.
func (s *splitter) hasChangingUser(r int) bool {
	for u := range s.users[s.o.creator[r]].common(s.makes) {
		if it := s.o.items[u]; it.Resource != r && s.p.Resources[it.Resource].Action != Read {
			return true
		}
	}
	return false
}

func (s *splitter) enders() {
	pure := map[int]int{}
	for r, e := range s.o.ender {
		if !s.done[r] && s.p.Resources[r].Deposed == "" {
			pure[r] = e
		}
	}
	for _, r := range s.sorted(pure) {
		if s.done[r] {
			continue
		}
		why := safe.Lit("goes last: nothing uses it any more, and what takes its place is there")
		if s.p.Resources[r].Action == Forget {
			why = safe.Lit("Terraform lets go of it; the object itself stays")
		}
		s.emit(s.siblings(r, pure), why)
	}
}

// siblings returns r and the other instances of its block that have the same
// action, are still to do, and neither wait for one another nor bring anything
// else along.
func (s *splitter) siblings(r int, items map[int]int) []int {
	group := []int{r}
	if s.brings(items[r]) {
		return group
	}
	want := s.p.Resources[r]
	in := s.o.none() // items of the group
	in.add(items[r])
	for _, i := range s.like[likenessOf(want)] {
		j, ok := items[i]
		if !ok || i == r || s.done[i] || s.brings(j) || s.o.after[j].meets(in) || s.users[j].meets(in) {
			continue
		}
		if !(want.Action.IsReplace() && s.hasChangingUser(i)) {
			group = append(group, i)
			in.add(j)
		}
	}
	slices.Sort(group)
	return group
}

// block returns the address of a resource without its own instance key. A key of
// for_each stands in quotes and may hold brackets of its own.
func block(r ResourceChange) string {
	addr, key := r.Address.String(), -1
	quoted := false
	for i := 0; i < len(addr); i++ {
		switch {
		case quoted && addr[i] == '\\':
			i++
		case addr[i] == '"':
			quoted = !quoted
		case addr[i] == '[' && !quoted:
			key = i
		}
	}
	if key > 0 && strings.HasSuffix(addr, "]") {
		return addr[:key]
	}
	return addr
}

func (s *splitter) rest() {
	targets := map[string]bool{}
	for _, c := range s.out {
		for _, t := range c.Targets {
			targets[t] = true
		}
	}
	var left []int
	aside := false
	for i, r := range s.p.Resources {
		if !s.done[i] {
			left = append(left, i)
		}
		// What is a target itself takes its old object with it.
		aside = aside || r.Action == CreateThenDelete && !targets[r.Address.String()]
	}
	if len(left) == 0 && len(s.p.Outputs) == 0 && !aside {
		return
	}
	s.out = append(s.out, Change{
		Title:   safe.Lit("what is left: old objects kept aside, outputs"),
		Why:     safe.Lit("a full plan, to end with nothing to do"),
		Members: left,
	})
}

// sorted returns the resources of items so that each comes after what it waits
// for, and otherwise as they stand in the plan.
func (s *splitter) sorted(items map[int]int) []int {
	wanted, waits := s.o.none(), make([][]int, len(s.o.items))
	for _, i := range items {
		wanted.add(i)
	}
	ready := s.o.none()
	for i, it := range s.o.items {
		waits[i] = it.WaitsFor
	}
	pending := NewPending(waits)
	var free func(i int)
	free = func(i int) { // item i waits for nothing any more
		if wanted.has(i) {
			ready.add(i)
		} else {
			pending.Over(i, free)
		}
	}
	for i, w := range waits {
		if len(w) == 0 {
			free(i)
		}
	}
	// Items stand in the order of their resources.
	var out []int
	for i := range ready.least() {
		wanted.remove(i)
		out = append(out, s.o.items[i].Resource)
		pending.Over(i, free)
	}
	for i := range wanted.all() { // a cycle, which Terraform never draws
		out = append(out, s.o.items[i].Resource)
	}
	return out
}
