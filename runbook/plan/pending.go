package plan

// long is the length from which on equal lists are worth finding.
const long = 16

// Pending are things that wait for each other, by number. Those that wait for
// one and the same list, as [Part.Waits] shares them, are counted as one, so that
// a crowd that waits for a crowd is no more work than both.
type Pending struct {
	groups []group
	users  [][]int // number → groups that wait for it
	next   []int   // number → the next one of its group, or -1
}

type group struct {
	left  int // that are not over
	first int
}

// NewPending begins with nothing over.
func NewPending(waits [][]int) Pending {
	t := Pending{groups: make([]group, 0, len(waits)), users: make([][]int, len(waits)), next: make([]int, len(waits))}
	var known map[*int]int // start of a long list → group
	for k, w := range waits {
		t.next[k] = -1
		if len(w) == 0 {
			continue
		}
		if g, ok := known[&w[0]]; ok && t.groups[g].left == len(w) {
			t.next[k], t.groups[g].first = t.groups[g].first, k
			continue
		}
		if len(w) >= long {
			if known == nil {
				known = map[*int]int{}
			}
			known[&w[0]] = len(t.groups)
		}
		for _, j := range w {
			t.users[j] = append(t.users[j], len(t.groups))
		}
		t.groups = append(t.groups, group{len(w), k})
	}
	return t
}

// Over says that k is over and calls free with each one that waits for nothing
// any more.
func (t *Pending) Over(k int, free func(int)) {
	for _, g := range t.users[k] {
		if t.groups[g].left--; t.groups[g].left > 0 {
			continue
		}
		for u := t.groups[g].first; u >= 0; u = t.next[u] {
			free(u)
		}
	}
}
