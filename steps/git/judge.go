package git

import (
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// judge says of each item what keeps it from being taken, and recommends the
// oldest one that nothing keeps.
//
// An item takes all items before it along. So a commit that a later one reverts
// is not offered, and neither is any commit between the two: each of them would
// deploy what somebody took back. A commit that wants to be alone is taken
// before anything that stands after it.
func (l *Listing) judge() {
	l.pair()
	next := -1
	for i := range l.Items {
		c := &l.Items[i]
		c.Disabled = l.against(i)
		if !c.Disabled.IsEmpty() {
			continue
		}
		if next < 0 {
			next = i
			c.Recommended = true
		}
		if c.Takes > 1 {
			c.Reason = l.needs(i, next)
		}
	}
}

// against says why an item cannot be taken at all, or returns the empty text.
func (l *Listing) against(i int) safe.Text {
	c := l.Items[i]
	switch {
	case !l.hasPin(i):
		m, _ := l.place.merge()
		return safe.Sprintf("does not contain the deployed commit %s, and would undo it; take %s or a later one", short(l.PinNow.Hash), short(m.hash))
	case c.RevertedBy != "":
		return safe.Sprintf("reverted by %s, never deploy it alone", c.RevertedBy)
	}
	for j := range i {
		if by := l.revertedBy(j); by > i {
			return safe.Sprintf("contains %s, which is reverted by %s; take that one or a later one", l.Items[j].Short, l.Items[by].Short)
		}
	}
	if why := l.alone(i); !why.IsEmpty() {
		return why
	}
	if !l.After.IsEmpty() && c.Verified.IsZero() {
		return safe.Sprintf("not verified in %s yet; run %s first", l.After, l.After)
	}
	return safe.Text{}
}

// alone says why an item would break the wish of a commit to be deployed alone.
func (l *Listing) alone(i int) safe.Text {
	for j := 0; j <= i; j++ {
		if !l.Items[j].Alone || l.Items[j].RevertedBy != "" {
			continue
		}
		for k := range i + 1 {
			if k == j || !l.separable(k) {
				continue
			}
			if j < i {
				return safe.Sprintf("contains %s, which is to be deployed alone; take that one first", l.Items[j].Short)
			}
			return safe.Sprintf("is to be deployed alone; take %s first", l.Items[k].Short)
		}
	}
	return safe.Text{}
}

// separable reports whether an item could be taken apart from those after it.
func (l *Listing) separable(i int) bool { return l.hasPin(i) && l.Items[i].RevertedBy == "" }

// needs says why an item needs a reason: it takes several commits at once.
func (l *Listing) needs(i, next int) safe.Text {
	c := l.Items[i]
	if i == next {
		return safe.Sprintf("takes %d commits at once, because those before it cannot be taken on their own", c.Takes)
	}
	return safe.Sprintf("takes %d commits at once; next is %s", c.Takes, l.Items[next].Short)
}

// pair links each commit with the one that reverts it, by the words that git
// writes into the message of a revert.
func (l *Listing) pair() {
	for i, ids := range l.reverts {
		for _, id := range ids {
			if l.Items[i].Reverts == "" {
				l.Items[i].Reverts = id[:7]
			}
			for j := range i {
				if strings.HasPrefix(l.Items[j].Hash, id) {
					l.Items[j].RevertedBy = l.Items[i].Short
				}
			}
		}
	}
}

// revertedBy returns the number of the item that reverts an item, or -1.
func (l *Listing) revertedBy(j int) int {
	for i := len(l.Items) - 1; i > j; i-- {
		if l.Items[i].Short == l.Items[j].RevertedBy {
			return i
		}
	}
	return -1
}

// taken returns the items that taking an item deploys, itself included.
func (l *Listing) taken(i int) []engine.Candidate { return l.Items[: i+1 : i+1] }
