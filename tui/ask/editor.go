package ask

import (
	"io"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textarea"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/list"
	"lockstep/tui/look"
)

// narrow is the width below which the editor and what will be sent take turns.
const narrow = 70

// An Editor shows an announcement: the text, which can be edited, and beside it
// exactly what each channel will show.
type Editor struct {
	st            look.Styles
	q             engine.Question
	m             engine.Message
	area          textarea.Model
	editing       bool
	preview       []string
	rows          *list.List
	width, height int
}

// NewEditor returns the editor of a question about a message.
func NewEditor(st look.Styles, q engine.Question, m engine.Message) *Editor {
	area := textarea.New()
	r := lipgloss.NewRenderer(io.Discard, termenv.WithUnsafe())
	r.SetColorProfile(termenv.ANSI)
	plain := textarea.Style{
		Base: r.NewStyle(), CursorLine: r.NewStyle(), CursorLineNumber: r.NewStyle(), EndOfBuffer: r.NewStyle(),
		LineNumber: r.NewStyle(), Placeholder: r.NewStyle(), Prompt: r.NewStyle(), Text: r.NewStyle(),
	}
	area.FocusedStyle, area.BlurredStyle = plain, plain
	area.Cursor.Style, area.Cursor.TextStyle = r.NewStyle(), r.NewStyle()
	area.Cursor.SetMode(cursor.CursorStatic)
	area.Prompt, area.ShowLineNumbers = "", false
	area.KeyMap.Paste = key.NewBinding() // would read the clipboard of the machine we run on
	area.MaxHeight = 0
	area.SetValue(inert(m.Text))
	area.Blur()
	return &Editor{st: st, q: q, m: m, area: area, rows: list.NewScroll()}
}

// inert makes every line of s inert and keeps the line breaks.
func inert(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = safe.Show(l).String()
	}
	return strings.Join(lines, "\n")
}

// Text returns the text as it is now.
func (e *Editor) Text() string { return e.area.Value() }

// Typing reports whether keys go into the text.
func (e *Editor) Typing() bool { return e.editing }

// SetSize lays the two columns out.
func (e *Editor) SetSize(width, height int) {
	e.width, e.height = width, height
	e.area.SetWidth(max(e.leftWidth()-2, 1))
	e.area.SetHeight(max(e.bodyHeight()-1, 1))
	e.refresh()
}

func (e *Editor) bodyHeight() int { return max(e.height-2, 1) }

func (e *Editor) leftWidth() int {
	if e.width < narrow {
		return e.width
	}
	return e.width / 2
}

func (e *Editor) rightWidth() int {
	if e.width < narrow {
		return e.width
	}
	return e.width - e.leftWidth() - 1
}

// refresh makes what the channels will show.
func (e *Editor) refresh() {
	w := e.rightWidth()
	e.preview = e.preview[:0]
	for _, c := range e.m.Channels {
		l := look.NewLine(w).Add(e.st.Accent, safe.Sprintf(" to %s", safe.Show(c.Name)))
		l.Add(e.st.Muted, safe.Sprintf("  %s  %s", safe.Show(c.Kind), c.Where))
		e.preview = append(e.preview, l.String())
		for _, line := range safe.Lines(e.Text()) {
			if line.IsEmpty() {
				e.preview = append(e.preview, look.NewLine(w).Add(e.st.Rule, safe.Lit(" │")).String())
			}
			for _, t := range look.Wrap(line, w-4) {
				e.preview = append(e.preview, look.NewLine(w).Add(e.st.Rule, safe.Lit(" │ ")).Add(e.st.Plain, t).String())
			}
		}
		for _, line := range c.Footer {
			for _, t := range look.Wrap(line, w-4) {
				e.preview = append(e.preview, look.NewLine(w).Add(e.st.Rule, safe.Lit(" │ ")).Add(e.st.Muted, t).String())
			}
		}
		e.preview = append(e.preview, look.Blank(w))
	}
	e.rows.SetLen(len(e.preview))
	e.rows.SetHeight(e.bodyHeight() - 1)
}

// Update edits, or scrolls what will be sent.
func (e *Editor) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok:
	case e.editing && k.Type == tea.KeyEsc:
		e.editing = false
		e.area.Blur()
	case e.editing:
		e.area, _ = e.area.Update(k)
		if v := e.Text(); inert(v) != v {
			e.area.SetValue(inert(v))
		}
		e.refresh()
	case k.String() == "e":
		e.editing = true
		e.area.Focus()
	default:
		e.rows.Press(k.String())
	}
	return nil
}

// View draws both columns, or the one that is in use where there is little room.
func (e *Editor) View() string {
	lines := []string{look.NewLine(e.width).Add(e.st.Title, safe.Show(" ")).Add(e.st.Title, e.q.Title).String()}
	if !e.m.Muted.IsEmpty() {
		lines = append(lines, look.NewLine(e.width).Add(e.st.Warning, safe.Sprintf(" ! %s", e.m.Muted)).String())
	} else {
		lines = append(lines, look.Blank(e.width))
	}
	lw, rw, h := e.leftWidth(), e.rightWidth(), e.bodyHeight()
	left := append([]string{look.RuleLine(e.st, lw, e.editTitle(), e.editStyle())}, indent(e.area.View())...)
	first, end := e.rows.Visible()
	right := append([]string{look.RuleLine(e.st, rw, e.sendTitle(), e.st.Title)}, e.preview[first:end]...)
	switch {
	case e.width >= narrow:
		l, r := cells(left, lw, h), cells(right, rw, h)
		for i := range l {
			lines = append(lines, l[i]+e.st.Rule.Render(safe.Lit("│"))+r[i])
		}
	case e.editing:
		lines = append(lines, left...)
	default:
		lines = append(lines, right...)
	}
	return look.Stack(lines, e.width, e.height)
}

func (e *Editor) editTitle() safe.Text {
	if e.editing {
		return safe.Lit("text · esc when done")
	}
	return safe.Lit("text · e to edit")
}

func (e *Editor) editStyle() look.Style {
	if e.editing {
		return e.st.Key
	}
	return e.st.Title
}

func (e *Editor) sendTitle() safe.Text {
	n := safe.Lit("what 1 channel will show")
	if len(e.m.Channels) != 1 {
		n = safe.Sprintf("what %d channels will show", len(e.m.Channels))
	}
	if e.rows.Fits() {
		return n
	}
	return safe.Sprintf("%s · pgdn for more", n)
}

func indent(frame string) []string {
	lines := strings.Split(frame, "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

func cells(lines []string, width, height int) []string {
	return strings.Split(look.Stack(lines, width, height), "\n")
}

// Keys lists how to edit.
func (e *Editor) Keys() []look.Hint {
	if e.editing {
		return []look.Hint{{Key: "esc", Label: "done editing"}}
	}
	return []look.Hint{{Key: "e", Label: "edit"}, {Key: "pgup pgdn", Label: "scroll"}}
}
