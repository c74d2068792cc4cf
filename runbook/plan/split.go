package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	s := &splitter{p: p, o: o, done: make([]bool, len(p.Resources))}
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
	p    *Plan
	o    *Order
	done []bool // by resource
	out  []Change
}

// emit adds a change for the targets and all that they bring along.
func (s *splitter) emit(targets []int, why safe.Text) {
	members := slices.Clone(targets)
	for _, t := range targets {
		if c, ok := s.o.creator[t]; ok {
			members = append(members, s.pending(c)...)
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
	}
	s.out = append(s.out, Change{Title: title(s.p, targets, members), Why: why, Targets: addresses, Members: members})
}

// pending returns the resources that are created, updated or read before item i
// and have not had their turn.
func (s *splitter) pending(i int) []int {
	var out []int
	for r, c := range s.o.creator {
		if !s.done[r] && s.o.waits(i, c) {
			out = append(out, r)
		}
	}
	return out
}

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
	var plain []int
	for i, r := range s.p.Resources {
		if c, ok := s.o.creator[i]; ok && !s.done[i] && r.Action == Create && s.onlyAdds(c) {
			plain = append(plain, i)
		}
	}
	for len(plain) > 0 {
		group := []int{plain[0]}
		for k := 0; k < len(group); k++ {
			a := s.o.creator[group[k]]
			plain = slices.DeleteFunc(plain, func(r int) bool {
				b := s.o.creator[r]
				near := r == group[k] || s.o.waits(a, b) || s.o.waits(b, a)
				if near && r != group[k] {
					group = append(group, r)
				}
				return near
			})
		}
		slices.Sort(group)
		s.emit(group, safe.Lit("only adds; nothing that exists is touched"))
	}
}

// onlyAdds reports whether all that item i waits for are creates and reads.
func (s *splitter) onlyAdds(i int) bool {
	for j, it := range s.o.items {
		if s.o.waits(i, j) && it.Action != Create && it.Action != Read {
			return false
		}
		if s.o.waits(i, j) && s.p.Resources[it.Resource].Action.IsReplace() {
			return false
		}
	}
	return true
}

func (s *splitter) creators() {
	for _, r := range s.sorted(s.o.creator) {
		res := s.p.Resources[r]
		if s.done[r] || res.Action == Read || res.Action == NoOp || res.Action.IsReplace() && s.hasChangingUser(r) {
			continue
		}
		group := s.siblings(r, s.o.creator)
		why := safe.Lit("all it depends on is in place")
		if n := len(s.pending(s.o.creator[r])); n > 0 {
			why = safe.Lit("the first user of what is replaced: the new object is made, the user switched to it, and only then the old one goes")
		}
		s.emit(group, why)
	}
}

// hasChangingUser reports whether something that is still to be created or
// updated waits for resource r.
func (s *splitter) hasChangingUser(r int) bool {
	for u, c := range s.o.creator {
		if u != r && !s.done[u] && s.p.Resources[u].Action != Read && s.o.waits(c, s.o.creator[r]) {
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
	if len(s.pending(items[r])) > 0 {
		return group
	}
	want := s.p.Resources[r]
	for i, other := range s.p.Resources {
		j, ok := items[i]
		if !ok || i == r || s.done[i] || other.Action != want.Action || other.Deposed != want.Deposed || block(other) != block(want) {
			continue
		}
		free := len(s.pending(j)) == 0 && !slices.ContainsFunc(group, func(g int) bool {
			return s.o.waits(items[g], j) || s.o.waits(j, items[g])
		})
		if free && !(want.Action.IsReplace() && s.hasChangingUser(i)) {
			group = append(group, i)
		}
	}
	slices.Sort(group)
	return group
}

// block returns the address of a resource without its own instance key.
func block(r ResourceChange) string {
	addr := r.Address.String()
	if i := strings.LastIndexByte(addr, '['); i > 0 && strings.HasSuffix(addr, "]") {
		return addr[:i]
	}
	return addr
}

func (s *splitter) rest() {
	var left []int
	aside := false
	for i, r := range s.p.Resources {
		if !s.done[i] {
			left = append(left, i)
		}
		aside = aside || r.Action == CreateThenDelete && !s.targeted(r)
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

// targeted reports whether r is itself a target of a change, so that its old
// object goes with it.
func (s *splitter) targeted(r ResourceChange) bool {
	return slices.ContainsFunc(s.out, func(c Change) bool { return slices.Contains(c.Targets, r.Address.String()) })
}

// sorted returns the resources of items so that each comes after what it waits
// for, and otherwise as they stand in the plan.
func (s *splitter) sorted(items map[int]int) []int {
	rest := make([]int, 0, len(items))
	for r := range items {
		rest = append(rest, r)
	}
	slices.Sort(rest)
	waits := make(map[int]int, len(rest))
	users := make(map[int][]int, len(rest))
	for _, r := range rest {
		for _, q := range rest {
			if q != r && s.o.waits(items[r], items[q]) {
				waits[r]++
				users[q] = append(users[q], r)
			}
		}
	}
	var out []int
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(r int) bool { return waits[r] == 0 })
		if i < 0 {
			return append(out, rest...)
		}
		r := rest[i]
		rest = slices.Delete(rest, i, i+1)
		out = append(out, r)
		for _, u := range users[r] {
			waits[u]--
		}
	}
	return out
}

// title says what a change does, its targets first.
func title(p *Plan, targets, members []int) safe.Text {
	const named = 2
	names := p.Names()
	var parts []string
	for _, t := range targets[:min(len(targets), named)] {
		parts = append(parts, verb(p.Resources[t])+" "+names[t].String())
	}
	text := strings.Join(parts, ", ")
	if n := len(targets) - named; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	var with []string
	for _, m := range members {
		if !slices.Contains(targets, m) {
			with = append(with, verb(p.Resources[m])+" "+names[m].String())
		}
	}
	if len(with) > named {
		with = append(with[:named], fmt.Sprintf("%d more", len(with)-named))
	}
	if len(with) > 0 {
		text += ", with " + strings.Join(with, ", ")
	}
	return safe.Show(text)
}

func verb(r ResourceChange) string {
	switch {
	case r.Action.IsReplace():
		return "replace"
	case r.Action == NoOp:
		return "move"
	}
	return string(r.Action)
}

// Identify gives a change of a plan a name that is the same whenever its content is.
func Identify(p *Plan, c Change) string {
	h := sha256.New()
	for _, m := range c.Members {
		fmt.Fprintf(h, "%s %s\n", p.Resources[m].Key(), p.Resources[m].Action)
	}
	fmt.Fprintf(h, "targets %q\n", c.Targets)
	return hex.EncodeToString(h.Sum(nil))[:10]
}

func destroys(p *Plan, c Change) bool {
	return slices.ContainsFunc(c.Members, func(m int) bool { return p.Resources[m].Action.Destroys() })
}
