package diffview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// Typing reports whether the operator is writing the words of a search.
func (v *View) Typing() bool { return v.prompt.Open }

// Keys lists the keys that work now.
func (v *View) Keys() []look.Hint {
	if v.prompt.Open {
		return []look.Hint{{Key: "enter", Label: "next match"}, {Key: "↑", Label: "previous"}, {Key: "esc", Label: "leave search"}}
	}
	if v.mode == showHazards {
		return []look.Hint{{Key: "space", Label: "read", Needed: true}, {Key: "j/k", Label: "move"}, {Key: "esc", Label: "back to the diff"}}
	}
	var out []look.Hint
	add := func(key, label string) { out = append(out, look.Hint{Key: key, Label: label}) }
	need := func(key, label string) { out = append(out, look.Hint{Key: key, Label: label, Needed: true}) }
	if v.listFocused() {
		add("enter", "open")
		add("j/k", "move")
		add("esc", "back to the diff")
		return out
	}
	if v.cur < 0 {
		return nil
	}
	if f := v.file(); f.viewed {
		if v.viewed() < len(v.files) {
			need("v", "next not viewed")
		}
	} else {
		_, why := v.markable()
		out = append(out, look.Hint{Key: "v", Label: "viewed", Disabled: why, Needed: true})
	}
	if v.file().state == failed {
		need("r", "read again")
	}
	if v.hazards.unread() > 0 {
		need("h", "hazards")
	}
	if len(v.file().heads) > 1 {
		add("n/p", "hunk")
	}
	if len(v.files) > 1 {
		add("N/P", "file")
	}
	add("tab", "files")
	if v.file().viewed {
		add("u", "not viewed")
	}
	add("/", "search")
	add("w", "wrap")
	if v.width >= splitFrom {
		add("s", "side by side")
	}
	if len(v.hazards.read) > 0 && v.hazards.unread() == 0 {
		add("h", "hazards")
	}
	return out
}

// press takes a key.
func (v *View) press(k tea.KeyMsg) {
	key := k.String()
	if !v.prompt.Open && v.mode == showDiff && !v.inTree && v.file() != nil && v.scroll(key) {
		v.note, v.frame = safe.Text{}, "" // the header stays
		return
	}
	v.changed()
	if v.prompt.Open {
		v.search(k)
		return
	}
	v.note = safe.Text{}
	switch v.mode {
	case showHazards:
		v.pressHazards(key)
		return
	case showTree:
		v.pressTree(key)
		return
	case showDiff:
		if v.inTree && v.pressTree(key) {
			return
		}
	}
	v.pressDiff(key)
}

func (v *View) pressDiff(key string) {
	switch key {
	case "h":
		if len(v.hazards.read) > 0 {
			v.mode, v.inTree = showHazards, false
			v.hazards.to(v.hazards.cursor)
		}
		return
	case "t", "tab":
		if !v.beside() {
			v.mode = showTree
			v.tree.move(0)
			return
		}
	}
	f := v.file()
	if f == nil {
		return
	}
	switch key {
	case "v":
		v.mark()
	case "u":
		f.viewed = false
		v.tree.cache.Clear()
	case "N":
		v.go1(1)
	case "P":
		v.go1(-1)
	case "n":
		v.toHunk(f.hunk + 1)
	case "p":
		v.toHunk(f.hunk - 1)
	case "r":
		if f.state == failed {
			f.state = untouched
		}
	case "/":
		if len(f.rows) > 0 {
			top, _ := f.stack.At(f.stack.Top())
			v.prompt.Start(top)
			v.hitRow = -1
		}
	case "w":
		top, _ := f.stack.At(f.stack.Top())
		v.wrap = !v.wrap
		f.layout(v)
		f.stack.ScrollTo(f.stack.Start(top))
	case "s":
		if v.width < splitFrom {
			v.note = safe.Sprintf("side by side needs %d columns", splitFrom)
			return
		}
		v.split = !v.split
		f.layout(v)
	case "tab", "t":
		if v.beside() {
			v.inTree = !v.inTree
			v.tree.show(v.cur)
		}
	}
}

// scroll moves the window on the file, and the hunk the operator is at with it.
// It reports whether the key was one for that.
func (v *View) scroll(key string) bool {
	f := v.file()
	page := max(f.stack.Height()-2, 1)
	switch key {
	case "j", "down":
		f.stack.Scroll(1)
	case "k", "up":
		f.stack.Scroll(-1)
	case "pgdown", "ctrl+f", " ":
		f.stack.Scroll(page)
	case "pgup", "ctrl+b":
		f.stack.Scroll(-page)
	case "ctrl+d":
		f.stack.Scroll(page / 2)
	case "ctrl+u":
		f.stack.Scroll(-page / 2)
	case "g", "home":
		f.stack.ScrollTo(0)
	case "G", "end":
		f.stack.ScrollTo(f.stack.Lines())
	default:
		return false
	}
	f.follow()
	return true
}

