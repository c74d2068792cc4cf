// Package rows is what the tall panes share: a stack of blocks of lines of
// which only a window is drawn, the lines that were drawn before, the prompt of
// a search, and text that is painted in several styles.
//
// Whatever the length of the content, a frame costs the lines it shows: a
// [Stack] finds the blocks in the window by their first lines, and a [Cache]
// keeps what was drawn until the width or the content changes.
package rows

import "sort"

// A Stack is a number of blocks one above the other, each some lines high, and
// a window on them. The zero Stack is empty.
type Stack struct {
	starts []int // first line of each block, and the number of lines at the end; nil when all are one line high
	blocks int
	top    int // first line in the window
	height int // lines of the window
}

// SetHeight says how many lines the window has.
func (s *Stack) SetHeight(h int) {
	s.height = max(h, 0)
	s.ScrollTo(s.top)
}

// Uniform makes the stack n blocks of one line each, at no cost.
func (s *Stack) Uniform(n int) {
	s.blocks, s.starts = n, nil
	s.ScrollTo(s.top)
}

// Reset makes the stack n blocks of the given heights. The block at the top of
// the window stays there if it is still one of them.
func (s *Stack) Reset(n int, height func(block int) int) {
	block, sub := s.At(s.top)
	if cap(s.starts) < n+1 {
		s.starts = make([]int, n+1)
	}
	s.starts, s.blocks = s.starts[:n+1], n
	line := 0
	for i := range n {
		s.starts[i] = line
		line += height(i)
	}
	s.starts[n] = line
	if block < n {
		s.ScrollTo(s.starts[block] + min(sub, max(s.starts[block+1]-s.starts[block]-1, 0)))
		return
	}
	s.ScrollTo(s.top)
}

// Blocks returns how many blocks there are.
func (s *Stack) Blocks() int { return s.blocks }

// Lines returns how many lines all blocks have together.
func (s *Stack) Lines() int {
	if s.starts == nil {
		return s.blocks
	}
	return s.starts[s.blocks]
}

// Start returns the first line of a block. The block after the last one starts
// after the last line.
func (s *Stack) Start(block int) int {
	block = min(max(block, 0), s.blocks)
	if s.starts == nil {
		return block
	}
	return s.starts[block]
}

// At returns the block that a line belongs to and the line's place in it. A
// line that is not there belongs to a block after the last.
func (s *Stack) At(line int) (block, sub int) {
	if line < 0 {
		return 0, 0
	}
	if line >= s.Lines() {
		return s.blocks, 0
	}
	if s.starts == nil {
		return line, 0
	}
	block = sort.Search(s.blocks, func(i int) bool { return s.starts[i+1] > line })
	return block, line - s.starts[block]
}

// Top returns the first line in the window.
func (s *Stack) Top() int { return s.top }

// Height returns how many lines the window has.
func (s *Stack) Height() int { return s.height }

// Bottom returns the line after the last one in the window.
func (s *Stack) Bottom() int { return min(s.top+s.height, s.Lines()) }

// AtEnd reports whether the last line is in the window.
func (s *Stack) AtEnd() bool { return s.height > 0 && s.top+s.height >= s.Lines() }

// ScrollTo puts a line at the top of the window, as far as the end allows.
func (s *Stack) ScrollTo(line int) {
	s.top = max(min(line, s.Lines()-s.height), 0)
}

// Scroll moves the window by a number of lines.
func (s *Stack) Scroll(by int) { s.ScrollTo(s.top + by) }

// Reveal scrolls as little as needed to have a block in the window, with a few
// lines around it. Of a block that is taller than the window it shows the start.
func (s *Stack) Reveal(block, around int) { s.RevealAll(block, block, around) }

// RevealAll does the same for several blocks, from first to last.
func (s *Stack) RevealAll(first, last, around int) {
	begin, end := s.Start(first), s.Start(last+1)
	around = max(min(around, (s.height-(end-begin))/2), 0)
	if end+around > s.top+s.height {
		s.ScrollTo(min(end+around-s.height, begin))
	}
	if begin-around < s.top {
		s.ScrollTo(begin - around)
	}
}

// Shown reports whether any line of a block is in the window.
func (s *Stack) Shown(block int) bool {
	return s.Start(block) < s.top+s.height && s.Start(block+1) > s.top
}
