package tui

import (
	"time"

	"lockstep/runbook/engine"
	"lockstep/tui/board"
	"lockstep/tui/look"
)

// A boardPane is a pane that follows the events and the clock.
type boardPane interface {
	look.Pane
	Event(engine.Envelope)
	Tick(now time.Time)
}

// openBoards makes the boards, which follow the run from its beginning.
func (m *model) openBoards() {
	apply, verify := board.NewApply(m.st), board.NewVerify(m.st)
	m.apply, m.verify, m.boards = apply, verify, []boardPane{apply, verify}
}

// tickBoards says what time it is.
func (m *model) tickBoards() {
	for _, b := range m.boards {
		b.Tick(m.now())
	}
}
