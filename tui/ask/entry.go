package ask

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// maxEntry is how many characters a reason may have.
const maxEntry = 500

// An entry is one line that the operator writes. What is in it is inert.
type entry struct{ in textinput.Model }

func newEntry() entry {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = maxEntry
	in.KeyMap.Paste = key.NewBinding() // would read the clipboard of the machine we run on
	in.Focus()
	return entry{in}
}

// press takes a key.
func (e *entry) press(k tea.KeyMsg) {
	e.in, _ = e.in.Update(k)
	if v := e.in.Value(); safe.Show(v).String() != v {
		e.in.SetValue(safe.Show(v).String())
	}
}

// text returns what was written, without blanks around it.
func (e *entry) text() string { return strings.TrimSpace(e.in.Value()) }

// add draws the entry with its cursor in the rest of the line.
func (e *entry) add(l *look.Line, st look.Styles, width int) {
	runes := []rune(e.in.Value())
	at := min(e.in.Position(), len(runes))
	before, under, after := string(runes[:at]), " ", ""
	if at < len(runes) {
		under, after = string(runes[at]), string(runes[at+1:])
	}
	if room := width - l.Used() - 3; ansi.StringWidth(before) > room {
		before = ansi.TruncateLeft(before, ansi.StringWidth(before)-max(room, 0), "…")
	}
	l.Add(st.Plain, safe.Show(before)).Add(st.Selected, safe.Show(under)).Add(st.Plain, safe.Show(after))
}
