package planview

import (
	"fmt"
	"strings"

	"lockstep/runbook/safe"
)

// Chosen returns the id of the change the operator is at, or "".
func (v *View) Chosen() string {
	if v.chosen < 0 {
		return ""
	}
	return v.review.Changes[v.chosen].ID
}

// Acknowledged lists the hazards that were accepted, by their keys. Hazards that
// share a key are in the list when all of them were.
func (v *View) Acknowledged() []string {
	var out []string
	open := map[string]bool{}
	for i, h := range v.review.Hazards {
		if h.Accept && !v.accepted[i] {
			open[h.Key()] = true
		}
	}
	for i, h := range v.review.Hazards {
		if key := h.Key(); h.Accept && v.accepted[i] && !open[key] {
			open[key] = true // once
			out = append(out, key)
		}
	}
	return out
}

// Ready reports whether the operator may go on, and if not what is missing.
// Before a plan is applied every hazard was on the screen, those that have to be
// accepted are, and the plan was on the screen to its end, with the attributes of
// what it destroys.
func (v *View) Ready() (bool, safe.Text) {
	if !v.apply {
		return true, safe.Text{}
	}
	var missing []string
	unaccepted := v.unaccepted()
	switch {
	case v.unseen > 0 && unaccepted > 0:
		missing = append(missing, fmt.Sprintf("%s not read, %d not accepted", count(v.unseen, "hazard"), unaccepted))
	case v.unseen > 0:
		missing = append(missing, count(v.unseen, "hazard")+" not read")
	case unaccepted > 0:
		missing = append(missing, count(unaccepted, "hazard")+" not accepted")
	}
	if n := v.unread(); n > 0 {
		missing = append(missing, count(n, "resource")+" not read: r")
	}
	if !v.seenEnd {
		missing = append(missing, "read to the end: G")
	}
	return len(missing) == 0, safe.Show(strings.Join(missing, ", "))
}

// unaccepted returns how many hazards still have to be accepted.
func (v *View) unaccepted() int {
	n := 0
	for i, h := range v.review.Hazards {
		if h.Accept && !v.accepted[i] {
			n++
		}
	}
	return n
}

// unread returns of how many resources the attributes could not be fetched.
func (v *View) unread() int {
	n := 0
	for _, d := range v.details {
		if d.state == failed {
			n++
		}
	}
	return n
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
