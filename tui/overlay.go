package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
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
		m.page = ask.NewPage(m.st, m.interruptLines)
		m.menu = ask.New(m.st, m.interruptQuestion(), ask.Subject{}, ask.Cursor, map[string]bool{keyQuit: true}, m.now)
		m.menu.Waive()
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
	if m.overlay == overInterrupt {
		return m.onInterruptKey(k, burst)
	}
	own := map[overlay]string{overHelp: keyHelp, overSteps: keySteps, overLog: keyLog}[m.overlay]
	switch {
	case name == "esc", name == own, name == keyQuit, m.overlay == overSteps && name == "tab":
		m.overlay = overNothing
	case name == keyBreak:
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

func (m *model) interruptQuestion() engine.Question {
	on := engine.Choice{
		ID: "go on", Key: "g", Label: safe.Lit("go on"),
		Consequence: safe.Lit("nothing changes; the run goes on"),
	}
	if m.run.Run == "" {
		leave := engine.Choice{
			ID: "leave", Key: "l", Label: safe.Lit("leave"),
			Consequence: safe.Lit("what was prepared so far is given up; no run has begun"),
		}
		return engine.Question{Choices: []engine.Choice{on, leave}}
	}
	if m.run.ending == engine.StopSoon {
		on.Consequence = safe.Lit("takes the stop back, if it has not taken effect yet")
	}
	soon := engine.Choice{
		ID: string(engine.StopSoon), Key: "s", Label: safe.Lit("stop after this step"),
		Consequence: safe.Lit("what is being done now ends as usual and is recorded; nothing new starts; the pin does not move by itself"),
	}
	now := engine.Choice{
		ID: string(engine.CancelNow), Key: "c", Label: safe.Lit("cancel now"),
		Consequence: safe.Lit("planning, waiting and measuring end at once; Terraform is asked once to stop, finishes the resource it is working on, and what is applied stays"),
	}
	return engine.Question{Choices: []engine.Choice{on, soon, now}}
}

func (m *model) onInterruptKey(k tea.KeyMsg, burst bool) tea.Cmd {
	switch name := k.String(); {
	case name == "esc", name == keyQuit:
		m.overlay = overNothing
		return nil
	case name == keyBreak:
		m.menu.Refuse(safe.Lit("Ctrl-C alone ends nothing: choose one of these"))
		return nil
	case name == "enter" && m.menu.Chosen() == string(engine.CancelNow):
		m.menu.Refuse(safe.Lit("enter does not cancel: press c"))
		return nil
	}
	a, _ := m.menu.Press(k, burst)
	if a == nil {
		return nil
	}
	m.overlay = overNothing
	if a.Choice == "leave" {
		m.err = ErrLeft
		return tea.Quit
	}
	how := engine.Interrupt(a.Choice)
	if how == engine.GoOn && m.run.ending == "" {
		return nil
	}
	console := m.console
	return func() tea.Msg {
		console.Interrupt(how)
		return askedMsg{}
	}
}

func (m *model) interruptLines(width int) []string {
	title := safe.Lit("The run goes on while this is open. What now?")
	if m.run.Run == "" {
		title = safe.Lit("Still preparing. What now?")
	}
	var out []string
	for _, t := range look.Wrap(title, width-2) {
		out = append(out, look.NewLine(width).To(1).Add(m.st.Title, t).String())
	}
	if s := m.run.step(m.run.current); s != nil {
		t := safe.Sprintf("in step %s, %s", m.run.position(s), s.title())
		out = append(out, look.NewLine(width).To(1).Add(m.st.Muted, t).String())
	}
	if m.run.ending != "" {
		t := endingWord(m.run.ending)
		out = append(out, look.NewLine(width).To(1).Add(m.st.Warning, t).String())
	}
	return append(out, look.Blank(width))
}

// endingWord says how the run was asked to end.
func endingWord(how engine.Interrupt) safe.Text {
	if how == engine.CancelNow {
		return safe.Lit("cancelling: what is under way ends, nothing new starts")
	}
	return safe.Lit("stopping after this step · q can take that back")
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
