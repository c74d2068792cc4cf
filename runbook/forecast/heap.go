package forecast

// A heap gives back the least of what was put into it.
type heap[T any] struct {
	less func(a, b T) bool
	all  []T
}

func (h *heap[T]) len() int { return len(h.all) }

func (h *heap[T]) push(v T) {
	h.all = append(h.all, v)
	for i := len(h.all) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.less(h.all[i], h.all[up]) {
			return
		}
		h.all[i], h.all[up] = h.all[up], h.all[i]
		i = up
	}
}

func (h *heap[T]) pop() T {
	top, last := h.all[0], len(h.all)-1
	h.all[0] = h.all[last]
	h.all = h.all[:last]
	for i := 0; ; {
		least := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < last && h.less(h.all[down], h.all[least]) {
				least = down
			}
		}
		if least == i {
			return top
		}
		h.all[i], h.all[least] = h.all[least], h.all[i]
		i = least
	}
}
