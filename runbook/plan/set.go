package plan

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// set is a set of numbers below a limit that all sets of an order share.
type set []uint64

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) remove(i int)   { s[i/64] &^= 1 << (i % 64) }

// merge adds all numbers of t.
func (s set) merge(t set) {
	for w, bits := range t {
		s[w] |= bits
	}
}

// meets reports whether the sets share a number.
func (s set) meets(t set) bool {
	for w, bits := range t {
		if s[w]&bits != 0 {
			return true
		}
	}
	return false
}

// count returns how many numbers there are.
func (s set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// key appends what tells the set from others.
func (s set) key(to []byte) []byte {
	for _, w := range s {
		to = binary.LittleEndian.AppendUint64(to, w)
	}
	return to
}

// all goes through the numbers in order.
func (s set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, left := range s {
			for ; left != 0; left &= left - 1 {
				if !yield(w*64 + bits.TrailingZeros64(left)) {
					return
				}
			}
		}
	}
}

// common goes through the numbers that both sets hold, in order. What is removed
// from either meanwhile is not gone through any more.
func (s set) common(t set) iter.Seq[int] {
	return func(yield func(int) bool) {
		for w := range s {
			for left := s[w] & t[w]; left != 0; left &= left - 1 {
				if i := w*64 + bits.TrailingZeros64(left); s.has(i) && t.has(i) && !yield(i) {
					return
				}
			}
		}
	}
}

// least takes the least number out again and again until there is none. Numbers
// may be added and removed meanwhile.
func (s set) least() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w := 0; w < len(s); {
			if s[w] == 0 {
				w++
				continue
			}
			i := w*64 + bits.TrailingZeros64(s[w])
			s.remove(i)
			if !yield(i) {
				return
			}
			w = 0 // what was added may stand before this place
		}
	}
}

// alike returns for each set the first one that is equal, as far as they are
// large: in a plan thousands may be, where a module waits for another as a whole.
func alike(sets []set) []int {
	out, first := make([]int, len(sets)), map[string]int{}
	var key []byte
	for i, s := range sets {
		out[i] = i
		if s.count() < long {
			continue
		}
		key = s.key(key[:0])
		if k, ok := first[string(key)]; ok {
			out[i] = k
		} else {
			first[string(key)] = i
		}
	}
	return out
}

// closure returns for each node all that can be reached from it; those that are
// alike share it. A cycle, which Terraform never draws, would leave its nodes with
// what was found so far.
func closure(next []set, like []int) []set {
	words := (len(next) + 63) / 64
	out := make([]set, len(next))
	closed := make([]set, len(next)) // the first one that is alike → what is reached
	var visit func(i int)
	visit = func(i int) {
		if out[i] != nil {
			return
		}
		if all := closed[like[i]]; all != nil {
			out[i] = all
			return
		}
		out[i] = make(set, words)
		for j := range next[i].all() {
			if out[i].has(j) {
				continue // and with it all that it reaches
			}
			visit(j)
			out[i].add(j)
			out[i].merge(out[j])
		}
		closed[like[i]] = out[i]
	}
	for i := range next {
		visit(i)
	}
	return out
}

// transposed returns for each number the sets that hold it.
func transposed(sets []set) []set {
	words := (len(sets) + 63) / 64
	out := make([]set, len(sets))
	for i := range out {
		out[i] = make(set, words)
	}
	for i, s := range sets {
		for j := range s.all() {
			out[j].add(i)
		}
	}
	return out
}
