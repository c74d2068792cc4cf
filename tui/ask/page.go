package ask

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/list"
	"lockstep/tui/look"
)

// A Page is text that is read: the words of a question, the checks before a pin
// is written, what went wrong. It scrolls when it does not fit.
type Page struct {
	st            look.Styles
	make          func(width int) []string
	lines         []string
	rows          *list.List
	width, height int
}

// NewPage returns a page whose lines are made anew for each width.
func NewPage(st look.Styles, lines func(width int) []string) *Page {
	return &Page{st: st, make: lines, rows: list.NewScroll()}
}

// About returns the page that shows what a question is about.
func About(st look.Styles, q engine.Question) *Page {
	switch p := q.Payload.(type) {
	case engine.PinReview:
		return NewPage(st, func(w int) []string { return append(append(Heading(st, q, w), pinLines(st, p, w)...), look.Blank(w)) })
	case engine.Failure:
		return NewPage(st, func(w int) []string { return append(failureLines(st, q, p, w), look.Blank(w)) })
	}
	return NewPage(st, func(w int) []string { return Heading(st, q, w) })
}

// Heading draws the title and the words of a question.
func Heading(st look.Styles, q engine.Question, width int) []string {
	out := wrapped(nil, st.Title, q.Title, 1, width)
	if len(q.Body) > 0 {
		out = append(out, look.Blank(width))
	}
	for _, t := range q.Body {
		if t.IsEmpty() {
			out = append(out, look.Blank(width))
			continue
		}
		out = wrapped(out, st.Plain, t, 1, width)
	}
	return append(out, look.Blank(width))
}

// wrapped appends t in lines that start at a column.
func wrapped(out []string, in look.Style, t safe.Text, column, width int) []string {
	for _, part := range look.Wrap(t, width-column-1) {
		out = append(out, look.NewLine(width).To(column).Add(in, part).String())
	}
	return out
}

// pinLines shows a pin before it is written.
func pinLines(st look.Styles, p engine.PinReview, width int) []string {
	row := func(label safe.Text, c engine.Candidate, in look.Style) string {
		return look.NewLine(width).To(1).Cell(st.Muted, label, 8).
			Add(in, safe.Show(c.Short)).Add(st.Plain, safe.Lit("  ")).Add(st.Plain, c.Subject).String()
	}
	out := []string{
		row(safe.Lit("from"), p.From, st.Plain),
		row(safe.Lit("to"), p.To, st.Bold),
	}
	for i, t := range look.Wrap(p.Where, width-10) {
		label := safe.Lit("where")
		if i > 0 {
			label = safe.Text{}
		}
		out = append(out, look.NewLine(width).To(1).Cell(st.Muted, label, 8).Add(st.Plain, t).String())
	}
	out = append(out, look.Blank(width))
	for _, c := range p.Checks {
		sign, in := safe.Lit(" ✓ "), st.Good
		if !c.OK {
			sign, in = safe.Lit(" ✗ "), st.Danger
		}
		for i, t := range look.Wrap(c.Text, width-4) {
			if i > 0 {
				sign = safe.Lit("   ")
			}
			out = append(out, look.NewLine(width).Add(in, sign).Add(st.Plain, t).String())
		}
	}
	return out
}

// failureLines shows what went wrong, whole.
func failureLines(st look.Styles, q engine.Question, f engine.Failure, width int) []string {
	out := Heading(st, q, width)
	if f.What != q.Title {
		out = wrapped(out, st.Danger, f.What, 1, width)
	}
	if !f.Hint.IsEmpty() {
		out = wrapped(out, st.Accent, safe.Sprintf("→ %s", f.Hint), 1, width)
	}
	if len(f.Lines) > 0 {
		out = append(out, look.Blank(width))
	}
	for _, t := range f.Lines {
		if t.IsEmpty() {
			out = append(out, look.Blank(width))
			continue
		}
		for i, part := range look.Wrap(t, width-4) {
			bar := safe.Lit(" │ ")
			if i > 0 {
				bar = safe.Lit(" ┊ ")
			}
			out = append(out, look.NewLine(width).Add(st.Rule, bar).Add(st.Plain, part).String())
		}
	}
	return out
}

// SetSize makes the lines for a width.
func (p *Page) SetSize(width, height int) {
	if width != p.width || p.lines == nil {
		p.width, p.lines = width, p.make(width)
	}
	p.height = height
	p.rows.SetLen(len(p.lines))
	p.rows.SetHeight(height)
}

// Refresh makes the lines anew, because what they say has changed.
func (p *Page) Refresh() {
	p.lines = nil
	p.SetSize(p.width, p.height)
}

// Update scrolls.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok {
		p.rows.Press(k.String())
	}
	return nil
}

// View draws what is visible of the page.
func (p *Page) View() string {
	first, end := p.rows.Visible()
	lines := append([]string(nil), p.lines[first:end]...)
	if n := len(lines); n > 1 && !p.rows.AtEnd() {
		lines[n-1] = look.NewLine(p.width).To(1).
			Add(p.st.Muted, safe.Sprintf("↓ %d lines more · pgdn", p.rows.Len()-end+1)).String()
	}
	return look.Stack(lines, p.width, p.height)
}

// Keys offers to scroll when there is something to scroll to.
func (p *Page) Keys() []look.Hint {
	if p.rows.Fits() {
		return nil
	}
	return []look.Hint{{Key: "pgup pgdn", Label: "scroll"}}
}

// Width returns the width the page has, in cells.
func (p *Page) Width() int { return p.width }

// Len returns how many lines the page has at its width.
func (p *Page) Len() int { return len(p.lines) }

// LenAt returns how many lines the page has at a width, and leaves where it is
// scrolled to alone.
func (p *Page) LenAt(width int) int {
	if width != p.width || p.lines == nil {
		p.SetSize(width, p.height)
	}
	return len(p.lines)
}

// Reveal scrolls so that a line is about in the middle.
func (p *Page) Reveal(line int) { p.rows.Select(line - p.height/2) }
