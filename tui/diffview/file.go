package diffview

import (
	"sort"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/rows"
)

// state is how far a file's lines are.
type state int

const (
	untouched state = iota
	loading
	loaded
	failed
	unshown // cannot be shown; the reason is all there is
)

// A file is what is known of one file of the review, beside its name.
type file struct {
	state  state
	viewed bool
	err    []safe.Text
	diff   engine.FileDiff

	first   []int32 // first line of each hunk, and the number of lines at the end; lines are counted over all hunks
	oldNo   []int32 // number of each line in the old file, 0 when it has none
	newNo   []int32
	digits  int
	rows    []row
	split   bool  // what rows was made for
	heads   []int // row of each hunk's head
	hunk    int   // the one the operator is at
	seen    int   // rows that were on the screen, from the first on
	stack   rows.Stack
	cache   rows.Cache
	width   int
	wrapped bool

	colours map[block][][]rows.Span
	asked   map[block]bool
}

// A row is a line of the diff, or two beside each other: -1 is none. A head has
// -2 on the left and its hunk on the right.
type row struct{ left, right int32 }

const (
	none = -1
	head = -2
)

// take keeps the lines of a file that were fetched.
func (f *file) take(d engine.FileDiff) {
	f.state, f.diff, f.err = loaded, d, nil
	f.colours, f.asked = map[block][][]rows.Span{}, map[block]bool{}
	total, largest := 0, 0
	f.first = make([]int32, 0, len(d.Hunks)+1)
	for _, h := range d.Hunks {
		f.first = append(f.first, int32(total))
		total += len(h.Lines)
		largest = max(largest, h.OldStart+h.OldLines, h.NewStart+h.NewLines)
	}
	f.first = append(f.first, int32(total))
	f.digits = 3
	for n := largest; n >= 1000; n /= 10 {
		f.digits++
	}
	f.oldNo, f.newNo = make([]int32, total), make([]int32, total)
	at := 0
	for _, h := range d.Hunks {
		o, n := int32(h.OldStart), int32(h.NewStart)
		for _, l := range h.Lines {
			if l.Op == ' ' || l.Op == '-' {
				f.oldNo[at] = o
				o++
			}
			if l.Op == ' ' || l.Op == '+' {
				f.newNo[at] = n
				n++
			}
			at++
		}
	}
	f.arrange(false)
}

// arrange makes the rows, one below the other or old and new side by side.
func (f *file) arrange(split bool) {
	f.split, f.width, f.seen = split, 0, min(f.seen, 1)
	f.rows, f.heads = make([]row, 0, len(f.oldNo)+len(f.diff.Hunks)), f.heads[:0]
	for h, hunk := range f.diff.Hunks {
		f.heads = append(f.heads, len(f.rows))
		f.rows = append(f.rows, row{head, int32(h)})
		line := f.first[h]
		if !split {
			for range hunk.Lines {
				f.rows = append(f.rows, row{line, line})
				line++
			}
			continue
		}
		f.rows = pair(f.rows, hunk.Lines, line)
	}
}

// pair lays out the lines of a hunk in two columns: removed lines stand beside
// the added ones that follow them.
func pair(out []row, lines []engine.DiffLine, first int32) []row {
	op := func(i int) byte {
		if i < len(lines) {
			return lines[i].Op
		}
		return 0
	}
	for i := 0; i < len(lines); {
		switch op(i) {
		case '-', '+', '\\':
			var left, right []int32
			last := byte('-')
			for ; op(i) == '-' || op(i) == '+' || op(i) == '\\'; i++ {
				// A note belongs to the line before it; after an added line,
				// a removed one starts another group.
				if o := op(i); o != '\\' {
					if o == '-' && len(right) > 0 {
						break
					}
					last = o
				}
				if last == '-' {
					left = append(left, first+int32(i))
				} else {
					right = append(right, first+int32(i))
				}
			}
			for k := range max(len(left), len(right)) {
				r := row{none, none}
				if k < len(left) {
					r.left = left[k]
				}
				if k < len(right) {
					r.right = right[k]
				}
				out = append(out, r)
			}
		default:
			out = append(out, row{first + int32(i), first + int32(i)})
			i++
		}
	}
	return out
}

// line returns a line by its number over all hunks.
func (f *file) line(i int32) engine.DiffLine {
	h := f.hunkOf(i)
	return f.diff.Hunks[h].Lines[i-f.first[h]]
}

// hunkOf returns the hunk a line stands in.
func (f *file) hunkOf(i int32) int {
	return sort.Search(len(f.diff.Hunks), func(h int) bool { return f.first[h+1] > i })
}

// hunkAt returns the hunk a row stands in.
func (f *file) hunkAt(row int) int {
	return max(sort.SearchInts(f.heads, row+1)-1, 0)
}

// layout fits the file to the pane.
func (f *file) layout(v *View) {
	f.stack.SetHeight(v.diffHeight())
	if f.state != loaded {
		return
	}
	if split := v.sideBySide(); split != f.split {
		at := none
		if top, _ := f.stack.At(f.stack.Top()); top < len(f.rows) {
			at = int(max(f.rows[top].left, f.rows[top].right))
			if f.rows[top].left == head {
				at = int(f.first[f.rows[top].right])
			}
		}
		f.arrange(split)
		f.fit(v)
		f.stack.ScrollTo(f.stack.Start(f.rowOf(at)))
	}
	f.fit(v)
}

// fit breaks the rows for the pane's width.
func (f *file) fit(v *View) {
	width := v.diffWidth()
	if f.width == width && f.wrapped == v.wrap {
		return
	}
	f.width, f.wrapped = width, v.wrap
	f.cache.Clear()
	if !v.wrap {
		f.stack.Uniform(len(f.rows))
		return
	}
	f.stack.Reset(len(f.rows), f.rowHeight)
}

// rowOf returns the row that shows a line.
func (f *file) rowOf(line int) int {
	if line < 0 || len(f.heads) == 0 {
		return 0
	}
	h := f.hunkOf(int32(line))
	if h >= len(f.heads) {
		return len(f.rows) - 1
	}
	for r := f.heads[h]; r < len(f.rows); r++ {
		if f.rows[r].left >= int32(line) || f.rows[r].right >= int32(line) && f.rows[r].left != head {
			return r
		}
	}
	return len(f.rows) - 1
}

// look notes what of the shown file is on the screen.
func (v *View) look() {
	f := v.file()
	if v.mode != showDiff || f.stack.Height() == 0 || f.state != loaded && f.state != unshown {
		return
	}
	end, _ := f.stack.At(f.stack.Bottom() - 1)
	f.seen = max(f.seen, end+1, 1)
}

// seenAny reports whether anything of the file was on the screen.
func (f *file) seenAny() bool { return f.seen > 0 }

// seenAll reports whether the file's end was on the screen.
func (f *file) seenAll() bool { return f.seen >= len(f.rows) }
