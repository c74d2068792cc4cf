package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/look"
)

// open puts something over the pane.
func (m *model) open(o overlay) {
	m.overlay = o
	switch o {
	case overHelp:
		m.page = ask.NewPage(m.st, m.helpLines)
	case overSteps:
		m.page = ask.NewPage(m.st, m.stepLines)
	case overInterrupt:
		m.openInterrupt()
	case overTake:
		m.openTake()
	}
	m.layout()
	if o == overSteps {
		m.page.Reveal(m.currentLine())
	}
}

// currentLine returns where the step that runs stands among the step lines.
func (m *model) currentLine() int {
	line := 1
	for _, row := range m.run.railRows(m.st, m.now()) {
		if row.current {
			return line
		}
		line += 1 + len(whyOf(m.st, row.why, m.page.Width(), whyColumn))
	}
	return 0
}

// onOverlayKey gives a key to what stands over the pane.
func (m *model) onOverlayKey(k tea.KeyMsg, burst bool) tea.Cmd {
	name := k.String()
	switch m.overlay {
	case overInterrupt:
		return m.onInterruptKey(k, burst)
	case overTake:
		return m.onTakeKey(k, burst)
	}
	own := map[overlay]string{overHelp: keyHelp, overSteps: keySteps, overLog: keyLog}[m.overlay]
	switch {
	case name == "esc", name == own, name == keyQuit, m.overlay == overSteps && name == "tab":
		m.overlay = overNothing
	case name == keyBreak, name == keyPause:
		m.overlay = overNothing
		return m.leave()
	case m.overlay == overLog:
		return m.log.Update(k)
	default:
		return m.page.Update(k)
	}
	return nil
}

// leave is what q and Ctrl-C do: at the end of the run they leave, before that
// they ask.
func (m *model) leave() tea.Cmd {
	if m.run.finished != nil {
		return tea.Quit
	}
	m.open(overInterrupt)
	return nil
}

// whyColumn is where it stands what a step is for, in the list of steps.
const whyColumn = 8

// stepLines draws the steps for a terminal that has no room for them beside, and
// what each is for.
func (m *model) stepLines(width int) []string {
	out := []string{look.NewLine(width).To(1).Add(m.st.Title, safe.Lit("Steps")).String()}
	for _, row := range m.run.railRows(m.st, m.now()) {
		out = append(out, row.draw(m.st, width))
		out = append(out, whyOf(m.st, row.why, width, whyColumn)...)
	}
	return append(append(out, look.Blank(width)), m.probeLines(width)...)
}
