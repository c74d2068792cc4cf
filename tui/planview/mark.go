package planview

import (
	"slices"
	"strconv"
	"strings"

	"lockstep/runbook/safe"
)

// The operator may regroup the sequence: take several changes together, or a
// part of one. Marks are the blocks that were chosen for that, changes and
// resources below a change that was taken apart.

// Item returns what an answer takes: the id of a change; several ids joined with
// "+"; or "only:" and the indexes of resources in the plan, joined with ",". The
// reason why it cannot be taken is the change's own.
func (v *View) Item() (id string, reason, disabled safe.Text) {
	changes, resources := v.marked()
	switch {
	case len(resources) > 0:
		parts := make([]string, len(resources))
		for i, r := range resources {
			parts[i] = strconv.Itoa(int(r))
		}
		return "only:" + strings.Join(parts, ","), safe.Text{}, safe.Text{}
	case len(changes) == 0:
		return "", safe.Text{}, safe.Text{}
	}
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = v.review.Changes[c].ID
		if disabled.IsEmpty() && !v.review.Changes[c].Blocked.IsEmpty() {
			disabled = safe.Sprintf("change %d is BLOCKED; what to do instead stands below it", c+1)
		}
	}
	return strings.Join(ids, "+"), safe.Text{}, disabled
}

// Taking says in words what Item names, or nothing.
func (v *View) Taking() safe.Text {
	changes, resources := v.marked()
	switch {
	case len(resources) > 0:
		return safe.Sprintf("take only %s", count(len(resources), "marked resource"))
	case len(changes) == 1:
		return safe.Sprintf("take change %d", changes[0]+1)
	case len(changes) == 2:
		return safe.Sprintf("take changes %d and %d together", changes[0]+1, changes[1]+1)
	case len(changes) > 2:
		return safe.Sprintf("take %d changes together", len(changes))
	}
	return safe.Text{}
}

// marked returns the changes that are taken, in the order of the sequence, or the
// resources, when not all that are taken are whole changes.
func (v *View) marked() (changes []int, resources []int32) {
	if len(v.marks) == 0 {
		if v.chosen >= 0 {
			changes = []int{v.chosen}
		}
		return changes, nil
	}
	single := map[int32][]int32{} // change → resources of it that are marked
	whole := map[int32]bool{}
	for b := range v.marks {
		if b.kind == changeBlock {
			whole[b.a] = true
		} else {
			single[b.b] = append(single[b.b], b.a)
		}
	}
	parts := false
	for c, some := range single {
		switch {
		case whole[c]:
		case len(some) == len(v.members(v.review.Changes[c])):
			whole[c] = true
		default:
			parts = true
			resources = append(resources, some...)
		}
	}
	for c := range whole {
		if parts {
			resources = append(resources, v.members(v.review.Changes[c])...)
		} else {
			changes = append(changes, int(c))
		}
	}
	slices.Sort(changes)
	slices.Sort(resources)
	return changes, slices.Compact(resources)
}

// mark marks what is under the cursor, or takes that back.
func (v *View) mark() {
	b := v.at()
	switch {
	case b.kind == changeBlock:
	case b.kind == memberBlock && v.apart[b.b]:
	default:
		v.note = safe.Lit("space marks a change, to take several together; u takes one apart")
		return
	}
	if v.marks[b] {
		delete(v.marks, b)
	} else {
		v.marks[b] = true
	}
	v.cache.Clear()
}

// takeApart lists the resources of a change so that some of them can be marked,
// or puts them together again.
func (v *View) takeApart() {
	b := v.at()
	change := b.a
	if b.kind == memberBlock {
		change = b.b
	} else if b.kind != changeBlock {
		v.note = safe.Lit("u takes the change under the cursor apart")
		return
	}
	if len(v.members(v.review.Changes[change])) < 2 {
		v.note = safe.Lit("this change is one resource: nothing to take apart")
		return
	}
	if v.apart[change] {
		delete(v.apart, change)
		for m := range v.marks {
			if m.kind == memberBlock && m.b == change {
				delete(v.marks, m)
			}
		}
	} else {
		v.apart[change] = true
	}
	v.build()
	if b.kind == memberBlock && !v.apart[change] {
		v.toChange(change)
	}
	v.opened = v.apart[change]
	v.reveal()
}

// toChange puts the cursor on a change.
func (v *View) toChange(change int32) {
	for i, b := range v.blocks {
		if b == (block{kind: changeBlock, a: change}) {
			v.to(i)
			return
		}
	}
}
