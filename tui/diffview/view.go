// Package diffview shows what a commit changes for an environment, file by
// file, and keeps which files the operator has viewed and which hazards they
// have read.
//
// Left is the list of files, right the diff of one of them; where there is less
// than 90 columns, the list hides behind the key t. The lines of a file come by
// a [look.Fetcher] when the file is opened, and those of the next file with
// them. Only lines in sight and one page around them are coloured, off the
// screen's loop, so a diff of a million lines scrolls like a short one.
//
// A file counts as viewed when the operator says so with v, after it was on the
// screen: its lines, or the reason why it cannot be shown.
package diffview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// Widths, in cells, from which a way of showing is possible.
const (
	besideFrom = 90  // list of files beside the diff
	splitFrom  = 100 // old and new side by side
)

// mode is what the large part of the pane shows.
type mode int

const (
	showDiff    mode = iota
	showTree         // the list of files, where it has no place beside the diff
	showHazards      // the hazards that the commits carry
)

// A View is the pane. It is made by [New] and used by the screen's loop only.
type View struct {
	st     look.Styles
	q      engine.Question
	review engine.Review
	fetch  look.Fetcher

	width, height int
	mode          mode
	inTree        bool // keys move in the list of files beside the diff
	wrap, split   bool // split is the wish; see sideBySide
	note          safe.Text

	files   []*file // as in review.Files
	tree    tree
	cur     int // index into files of the one that is shown, -1 when there is none
	prompt  rows.Prompt
	hitRow  int // the row the search is at, or -1
	hazards hazards

	// drawn before, or empty
	frame, head, line, bar string
}

// New returns the pane for a question about an [engine.Review]. Nothing is
// fetched before Init or the first message.
func New(st look.Styles, q engine.Question, fetch look.Fetcher) *View {
	v := &View{st: st, q: q, fetch: fetch, cur: -1}
	v.review, _ = q.Payload.(engine.Review)
	v.files = make([]*file, len(v.review.Files))
	for i := range v.files {
		v.files[i] = &file{}
	}
	v.tree = newTree(v.review.Files)
	v.hazards = hazards{read: make([]bool, len(v.review.Hazards))}
	if len(v.tree.order) > 0 {
		v.open(v.tree.order[0])
	}
	return v
}

var (
	_ look.Pane   = (*View)(nil)
	_ look.Typist = (*View)(nil)
)

// Init asks for what is missing on the screen. Call it when the pane opens, and
// again after SetSize made more of the diff visible.
func (v *View) Init() tea.Cmd { return v.settle() }

// SetSize says how large the pane is.
func (v *View) SetSize(width, height int) {
	width, height = max(width, 0), max(height, 0)
	if width == v.width && height == v.height {
		return
	}
	v.width, v.height = width, height
	v.line = v.rule()
	v.bar = v.st.Rule.Render(safe.Lit("│"))
	if v.beside() && v.mode == showTree {
		v.mode = showDiff
	}
	if !v.beside() {
		v.inTree = false
	}
	v.tree.cache.Clear()
	v.tree.stack.SetHeight(v.treeHeight())
	v.hazards.layout(v)
	if f := v.file(); f != nil {
		f.layout(v)
		v.look()
	}
	v.changed()
}

// Update takes a key, a file that was fetched, or colours that were made.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		v.press(msg)
	case look.FetchedMsg:
		if msg.Request.Question != v.q.ID || msg.Request.What != "file" || msg.Request.Index < 0 || msg.Request.Index >= len(v.files) {
			return nil
		}
		v.fetched(msg)
	case colouredMsg:
		if msg.view != v {
			return nil
		}
		v.coloured(msg)
	}
	return v.settle()
}

// settle asks for what is missing on the screen.
func (v *View) settle() tea.Cmd {
	var cmds []tea.Cmd
	if v.cur >= 0 {
		cmds = append(cmds, v.request(v.cur))
		v.look()
		if f := v.file(); f.state == loaded || f.state == unshown {
			if next := v.tree.beside(v.cur, 1); next >= 0 {
				cmds = append(cmds, v.request(next))
			}
			cmds = append(cmds, v.colour())
		}
	}
	return tea.Batch(cmds...)
}

// request fetches a file that was not fetched yet.
func (v *View) request(i int) tea.Cmd {
	f := v.files[i]
	if f.state != untouched || !v.review.Files[i].Unreviewable.IsEmpty() || v.fetch == nil {
		return nil
	}
	f.state = loading
	return v.fetch(engine.Request{Question: v.q.ID, What: "file", Index: i})
}

// fetched takes the lines of a file, or why there are none.
func (v *View) fetched(msg look.FetchedMsg) {
	f := v.files[msg.Request.Index]
	diff, ok := msg.Part.(engine.FileDiff)
	switch {
	case msg.Err != nil:
		f.state, f.err = failed, safe.Lines(msg.Err.Error())
	case !ok:
		f.state, f.err = failed, []safe.Text{safe.Lit("the answer was not a diff")}
	default:
		f.take(diff)
		v.review.Files[msg.Request.Index].Added = diff.Added
		v.review.Files[msg.Request.Index].Removed = diff.Removed
	}
	v.tree.cache.Clear()
	if msg.Request.Index == v.cur {
		f.layout(v)
	}
	v.changed()
}

// open shows a file.
func (v *View) open(i int) {
	v.cur = i
	f := v.files[i]
	if !v.review.Files[i].Unreviewable.IsEmpty() {
		f.state = unshown
	}
	v.tree.show(i)
	v.note = safe.Text{}
	f.layout(v)
	v.tree.cache.Clear()
	v.changed()
}

// file returns the one that is shown, or nil.
func (v *View) file() *file {
	if v.cur < 0 {
		return nil
	}
	return v.files[v.cur]
}

// changed forgets the last frame and its header.
func (v *View) changed() { v.frame, v.head = "", "" }

// beside reports whether the list of files stands beside the diff.
func (v *View) beside() bool { return v.width >= besideFrom }

// sideBySide reports whether old and new stand beside each other.
func (v *View) sideBySide() bool { return v.split && v.width >= splitFrom }

// treeWidth returns how wide the list of files is.
func (v *View) treeWidth() int {
	if !v.beside() {
		return v.width
	}
	return min(max(v.width*3/10, 26), 44)
}

// diffWidth returns how wide the diff is.
func (v *View) diffWidth() int {
	if !v.beside() {
		return v.width
	}
	return v.width - v.treeWidth() - 1
}

// Lines that are not the diff's: the header and its rule, the file's name, the
// status line at the end. A low pane goes without the rule.
func (v *View) diffHeight() int {
	if v.low() {
		return max(v.height-3, 0)
	}
	return max(v.height-4, 0)
}

func (v *View) treeHeight() int {
	if v.low() {
		return max(v.height-1, 0)
	}
	return max(v.height-2, 0)
}

func (v *View) low() bool { return v.height < 16 }
