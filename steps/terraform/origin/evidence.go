package origin

import (
	"slices"
)

// A finding says which commits of a range bring a difference, by their place.
type finding struct {
	sure  []int // each of them, or one of a stretch that cannot be told apart
	maybe []int // the difference cannot be seen, but may be there
}

// input is the place of the inputs, which come from the head of the branch.
const input = -1

func (f finding) with(other finding) finding {
	return finding{append(slices.Clip(f.sure), other.sure...), append(slices.Clip(f.maybe), other.maybe...)}
}

// A line is the states along a range.
type line struct {
	first  *state // at the pin
	before []*state
	after  []*state
	// The inputs as they were at the pin and as they are now, with the last commit;
	// the same state when there are none.
	inputs [2]*state
}

// compare finds the commits in which a value becomes another one. What is put
// back later to what it was at first does not count.
func (l *line) compare(of func(*state) value) finding {
	var f finding
	first := of(l.first)
	var known *value
	if first.unknown == "" {
		known = &first
	}
	var pending []int // commits since the value was known last
	for k := range l.after {
		if l.before[k] == l.after[k] && (k == 0 || l.after[k-1] == l.before[k]) {
			continue
		}
		a, b := of(l.before[k]), of(l.after[k])
		if a.unknown == "" {
			if known == nil {
				f.maybe = append(f.maybe, pending...)
			} else if known.sum != a.sum {
				f.sure = append(f.sure, pending...)
			}
			known, pending = &a, nil
		}
		switch {
		case a.looked == b.looked || a.unknown == b.unknown:
			if a.sum != b.sum {
				f.sure = append(f.sure, k)
			}
		case b.unknown != "":
			pending = append(pending, k)
		case a.unknown != "" && known == nil:
			f.maybe = append(append(f.maybe, pending...), k)
		case a.unknown != "" && known.sum != b.sum:
			f.sure = append(append(f.sure, pending...), k)
		}
		if b.unknown == "" {
			known, pending = &b, nil
			if first.unknown == "" && first.sum == b.sum {
				f = finding{}
			}
		}
	}
	f.maybe = append(f.maybe, pending...)
	if l.inputs[0] != l.inputs[1] {
		a, b := of(l.inputs[0]), of(l.inputs[1])
		switch {
		case a.looked == b.looked || a.unknown == b.unknown:
			if a.sum != b.sum {
				f.sure = append(f.sure, input)
			}
		default:
			f.maybe = append(f.maybe, input)
		}
	}
	return f
}
