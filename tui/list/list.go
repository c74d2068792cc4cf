// Package list is a virtual list: it knows how many rows there are, which one
// the cursor is on and which are visible, and never holds a row itself. Moving
// and drawing cost the same for ten rows as for a million.
package list

// A List is a window of some height over rows. The zero List is empty.
type List struct {
	n, height   int
	cursor, top int
	scroll      bool
}

// NewScroll returns a list without a cursor: keys move the window itself, as in
// a text that is read.
func NewScroll() *List { return &List{scroll: true} }

// SetHeight says how many rows are visible.
func (l *List) SetHeight(h int) {
	l.height = max(h, 0)
	l.clamp()
}

// SetLen says how many rows there are.
func (l *List) SetLen(n int) {
	l.n = max(n, 0)
	l.clamp()
}

// Len returns how many rows there are.
func (l *List) Len() int { return l.n }

// Cursor returns the row the cursor is on, or -1 when there is none.
func (l *List) Cursor() int {
	if l.n == 0 || l.scroll {
		return -1
	}
	return l.cursor
}

// Select puts the cursor on row i, or the window's top in a list without one.
func (l *List) Select(i int) {
	if l.scroll {
		l.top = i
	} else {
		l.cursor = i
	}
	l.clamp()
}

// Visible returns the rows to draw: from first up to and without end.
func (l *List) Visible() (first, end int) { return l.top, min(l.top+l.height, l.n) }

// AtEnd reports whether the last row is visible.
func (l *List) AtEnd() bool { return l.top+l.height >= l.n }

// Fits reports whether all rows are visible at once.
func (l *List) Fits() bool { return l.n <= l.height }

// Press moves as the named key says and reports whether it was such a key.
func (l *List) Press(key string) bool {
	page := max(l.height-1, 1)
	switch key {
	case "up", "k":
		l.move(-1)
	case "down", "j":
		l.move(1)
	case "pgup", "ctrl+b":
		l.move(-page)
	case "pgdown", "ctrl+f":
		l.move(page)
	case "home", "g":
		l.Select(0)
	case "end", "G":
		l.Select(l.n)
	default:
		return false
	}
	return true
}

func (l *List) move(by int) {
	if l.scroll {
		l.top += by
	} else {
		l.cursor += by
	}
	l.clamp()
}

func (l *List) clamp() {
	l.cursor = max(min(l.cursor, l.n-1), 0)
	if !l.scroll && l.height > 0 {
		l.top = min(l.top, l.cursor)
		l.top = max(l.top, l.cursor-l.height+1)
	}
	l.top = max(min(l.top, l.n-l.height), 0)
}
