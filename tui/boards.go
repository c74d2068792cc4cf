package tui

import (
	"lockstep/runbook/engine"
	"lockstep/tui/look"
)

// A boardPane is a pane that follows the events.
type boardPane interface {
	look.Pane
	Event(engine.Envelope)
}

// openBoards makes the boards, which follow the run from its beginning.
func (m *model) openBoards() {
	m.apply, m.verify = m.working, m.working
}
