// Package look is how things look: the styles, by meaning, and the lines and
// frames that are made of inert text. A view is a stack of lines made here, so
// that each is exactly as wide as its place and no style runs on into the next.
package look

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"lockstep/runbook/safe"
)

// A Style is what is switched on before a piece of text and off after it.
type Style struct{ on, off string }

// Styles are all the styles there are, by meaning. They use the terminal's own
// 16 colours, so that they follow its theme. Colour never carries meaning
// alone: every use stands beside a word or a sign.
type Styles struct {
	Plain     Style
	Bold      Style
	Muted     Style // what can be skipped
	Title     Style // heads a pane
	Key       Style // a key that works now
	Accent    Style // what is looked at
	Selected  Style // the row the cursor is on
	Live      Style // a run that has effects
	Rehearsal Style // a run that has none
	Danger    Style
	Warning   Style
	Good      Style
	Added     Style
	Removed   Style
	Changed   Style
	Dark      Style // a live thing that is absent
	Rule      Style // lines between panes

	// for source text
	Keyword Style
	String  Style
	Comment Style
	Number  Style
	Name    Style
}

// New returns the styles in colour, or without any when the operator asked for
// none (NO_COLOR) or the terminal has none. Bold and reverse stay.
func New(colour bool) Styles {
	r := lipgloss.NewRenderer(nil, termenv.WithUnsafe())
	r.SetColorProfile(termenv.ANSI)
	r.SetHasDarkBackground(true)
	base := r.NewStyle()
	fg := func(c string) lipgloss.Style {
		if !colour {
			return base
		}
		return base.Foreground(lipgloss.Color(c))
	}
	return Styles{
		Plain:     Style{},
		Bold:      compile(base.Bold(true)),
		Muted:     compile(fg("8")),
		Title:     compile(base.Bold(true)),
		Key:       compile(fg("6").Bold(true)),
		Accent:    compile(fg("6")),
		Selected:  compile(base.Reverse(true)),
		Live:      compile(fg("1").Bold(true).Reverse(true)),
		Rehearsal: compile(fg("4").Bold(true).Reverse(true)),
		Danger:    compile(fg("1").Bold(true)),
		Warning:   compile(fg("3")),
		Good:      compile(fg("2")),
		Added:     compile(fg("2")),
		Removed:   compile(fg("1")),
		Changed:   compile(fg("3")),
		Dark:      compile(fg("1").Reverse(true)),
		Rule:      compile(fg("8")),
		Keyword:   compile(fg("5")),
		String:    compile(fg("2")),
		Comment:   compile(fg("8")),
		Number:    compile(fg("6")),
		Name:      compile(fg("4")),
	}
}

// compile turns a lipgloss style into the sequences around a piece of text, so
// that drawing a line costs no more than joining strings.
func compile(s lipgloss.Style) Style {
	on, off, found := strings.Cut(s.Render("x"), "x")
	if !found {
		return Style{}
	}
	return Style{on, off}
}

// Render returns t in this style.
func (s Style) Render(t safe.Text) string { return s.on + t.String() + s.off }
