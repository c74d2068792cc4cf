// Package cureview shows the ways round an outage that were found: a list of
// them, and below it the one the cursor is on, with its proof and its patch.
package cureview

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// A View is the pane. It is made by [New] and used by the screen's loop only.
type View struct {
	st            look.Styles
	review        engine.CureReview
	said          []safe.Text // of the question, such as where a patch was written
	width, height int
	body          []string // what was said, drawn, where it has lines of its own
	cursor        int
	list          rows.Stack // the cures
	patch         rows.Stack // lines of the chosen one
	lines         []string   // the same, drawn
	frame         string     // the last View, or empty
}

// New returns the pane for a question about an [engine.CureReview].
func New(st look.Styles, q engine.Question) *View {
	v := &View{st: st, said: q.Body}
	v.review, _ = q.Payload.(engine.CureReview)
	v.list.Uniform(len(v.review.Cures))
	return v
}

var _ look.Pane = (*View)(nil)

// Item returns the id of the cure the cursor is on.
func (v *View) Item() (id string, reason, disabled safe.Text) {
	if len(v.review.Cures) == 0 {
		return "", safe.Text{}, safe.Text{}
	}
	return v.review.Cures[v.cursor].ID, safe.Text{}, safe.Text{}
}

// SetSize says how large the pane is.
func (v *View) SetSize(width, height int) {
	width, height = max(width, 0), max(height, 0)
	if width == v.width && height == v.height {
		return
	}
	v.width, v.height = width, height
	v.redraw()
	v.list.SetHeight(v.listHeight())
	v.patch.SetHeight(max(height-v.headLines()-v.listHeight()-v.ruleLines()-1, 0))
	v.list.Reveal(v.cursor, 0)
	v.frame = ""
}

// ruleFrom is the height from which a rule stands below a list of several.
const ruleFrom = 8

// headLines returns how many lines stand above the list.
func (v *View) headLines() int { return 1 + len(v.body) }

func (v *View) ruleLines() int {
	if v.height < ruleFrom {
		return 0
	}
	return 1
}

// listHeight returns how many cures are listed at once.
func (v *View) listHeight() int {
	most := max(v.height/4, 2)
	if v.height < ruleFrom {
		most = 1
	}
	return max(min(len(v.review.Cures), most, v.height-v.headLines()), 0)
}

// redraw makes the lines of the cure under the cursor, and what the question
// says: above the list where that leaves room for the rest, or else first below it.
func (v *View) redraw() {
	v.body, v.lines = nil, nil
	for _, t := range v.said {
		for _, part := range look.Wrap(t, max(v.width-2, 8)) {
			v.body = append(v.body, look.NewLine(v.width).To(1).Add(v.st.Bold, part).String())
		}
	}
	if len(v.body) > v.height/3 {
		v.body, v.lines = nil, v.body
	}
	if len(v.review.Cures) > 0 {
		v.lines = append(v.lines, v.detail(&v.review.Cures[v.cursor], v.width)...)
	}
	v.patch.Uniform(len(v.lines))
}

// Update takes a key.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	page := max(v.patch.Height()-1, 1)
	switch k.String() {
	case "j", "down":
		v.to(v.cursor + 1)
	case "k", "up":
		v.to(v.cursor - 1)
	case "pgdown", "ctrl+f", " ":
		v.patch.Scroll(page)
	case "pgup", "ctrl+b":
		v.patch.Scroll(-page)
	case "home", "g":
		v.patch.ScrollTo(0)
	case "end", "G":
		v.patch.ScrollTo(v.patch.Lines())
	default:
		return nil
	}
	v.frame = ""
	return nil
}

func (v *View) to(i int) {
	if i < 0 || i >= len(v.review.Cures) || i == v.cursor {
		return
	}
	v.cursor = i
	v.list.Reveal(i, 0)
	v.redraw()
	v.patch.ScrollTo(0)
}

// Keys lists the keys that work now.
func (v *View) Keys() []look.Hint {
	var out []look.Hint
	if len(v.review.Cures) > 1 {
		out = append(out, look.Hint{Key: "j/k", Label: "choose a way"})
	}
	if v.patch.Lines() > v.patch.Height() {
		out = append(out, look.Hint{Key: "pgup pgdown", Label: "scroll the patch"})
	}
	return out
}

// View returns the pane as it is now.
func (v *View) View() string {
	if v.frame == "" && v.width > 0 && v.height > 0 {
		v.frame = v.draw()
	}
	return v.frame
}

func (v *View) draw() string {
	w := v.width
	out := make([]string, 0, v.height+3)
	out = append(append(out, v.title()), v.body...)
	for i := v.list.Top(); i < v.list.Bottom(); i++ {
		out = append(out, v.row(i))
	}
	if v.ruleLines() > 0 {
		title := safe.Text{}
		if len(v.review.Cures) > 0 {
			title = words.Cure(v.review.Cures[v.cursor].Kind)
		}
		out = append(out, look.RuleLine(v.st, w, title, v.st.Title))
	}
	for i := v.patch.Top(); i < v.patch.Bottom(); i++ {
		out = append(out, v.lines[i])
	}
	for len(out) < v.height-1 {
		out = append(out, rows.Blank(w))
	}
	out = append(out[:max(min(len(out), v.height-1), 0)], v.status())
	return strings.Join(out[:v.height], "\n")
}

// status is the last line: how much more there is.
func (v *View) status() string {
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" "))
	if n := len(v.review.Cures); n > v.list.Height() {
		l.Add(v.st.Muted, safe.Sprintf("way %d/%d · ", v.cursor+1, n))
	}
	if v.patch.Height() == 0 || v.patch.Lines() <= v.patch.Height() {
		return l.String()
	}
	l.Add(v.st.Muted, safe.Sprintf("lines %d–%d of %d", v.patch.Top()+1, v.patch.Bottom(), v.patch.Lines()))
	if !v.patch.AtEnd() {
		l.Add(v.st.Warning, safe.Lit(" · more below"))
	}
	return l.String()
}
