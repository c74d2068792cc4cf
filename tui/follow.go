package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
)

// onEvents follows the run.
func (m *model) onEvents(events []engine.Envelope) tea.Cmd {
	var cmds []tea.Cmd
	over := closed(events)
	for _, e := range events {
		m.run.apply(e)
		m.log.event(e, &m.run)
		for _, b := range m.boards {
			b.Event(e)
		}
		switch v := e.Event.(type) {
		case engine.RunStarted:
			m.asked, m.summary = nil, nil
		case engine.QuestionAsked:
			if !over[v.Question.ID] {
				cmds = append(cmds, m.ask(v.Question))
			}
		case engine.QuestionAnswered:
			m.close(v.Answer.Question)
		case engine.QuestionWithdrawn:
			m.close(v.ID)
		case engine.Attended:
			cmds = append(cmds, m.onAttended())
		case engine.RunFinished:
			m.asked = nil
			m.summary = newSummary(m)
			if m.overlay.hasMenu() {
				m.overlay = overNothing
			}
		}
	}
	if n := len(events); n > 0 && m.now().Sub(events[n-1].Time) > time.Second {
		m.tickBoards() // they tell of something that is older
	}
	m.renewMenu()
	m.layout()
	return tea.Batch(cmds...)
}

// closed returns the questions that were answered or withdrawn among events. They
// are not asked any more.
func closed(events []engine.Envelope) map[string]bool {
	var out map[string]bool
	for _, e := range events {
		id := ""
		switch v := e.Event.(type) {
		case engine.QuestionAnswered:
			id = v.Answer.Question
		case engine.QuestionWithdrawn:
			id = v.ID
		default:
			continue
		}
		if out == nil {
			out = map[string]bool{}
		}
		out[id] = true
	}
	return out
}

// onEnded ends the screen when the events stop without an end of the run:
// nothing can be shown or asked any more.
func (m *model) onEnded() tea.Cmd {
	if m.run.finished != nil {
		return nil
	}
	m.err = lost(m.seat, m.run.Run)
	return tea.Quit
}
