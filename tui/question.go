package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/cureview"
	"lockstep/tui/diffview"
	"lockstep/tui/look"
	"lockstep/tui/picker"
	"lockstep/tui/planview"
)

// An asked is the open question: the pane that shows what it is about, and the
// chooser that takes the answer.
type asked struct {
	q       engine.Question
	pane    look.Pane
	chooser *ask.Chooser
	mode    ask.Mode
	ages    bool // the pane says how long ago something was
}

// heights returns how high the choices may be before only the one under the cursor
// says what follows from it, and before none does.
func (a *asked) heights(width, body int) (comfortable, tight int) {
	if !a.ages {
		return body / 2, body / 2
	}
	// What was found and what follows from each choice both matter here.
	return min(body-a.pane.(*ask.Page).LenAt(width), body*2/3), body * 2 / 3
}

// ask opens a question.
func (m *model) ask(q engine.Question) tea.Cmd {
	a := &asked{q: q}
	fetch := m.fetcher(q.ID)
	var s ask.Subject
	switch p := q.Payload.(type) {
	case engine.Candidates:
		v := picker.New(m.st, p, fetch, m.now)
		a.pane, s = v, ask.Subject{Item: v.Item}
	case engine.Review:
		v := diffview.New(m.st, q, fetch)
		a.pane, s = v, ask.Subject{Ready: v.Ready, Acknowledged: v.Acknowledged}
	case engine.PlanReview:
		v := planview.New(m.st, q, fetch)
		a.pane, s = v, ask.Subject{Item: v.Item, Ready: v.Ready, Acknowledged: v.Acknowledged}
		if q.Kind == engine.AskChange {
			s.Taking = v.Taking
		}
	case engine.CureReview:
		v := cureview.New(m.st, q)
		a.pane, a.mode, s = v, ask.Menu, ask.Subject{Item: v.Item}
	case engine.Message:
		v := ask.NewEditor(m.st, q, p)
		a.pane, a.mode, s = v, ask.Cursor, ask.Subject{Text: v.Text}
		q.Choices = muted(q.Choices, p.Muted)
	case engine.Checklist:
		v := ask.NewChecklist(m.st, q, p.Items)
		a.pane, a.mode, s = v, ask.Menu, ask.Subject{Ready: v.Ready, Acknowledged: v.Acknowledged}
	case engine.Settlement:
		a.pane, a.mode, a.ages = ask.Settle(m.st, q, p, m.now), ask.Cursor, true
	default:
		a.pane, a.mode = ask.About(m.st, q), ask.Cursor
		if q.Kind == engine.AskVerify {
			a.pane = newBeside(m.st, m.verify, ask.About(m.st, q))
		}
	}
	a.chooser = ask.New(m.st, q, s, a.mode, reserved(a.pane), m.now)
	a.chooser.Off(m.off())
	m.asked = a
	m.layout()
	first := a.pane.Update(openedMsg{})
	return tea.Batch(first, m.o.after(time.Second/2, askedMsg{}))
}

// openedMsg is the first message of a question's pane, for one that wants to
// fetch something before the operator moves.
type openedMsg struct{}

// muted writes on the choices themselves that nothing will be sent, and why.
func muted(choices []engine.Choice, why safe.Text) []engine.Choice {
	if why.IsEmpty() {
		return choices
	}
	for _, c := range choices {
		if strings.Contains(c.Label.String(), why.String()) {
			return choices // they say so themselves
		}
	}
	out := append([]engine.Choice(nil), choices...)
	for i, c := range out {
		if !c.Stops {
			out[i].Label = safe.Sprintf("%s [%s]", c.Label, why)
		}
	}
	return out
}

// close takes a question away that has its answer or will not get one.
func (m *model) close(id string) {
	if m.asked != nil && m.asked.q.ID == id {
		m.asked = nil
	}
}

// typing reports whether every key goes into a text.
func (a *asked) typing() bool {
	if a.chooser.Typing() {
		return true
	}
	t, ok := a.pane.(look.Typist)
	return ok && t.Typing()
}

// press gives a key to the pane when the operator writes there, else to the
// choices, and to the pane what they did not want.
func (a *asked) press(m *model, k tea.KeyMsg, burst bool) tea.Cmd {
	if !m.off().IsEmpty() && a.writes() && !scrolls[k.String()] {
		return nil
	}
	if t, ok := a.pane.(look.Typist); ok && t.Typing() && !a.chooser.Typing() {
		return a.pane.Update(k)
	}
	if a.claims(k) {
		if !a.chooser.Awake() {
			return nil
		}
		if a.chooser.TakeBack() {
			return nil
		}
		return a.pane.Update(k)
	}
	answer, handled := a.chooser.Press(k, burst)
	if answer != nil {
		return m.answer(*answer)
	}
	if !handled {
		return a.pane.Update(k)
	}
	return nil
}

// writes reports whether the pane takes a part of the answer by its own keys.
func (a *asked) writes() bool {
	switch a.pane.(type) {
	case *ask.Editor, *ask.Checklist:
		return true
	}
	return false
}

// scrolls are the keys that only move what is seen.
var scrolls = map[string]bool{"up": true, "down": true, "j": true, "k": true, "pgup": true, "pgdown": true, "g": true, "G": true, "home": true, "end": true}

// claims reports whether enter is the pane's own key now, as on a row that opens.
func (a *asked) claims(k tea.KeyMsg) bool {
	if k.String() != "enter" || a.mode != ask.Keys || a.chooser.Typing() || a.chooser.Sent() {
		return false
	}
	for _, h := range a.pane.Keys() {
		for _, name := range splitKeys(h.Key) {
			if name == "enter" && h.Disabled.IsEmpty() {
				return true
			}
		}
	}
	return false
}

// answer sends an answer, off the screen's loop.
func (m *model) answer(a engine.Answer) tea.Cmd {
	console := m.console
	return func() tea.Msg { return answeredMsg{a.Question, console.Answer(a)} }
}

// fetcher returns how to get parts of a question's payload, off the screen's loop.
func (m *model) fetcher(question string) look.Fetcher {
	console, ctx := m.console, m.ctx
	return func(r engine.Request) tea.Cmd {
		r.Question = question
		return func() tea.Msg {
			part, err := console.Fetch(ctx, r)
			return look.FetchedMsg{Request: r, Part: part, Err: err}
		}
	}
}

// claimsEnter reports whether enter is the pane's own key now.
func (a *asked) claimsEnter() bool { return a.claims(tea.KeyMsg{Type: tea.KeyEnter}) }
