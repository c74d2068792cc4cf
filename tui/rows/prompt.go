package rows

import (
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// An Act is what a key meant to a prompt.
type Act int

// The acts.
const (
	Ignored Act = iota // the key means nothing here
	Edited             // the words changed: look for them from where the search began
	Next               // go to the next place
	Prev               // go to the one before
	Closed             // the search is over
)

// maxQuery is how many bytes a search takes; nothing longer is worth typing.
const maxQuery = 200

// A Prompt is the line in which an operator types what to look for. While it is
// open it takes every key.
type Prompt struct {
	Open   bool
	Missed bool // set by the owner: the words are nowhere
	query  string
	origin int
}

// Start opens the prompt. origin is the place the search begins at.
func (p *Prompt) Start(origin int) { *p = Prompt{Open: true, origin: origin} }

// Origin returns the place the search began at.
func (p *Prompt) Origin() int { return p.origin }

// Query returns the words, or nothing when the prompt is closed.
func (p *Prompt) Query() string {
	if !p.Open {
		return ""
	}
	return p.query
}

// Key takes a key.
func (p *Prompt) Key(k tea.KeyMsg) Act {
	switch k.String() {
	case "esc":
		p.Open, p.Missed = false, false
		return Closed
	case "enter", "down", "ctrl+n":
		return Next
	case "up", "shift+tab", "ctrl+p":
		return Prev
	case "ctrl+u":
		p.query = ""
		return Edited
	case "backspace", "ctrl+h":
		_, n := utf8.DecodeLastRuneInString(p.query)
		p.query = p.query[:len(p.query)-n]
		return Edited
	}
	if (k.Type == tea.KeyRunes || k.Type == tea.KeySpace) && !k.Alt && len(p.query) < maxQuery {
		p.query += safe.Show(string(k.Runes)).String()
		return Edited
	}
	return Ignored
}

// Line draws the prompt.
func (p *Prompt) Line(st look.Styles, width int) string {
	l := look.NewLine(width).Add(st.Key, safe.Lit(" /")).Add(st.Plain, safe.Show(p.query)).Add(st.Selected, safe.Lit(" "))
	if p.Missed {
		return l.Add(st.Danger, safe.Lit("  not found")).String()
	}
	return l.Right(st.Muted, safe.Lit("enter next · ↑ previous · esc leave ")).String()
}

// Matches returns where the words stand in t, as pairs of byte offsets. Capital
// letters in the words must be capital in t; without any, case does not matter.
func Matches(t safe.Text, query string) [][2]int {
	if query == "" {
		return nil
	}
	text := t.String()
	if query == strings.ToLower(query) {
		// Lower-casing can change the length of text that is not ASCII.
		if low := strings.ToLower(text); len(low) == len(text) {
			text = low
		}
	}
	var out [][2]int
	for at := 0; ; {
		i := strings.Index(text[at:], query)
		if i < 0 {
			return out
		}
		out = append(out, [2]int{at + i, at + i + len(query)})
		at += i + len(query)
	}
}

// Find returns the next of n places that matches, from a place on and around
// the end, forwards or backwards; -1 when there is none.
func Find(n, from int, forwards bool, match func(i int) bool) int {
	for k := range n {
		i := from + k
		if !forwards {
			i = from - k
		}
		i = ((i % n) + n) % n
		if match(i) {
			return i
		}
	}
	return -1
}
