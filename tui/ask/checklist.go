package ask

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A Checklist is work for a person, ticked off item by item.
type Checklist struct {
	*Page
	items  []safe.Text
	ticked []bool
	cursor int
}

// NewChecklist returns the checklist of a question.
func NewChecklist(st look.Styles, q engine.Question, items []safe.Text) *Checklist {
	c := &Checklist{items: items, ticked: make([]bool, len(items))}
	c.Page = NewPage(st, func(width int) []string {
		out := Heading(st, q, width)
		for i, item := range items {
			out = append(out, c.itemLines(st, i, item, width)...)
		}
		return append(out, look.Blank(width))
	})
	return c
}

func (c *Checklist) itemLines(st look.Styles, i int, item safe.Text, width int) []string {
	var out []string
	for n, t := range look.Wrap(item, width-9) {
		l := look.NewLine(width)
		switch {
		case n > 0:
			l.To(8)
		case i == c.cursor:
			l.Add(st.Accent, safe.Lit(" ▸ "))
		default:
			l.To(3)
		}
		if n == 0 && c.ticked[i] {
			l.Add(st.Good, safe.Lit("[✓]  "))
		} else if n == 0 {
			l.Add(st.Plain, safe.Lit("[ ]  "))
		}
		out = append(out, l.Add(st.Plain, t).String())
	}
	return out
}

// Update moves and ticks.
func (c *Checklist) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok || len(c.items) == 0 {
		return nil
	}
	switch k.String() {
	case "up", "k":
		c.cursor = max(c.cursor-1, 0)
	case "down", "j":
		c.cursor = min(c.cursor+1, len(c.items)-1)
	case " ":
		c.ticked[c.cursor] = !c.ticked[c.cursor]
		if c.ticked[c.cursor] {
			c.cursor = c.next()
		}
	default:
		return c.Page.Update(msg)
	}
	c.Refresh()
	c.reveal()
	return nil
}

// next returns the next item that is not ticked, or stays.
func (c *Checklist) next() int {
	for i := range c.items {
		if n := (c.cursor + i) % len(c.items); !c.ticked[n] {
			return n
		}
	}
	return c.cursor
}

// reveal scrolls so that the item with the cursor is visible.
func (c *Checklist) reveal() {
	line := len(c.lines) - 1
	for i := len(c.items) - 1; i >= c.cursor; i-- {
		line -= len(look.Wrap(c.items[i], c.width-9))
	}
	first, end := c.rows.Visible()
	switch {
	case line < first:
		c.rows.Select(line)
	case line >= end-1:
		c.rows.Select(line - c.height + 2)
	}
}

// Acknowledged lists what was ticked.
func (c *Checklist) Acknowledged() []string {
	var out []string
	for i, done := range c.ticked {
		if done {
			out = append(out, fmt.Sprintf("item %d", i+1))
		}
	}
	return out
}

// Ready reports whether everything is ticked.
func (c *Checklist) Ready() (bool, safe.Text) {
	switch n := len(c.items) - len(c.Acknowledged()); n {
	case 0:
		return true, safe.Text{}
	case 1:
		return false, safe.Lit("1 item not ticked")
	default:
		return false, safe.Sprintf("%d items not ticked", n)
	}
}

// Keys lists how to tick.
func (c *Checklist) Keys() []look.Hint {
	all, _ := c.Ready()
	return append([]look.Hint{{Key: "space", Label: "tick", Needed: !all}, {Key: "↑↓", Label: "move"}}, c.Page.Keys()...)
}
