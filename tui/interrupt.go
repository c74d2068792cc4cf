package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/look"
	"lockstep/tui/words"
)

// Choices of the interrupt menu that are no interrupts.
const (
	choiceLeave  = "leave"
	choiceDetach = "detach"
)

// openInterrupt opens the menu that says how a run can be left or ended.
func (m *model) openInterrupt() {
	m.page = ask.NewPage(m.st, m.interruptLines)
	q := m.interruptQuestion()
	m.menu = ask.New(m.st, q, ask.Subject{}, ask.Cursor, map[string]bool{keyQuit: true, keyTake: true}, m.now)
	m.menu.Waive()
	m.offered = offer(q)
}

// offer tells one state of the menu from another.
func offer(q engine.Question) string {
	var b strings.Builder
	for _, c := range q.Choices {
		b.WriteString(c.ID + "\x00" + c.Disabled.String() + "\x00")
	}
	return b.String()
}

// renewMenu opens the menu anew when something else can be chosen than before.
// What is half typed was meant for what there is no more.
func (m *model) renewMenu() {
	switch m.overlay {
	case overInterrupt:
		if offer(m.interruptQuestion()) != m.offered {
			m.openInterrupt()
		}
		m.page.Refresh()
	case overTake:
		if m.off().IsEmpty() {
			m.overlay = overNothing
			return
		}
		m.page.Refresh()
	}
}

func (m *model) interruptQuestion() engine.Question {
	r := &m.run
	on := engine.Choice{
		ID: string(engine.GoOn), Key: "g", Label: safe.Lit("go on"),
		Consequence: safe.Lit("nothing changes; the run goes on"),
	}
	if r.Run == "" && m.seat == "" {
		leave := engine.Choice{
			ID: choiceLeave, Key: "l", Label: safe.Lit("leave"),
			Consequence: safe.Lit("what was prepared so far is given up; no run has begun"),
		}
		return engine.Question{Choices: []engine.Choice{on, leave}}
	}
	switch r.ending {
	case engine.StopSoon:
		on.Consequence = safe.Lit("takes the stop back, if it has not taken effect yet")
	case engine.CancelNow:
		on.Label, on.Consequence = safe.Lit("wait"), safe.Lit("back to the screen; what is under way ends by itself, most of the time")
	}
	off := m.off()
	if !off.IsEmpty() {
		on.Label, on.Consequence = safe.Lit("watch on"), safe.Lit("nothing changes; the run goes on")
	}
	q := engine.Question{Choices: []engine.Choice{on}}
	if m.seat != "" {
		q.Choices = append(q.Choices, m.detachChoice())
	}
	for _, c := range m.endings() {
		c.Disabled = off
		q.Choices = append(q.Choices, c)
	}
	return q
}

func (m *model) detachChoice() engine.Choice {
	c := engine.Choice{ID: choiceDetach, Key: "d", Label: safe.Lit("detach")}
	back := safe.Lit("come back with lockstep attach")
	if m.run.Run != "" {
		back = safe.Sprintf("%s %s", back, safe.Show(m.run.Run))
	}
	c.Consequence = safe.Sprintf("the run goes on without you; the step in flight ends and is recorded; nothing new starts until somebody attaches; %s", back)
	if !m.off().IsEmpty() {
		c.Consequence = safe.Sprintf("you stop watching, and nothing else changes; %s", back)
	}
	return c
}

// endings are the ways to end the run that are left.
func (m *model) endings() []engine.Choice {
	program := m.program()
	if m.run.ending != engine.CancelNow {
		cancel := safe.Lit("planning and waiting end at once, and the run with them; Terraform is asked once to stop, finishes the resource it is working on, and what is applied stays")
		if m.run.resuming() {
			cancel = safe.Lit("no more is looked for; a program that still works is left alone and not asked to stop; what is not known stays so, and lockstep resume looks again")
		}
		return []engine.Choice{
			{
				ID: string(engine.StopSoon), Key: "s", Label: safe.Lit("stop after this step"),
				Consequence: safe.Lit("what is being done now ends as usual and is recorded; nothing new starts; the pin does not move by itself"),
			},
			{
				ID: string(engine.CancelNow), Key: "c", Label: safe.Lit("cancel now"),
				Consequence: cancel,
			},
		}
	}
	if program.IsEmpty() {
		return nil
	}
	var out []engine.Choice
	for i, how := range words.Forces {
		out = append(out, engine.Choice{
			ID: string(how), Key: []string{"i", "k"}[i], Label: words.Force(how, program), Consequence: words.Forced(how),
			Typed: engine.ForceWord(how), Irreversible: true,
		})
	}
	return out
}

// program names what has an effect now and may not end although it was asked to,
// or is empty.
func (m *model) program() safe.Text {
	if m.apply.UnderWay() {
		return safe.Lit("Terraform")
	}
	if s := m.run.step(m.run.current); s != nil && s.Kind == runbook.KindCommand && m.asked == nil {
		return safe.Lit("the program")
	}
	return safe.Text{}
}

