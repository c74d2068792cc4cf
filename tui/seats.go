package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/look"
	"lockstep/tui/words"
)

// holds reports whether this screen's answers count. They do at a run that has
// this screen alone; at a detached one its seat must hold the answers.
func (m *model) holds() bool {
	if m.seat == "" {
		return true
	}
	if m.run.attended == nil {
		return false
	}
	h := words.Holder(m.run.attended.Seats)
	return h != nil && h.ID == m.seat
}

// off says why this screen's answers do not count, or nothing.
func (m *model) off() safe.Text {
	switch {
	case m.holds():
		return safe.Text{}
	case m.run.attended == nil:
		return safe.Lit("it is not known yet who answers")
	}
	if h := words.Holder(m.run.attended.Seats); h != nil {
		return safe.Sprintf("%s answers; press t to take over", words.Who(*h))
	}
	return safe.Lit("nobody answers; press t to take over")
}

// mayTake reports whether the answers can be taken now.
func (m *model) mayTake() bool {
	return m.run.attended != nil && m.run.finished == nil && !m.holds()
}

// onAttended follows who is there. An operator who loses the answers is told at
// once and loses what was half typed; one who gets them finds a quiet keyboard.
func (m *model) onAttended() tea.Cmd {
	held, holds := m.held, m.holds()
	m.held = holds
	h := words.Holder(m.run.attended.Seats)
	if holds {
		m.taken = safe.Text{}
	}
	switch {
	case !holds && h == nil && (held || !m.taken.IsEmpty()): // who took over may have gone since
		m.taken = safe.Lit("nobody answers now; press t to answer")
	case held && !holds:
		m.taken = safe.Sprintf("%s took over from you at %s", words.Who(*h), safe.Show(m.now().UTC().Format("15:04:05 UTC")))
	}
	switch {
	case m.asked == nil:
	case held && !holds:
		return m.ask(m.asked.q)
	default:
		m.asked.chooser.Off(m.off())
	}
	return nil
}

// presence says who is there, for the line below the header.
func (m *model) presence() (safe.Text, look.Style) {
	a := m.run.attended
	switch {
	case m.seat == "" || a == nil || m.run.finished != nil:
		return safe.Text{}, m.st.Rule
	case !a.Holding.IsEmpty():
		return safe.Sprintf("holds still: nobody answers · next is %s", a.Holding), m.st.Warning
	case m.holds():
		return words.There(a.Seats, m.seat), m.st.Muted
	}
	return words.There(a.Seats, m.seat), m.st.Warning
}

// presenceBrief says in the header that others watch, on a terminal that has no
// line below the header.
func (m *model) presenceBrief() safe.Text {
	a := m.run.attended
	if m.seat == "" || a == nil || !m.holds() || m.height >= rulesFrom || m.width >= railFrom || m.run.finished != nil {
		return safe.Text{}
	}
	return words.Watching(a.Seats, m.seat)
}

// seatBadge says in the header that this screen only watches.
func (m *model) seatBadge() safe.Text {
	a := m.run.attended
	switch {
	case m.seat == "" || a == nil || m.holds():
		return safe.Text{}
	case !a.Holding.IsEmpty():
		return safe.Lit("holds still")
	case words.Holder(a.Seats) == nil:
		return safe.Lit("nobody answers")
	}
	return safe.Lit("you watch")
}

// openTake asks for what it takes to take the answers over.
func (m *model) openTake() {
	m.page = ask.NewPage(m.st, m.takeLines)
	seats := m.run.attended.Seats
	take := engine.Choice{
		ID: "take", Key: keyTake, Label: safe.Lit("take over the answers"), Consequence: words.Taking(seats),
		NeedsReason: words.Holder(seats) != nil, Typed: words.TakeOver, Irreversible: true,
	}
	m.menu = ask.New(m.st, engine.Question{Choices: []engine.Choice{take}}, ask.Subject{}, ask.Cursor, map[string]bool{keyQuit: true}, m.now)
	m.menu.Begin(0)
}

func (m *model) onTakeKey(k tea.KeyMsg, burst bool) tea.Cmd {
	switch name := k.String(); {
	case name == "esc", name == keyQuit && !m.menu.Typing():
		m.overlay = overNothing
		return nil
	case name == keyBreak, name == keyPause:
		m.overlay = overNothing
		return m.leave()
	}
	a, handled := m.menu.Press(k, burst)
	if !handled {
		return m.page.Update(k)
	}
	console, ok := m.console.(engine.Attached)
	if a == nil || !ok {
		return nil
	}
	return func() tea.Msg { return wishedMsg{console.Take(a.Reason)} }
}

func (m *model) takeLines(width int) []string {
	var out []string
	say := func(in look.Style, t safe.Text) {
		for _, part := range look.Wrap(t, width-2) {
			out = append(out, look.NewLine(width).To(1).Add(in, part).String())
		}
	}
	say(m.st.Title, safe.Lit("Take over the answers?"))
	if a := m.run.attended; a != nil {
		say(m.st.Plain, words.There(a.Seats, m.seat))
		if h := words.Holder(a.Seats); h != nil && !h.Since.IsZero() {
			say(m.st.Muted, safe.Sprintf("%s is attached for %s", words.Who(*h), clock(m.now().Sub(h.Since))))
		}
	}
	if m.asked != nil {
		say(m.st.Muted, safe.Sprintf("open question: %s", m.asked.q.Title))
	}
	return append(out, look.Blank(width))
}