// follow lets the hunk the operator is at go with the window: it stays while
// its head is in sight, and then is the one at the window's edge.
func (f *file) follow() {
	if len(f.heads) == 0 || f.stack.Shown(f.heads[f.hunk]) {
		return
	}
	top, _ := f.stack.At(f.stack.Top())
	at := f.hunkAt(top)
	if at >= f.hunk || at+1 < len(f.heads) && !f.stack.Shown(f.heads[at]) {
		f.setHunk(at)
		return
	}
	last, _ := f.stack.At(f.stack.Bottom() - 1)
	f.setHunk(min(f.hunk, f.hunkAt(last)))
}

func (f *file) setHunk(h int) {
	f.cache.Drop(f.heads[f.hunk])
	f.hunk = h
	f.cache.Drop(f.heads[f.hunk])
}

// toHunk goes to a hunk of the shown file, or to the next file after the last.
func (v *View) toHunk(h int) {
	f := v.file()
	switch {
	case f.state != loaded || h < 0:
		return
	case h >= len(f.heads):
		v.note = safe.Lit("that was the last hunk; N goes to the next file")
		return
	}
	f.setHunk(h)
	end := len(f.rows)
	if h+1 < len(f.heads) {
		end = f.heads[h+1]
	}
	// The whole hunk if it fits, else its head at the top.
	if f.stack.Start(end) > f.stack.Top()+f.stack.Height() || !f.stack.Shown(f.heads[h]) {
		f.stack.ScrollTo(max(f.stack.Start(f.heads[h])-1, 0))
	}
}

// go1 opens the file before or after the shown one.
func (v *View) go1(by int) {
	if i := v.tree.beside(v.cur, by); i >= 0 {
		v.open(i)
		return
	}
	v.note = safe.Lit("that was the last file")
	if by < 0 {
		v.note = safe.Lit("that was the first file")
	}
}

// pressTree takes a key for the list of files and reports whether it was one.
func (v *View) pressTree(key string) bool {
	t := &v.tree
	if len(t.items) == 0 {
		v.mode, v.inTree = showDiff, false
		return true
	}
	page := max(t.stack.Height()-1, 1)
	switch key {
	case "j", "down":
		t.move(1)
	case "k", "up":
		t.move(-1)
	case "pgdown", "ctrl+f":
		t.move(page)
	case "pgup", "ctrl+b":
		t.move(-page)
	case "g", "home":
		t.to(0)
	case "G", "end":
		t.to(len(t.items))
	case "enter", " ", "right", "l", "left":
		if t.items[t.cursor].file < 0 {
			t.toggle()
			break
		}
		v.open(t.items[t.cursor].file)
		if key == "enter" || v.mode == showTree {
			v.mode, v.inTree = showDiff, false
		}
	case "esc", "tab", "t":
		v.mode, v.inTree = showDiff, false
		t.cache.Clear()
	default:
		return false
	}
	return true
}

func (v *View) pressHazards(key string) {
	switch key {
	case "j", "down":
		v.hazards.to(v.hazards.cursor + 1)
	case "k", "up":
		v.hazards.to(v.hazards.cursor - 1)
	case "pgdown", "ctrl+f":
		v.hazards.stack.Scroll(v.hazards.stack.Height())
	case "pgup", "ctrl+b":
		v.hazards.stack.Scroll(-v.hazards.stack.Height())
	case " ", "space":
		v.readHazard()
	case "esc", "h", "tab", "enter":
		v.mode = showDiff
	}
}

// search takes a key while the words of a search are being written.
func (v *View) search(k tea.KeyMsg) {
	f := v.file()
	act := v.prompt.Key(k)
	from, forwards := v.prompt.Origin(), true
	switch act {
	case rows.Closed, rows.Ignored:
		f.cache.Clear()
		return
	case rows.Next:
		from = v.hitRow + 1
	case rows.Prev:
		from, forwards = v.hitRow-1, false
	}
	query := v.prompt.Query()
	v.hitRow = -1
	if query != "" {
		v.hitRow = rows.Find(len(f.rows), from, forwards, func(i int) bool { return f.matches(i, query) })
	}
	v.prompt.Missed = query != "" && v.hitRow < 0
	f.cache.Clear()
	if v.hitRow >= 0 {
		f.stack.Reveal(v.hitRow, 3)
		f.setHunk(f.hunkAt(v.hitRow))
	}
}

// hit returns the row the search is at, or -1.
func (v *View) hit() int {
	if !v.prompt.Open {
		return -1
	}
	return v.hitRow
}

// matches reports whether the words stand on a row.
func (f *file) matches(i int, query string) bool {
	r := f.rows[i]
	if r.left == head {
		return false
	}
	return r.left >= 0 && len(rows.Matches(f.line(r.left).Text, query)) > 0 ||
		f.split && r.right >= 0 && len(rows.Matches(f.line(r.right).Text, query)) > 0
}
