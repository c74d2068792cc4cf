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

// Acknowledged lists the codes of the hazards that were accepted. Where several
// hazards have one code, it is in the list when all of them were.
func (v *View) Acknowledged() []string {
	var out []string
	done := map[string]bool{}
	for _, h := range v.review.Hazards {
		if h.Accept && !done[h.Code] {
			done[h.Code] = true
			if v.acceptedAll(h.Code) {
				out = append(out, h.Code)
			}
		}
	}
	return out
}

func (v *View) acceptedAll(code string) bool {
	for i, h := range v.review.Hazards {
		if h.Accept && h.Code == code && !v.accepted[i] {
			return false
		}
	}
	return true
}

// Ready reports whether the operator may go on, and if not what is missing: all
// hazards that have to be accepted are, and a plan that is about to be applied
// was on the screen to its end, with the attributes of what it destroys.
func (v *View) Ready() (bool, safe.Text) {
	var missing []string
	if n := v.unaccepted(); n > 0 {
		missing = append(missing, count(n, "hazard")+" not accepted")
	}
	if v.apply {
		if n := v.unread(); n > 0 {
			missing = append(missing, count(n, "resource")+" not read: r")
		}
		if !v.seenEnd {
			missing = append(missing, "read to the end: G")
		}
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
