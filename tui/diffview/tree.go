package diffview

import (
	"cmp"
	"path"
	"slices"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// A tree is the list of files, by folder. Folders stand with their whole path,
// one level deep, and can be closed.
type tree struct {
	folders []folder
	order   []int // files as they are listed
	place   []int // place of each file in order
	items   []item
	cursor  int // index into items
	stack   rows.Stack
	cache   rows.Cache
}

type folder struct {
	name   safe.Text // empty for the top
	files  []int
	closed bool
}

// An item is a line of the list: a folder, or one of its files.
type item struct{ folder, file int }

func newTree(files []engine.ReviewFile) tree {
	t := tree{order: make([]int, len(files)), place: make([]int, len(files))}
	dirs := make([]string, len(files))
	for i, f := range files {
		t.order[i] = i
		dirs[i] = path.Dir(f.Path.String())
	}
	slices.SortStableFunc(t.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(dirs[a], dirs[b]), cmp.Compare(files[a].Path.String(), files[b].Path.String()))
	})
	for at, i := range t.order {
		t.place[i] = at
		if at == 0 || dirs[i] != dirs[t.order[at-1]] {
			t.folders = append(t.folders, folder{name: safe.Show(dirs[i] + "/")})
		}
		last := &t.folders[len(t.folders)-1]
		last.files = append(last.files, i)
	}
	t.list()
	return t
}

// list makes the lines again after a folder was opened or closed.
func (t *tree) list() {
	t.items = t.items[:0]
	for d, f := range t.folders {
		t.items = append(t.items, item{d, -1})
		if !f.closed {
			for _, i := range f.files {
				t.items = append(t.items, item{d, i})
			}
		}
	}
	t.cache.Clear()
	t.stack.Uniform(len(t.items))
	t.move(0)
}

// beside returns the file a number of places after one, or -1.
func (t *tree) beside(file, by int) int {
	at := t.place[file] + by
	if at < 0 || at >= len(t.order) {
		return -1
	}
	return t.order[at]
}

// show puts the cursor on a file, in an open folder.
func (t *tree) show(file int) {
	for d := range t.folders {
		if t.folders[d].closed && slices.Contains(t.folders[d].files, file) {
			t.folders[d].closed = false
			t.list()
		}
	}
	t.to(slices.IndexFunc(t.items, func(it item) bool { return it.file == file }))
}

func (t *tree) move(by int) { t.to(t.cursor + by) }

func (t *tree) to(at int) {
	t.cursor = max(min(at, len(t.items)-1), 0)
	t.cache.Clear()
	if len(t.items) > 0 {
		t.stack.Reveal(t.cursor, 1)
	}
}

// toggle opens or closes the folder under the cursor.
func (t *tree) toggle() {
	it := t.items[t.cursor]
	f := &t.folders[it.folder]
	f.closed = !f.closed
	t.list()
	t.to(slices.IndexFunc(t.items, func(o item) bool { return o.folder == it.folder && o.file < 0 }))
}

// treeLines draws the visible part of the list.
func (v *View) treeLines() []string {
	w := v.treeWidth()
	return rows.Draw(&v.tree.stack, &v.tree.cache, rows.Blank(w), func(i int) []string {
		if it := v.tree.items[i]; it.file >= 0 {
			return []string{v.fileLine(it.file, i == v.tree.cursor, w)}
		}
		return []string{v.folderLine(v.tree.items[i].folder, i == v.tree.cursor, w)}
	})
}

func (v *View) folderLine(d int, cursor bool, w int) string {
	f := v.tree.folders[d]
	sign, more := safe.Lit("▾ "), safe.Text{}
	if f.closed {
		sign = safe.Lit("▸ ")
		seen := 0
		for _, i := range f.files {
			if v.files[i].viewed {
				seen++
			}
		}
		more = safe.Sprintf(" %d of %d ✓", seen, len(f.files))
	}
	name := v.st.Accent
	if cursor && v.listFocused() {
		name = v.st.Selected
	}
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" ")).Add(v.st.Muted, sign)
	l.Add(name, rows.Tail(f.name, w-l.Used()-look.Width(more)-1))
	return l.Add(v.st.Muted, more).String()
}

func (v *View) fileLine(i int, cursor bool, w int) string {
	f, r := v.files[i], v.review.Files[i]
	l := look.NewLine(w)
	in := v.st.Plain
	switch {
	case cursor && v.listFocused():
		in = v.st.Selected
	case i == v.cur:
		in = v.st.Bold
	}
	if i == v.cur {
		l.Add(v.st.Accent, safe.Lit(" ▸ "))
	} else {
		l.Add(v.st.Plain, safe.Lit("   "))
	}
	l.Add(v.statusStyle(r.Status), safe.Show(string(r.Status))).Add(v.st.Plain, safe.Lit(" "))
	var right rows.Bits
	if r.Input {
		right = right.Add(v.st.Muted, safe.Lit(" input"))
	}
	if r.Added >= 0 && r.Unreviewable.IsEmpty() {
		right = right.Add(v.st.Added, safe.Sprintf(" +%d", r.Added)).Add(v.st.Removed, safe.Sprintf(" −%d", r.Removed))
	}
	switch {
	case f.viewed:
		right = right.Add(v.st.Good, safe.Lit(" ✓ "))
	case !r.Unreviewable.IsEmpty():
		right = right.Add(v.st.Danger, safe.Lit(" ✗ "))
	case f.state == failed:
		right = right.Add(v.st.Danger, safe.Lit(" ! "))
	default:
		right = right.Add(v.st.Plain, safe.Lit("   "))
	}
	name := rows.Short(safe.Show(path.Base(r.Path.String())), max(w-l.Used()-right.Width(), 8))
	return right.Right(l.Add(in, name), w).String()
}

func (v *View) statusStyle(s engine.FileStatus) look.Style {
	switch s {
	case engine.FileAdded:
		return v.st.Added
	case engine.FileDeleted:
		return v.st.Removed
	}
	return v.st.Changed
}

// listFocused reports whether keys move in the list of files.
func (v *View) listFocused() bool { return v.inTree || v.mode == showTree }
