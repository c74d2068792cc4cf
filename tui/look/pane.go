package look

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A Pane is a part of the screen that draws itself and takes keys. The frame
// around it pushes sizes down, sends it keys one press at a time, and asks it
// which keys work.
type Pane interface {
	// SetSize says how large the pane is from now on, in cells.
	SetSize(width, height int)
	// Update takes a key or one of the pane's own messages. It does no work that
	// could take long: that is the returned command's.
	Update(msg tea.Msg) tea.Cmd
	// View returns exactly as many lines and cells as the last SetSize said.
	View() string
	// Keys lists the keys that work now, the most useful first, and those that an
	// operator expects but that do not work yet, with the reason.
	Keys() []Hint
}

// A Hint is one key of the line that says what works now.
type Hint struct {
	Key, Label string
	Disabled   safe.Text // why it does not work now, or empty
	Needed     bool      // without it the operator does not get on
}

// A Fetcher makes a command that gets a part of the open question's payload.
// What it got comes back as a [FetchedMsg].
type Fetcher func(engine.Request) tea.Cmd

// A FetchedMsg is what a Fetcher's command got, or why it got nothing.
type FetchedMsg struct {
	Request engine.Request
	Part    engine.Part
	Err     error
}

// A Typist is a pane in which the operator may be writing, such as the words of
// a search. While Typing reports true every key is the pane's, and none of them
// is a choice.
type Typist interface{ Typing() bool }

// A Sealer is a pane that asks for a word which has to be typed. While Sealing
// reports true, what looks like a paste comes marked as one.
type Sealer interface{ Sealing() bool }