func (m *model) onInterruptKey(k tea.KeyMsg, burst bool) tea.Cmd {
	name := k.String()
	if !m.menu.Typing() {
		switch {
		case name == "esc", name == keyQuit:
			m.overlay = overNothing
			return nil
		case name == keyTake && m.mayTake():
			m.open(overTake)
			return nil
		case name == "enter" && m.menu.Chosen() == string(engine.CancelNow):
			m.menu.Refuse(safe.Lit("enter does not cancel: press c"))
			return nil
		}
	}
	if name == keyBreak || name == keyPause {
		m.menu.Refuse(safe.Lit("Ctrl-C alone ends nothing: choose one of these"))
		return nil
	}
	a, handled := m.menu.Press(k, burst)
	if !handled {
		return m.page.Update(k)
	}
	if a == nil {
		return nil
	}
	return m.wish(*a)
}

// wish does what was chosen in the interrupt menu.
func (m *model) wish(a engine.Answer) tea.Cmd {
	how, console := engine.Interrupt(a.Choice), m.console
	switch {
	case a.Choice == choiceLeave:
		m.err = ErrLeft
		return tea.Quit
	case a.Choice == choiceDetach:
		m.err = ErrDetached
		return tea.Quit
	case engine.ForceWord(how) != "":
		return func() tea.Msg { return wishedMsg{console.Force(how, a.Typed)} } // the menu stays until it is known
	}
	m.overlay = overNothing
	if how == engine.GoOn && m.run.ending != engine.StopSoon || !m.off().IsEmpty() {
		return nil
	}
	return func() tea.Msg {
		console.Interrupt(how)
		return askedMsg{}
	}
}

// onWished closes the menu, or says why the wish was refused.
func (m *model) onWished(msg wishedMsg) {
	switch {
	case !m.overlay.hasMenu():
	case msg.err != nil:
		m.menu.Refuse(safe.Show(msg.err.Error()))
	default:
		m.overlay = overNothing
	}
	m.layout()
}

func (m *model) interruptLines(width int) []string {
	r := &m.run
	title := safe.Lit("The run goes on while this is open. What now?")
	switch {
	case r.Run == "" && m.seat == "":
		title = safe.Lit("Still preparing. What now?")
	case r.ending == engine.CancelNow:
		title = safe.Sprintf("Cancelling for %s", clock(m.now().Sub(r.since)))
		if p := m.program(); !p.IsEmpty() {
			title = safe.Sprintf("%s; %s has not ended yet", title, p)
		}
	}
	var out []string
	say := func(in look.Style, t safe.Text) {
		for _, part := range look.Wrap(t, width-2) {
			out = append(out, look.NewLine(width).To(1).Add(in, part).String())
		}
	}
	say(m.st.Title, title)
	work := m.workLines(width)
	if s := r.step(r.current); s != nil && (len(work) == 0 || m.height >= rulesFrom) {
		say(m.st.Muted, safe.Sprintf("in step %s, %s", safe.Show(s.Position), s.title()))
	}
	out = append(out, work...)
	if r.ending != "" && (r.ending != engine.CancelNow || r.forced != "" || len(work) == 0) {
		say(m.st.Warning, m.endingWords())
	}
	return append(out, look.Blank(width))
}

// workLines says what is still being done, and for how long, while a cancel waits
// for its end.
func (m *model) workLines(width int) []string {
	if m.run.ending != engine.CancelNow {
		return nil
	}
	jobs := m.apply.Jobs()
	if len(jobs) == 0 {
		if m.apply.UnderWay() {
			return []string{look.NewLine(width).To(1).Add(m.st.Plain, safe.Lit("nothing is being changed now; Terraform saves its state")).String()}
		}
		return nil
	}
	var out []string
	if m.height >= rulesFrom {
		out = append(out, look.Blank(width), look.NewLine(width).To(1).Add(m.st.Plain, safe.Lit("still at work:")).String())
	}
	names := 0
	for _, j := range jobs {
		names = max(names, look.Width(j.Name))
	}
	for _, j := range jobs {
		since := clock(m.now().Sub(j.Since))
		l := look.NewLine(width).To(1).Add(m.st.Accent, signRunning).Add(m.st.Plain, safe.Lit(" "))
		if width < 60 {
			l.Cell(m.st.Bold, j.Name, width-l.Used()-look.Width(since)-3)
			out = append(out, l.Right(m.st.Plain, safe.Sprintf("%s ", since)).String())
			continue
		}
		l.Cell(m.st.Bold, j.Name, min(names, width-30)).Add(m.st.Plain, safe.Lit("  "))
		l.Cell(m.st.Muted, safe.Show(string(j.Action)), 7).Add(m.st.Plain, safe.Sprintf("  for %s", since))
		out = append(out, l.String())
	}
	return out
}
