package tui

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/board"
	"lockstep/tui/look"
)

// The smallest terminal the screen is drawn on, and the narrowest that has the
// steps beside the pane.
const (
	leastWidth  = 40
	leastHeight = 12
	railFrom    = 100
	rulesFrom   = 16 // height from which lines stand between the panes
)

// A model is the whole screen.
type model struct {
	ctx     context.Context
	st      look.Styles
	o       Options
	console engine.Console
	seat    string    // of this screen at a detached run, or ""
	held    bool      // this screen's answers counted until now
	taken   safe.Text // that somebody took the answers from this screen, and who

	width, height int
	run           run
	preparing     []safe.Text
	opened        time.Time

	asked   *asked
	apply   *board.Apply
	verify  look.Pane
	boards  []boardPane
	working *working
	log     *log
	summary *summary

	overlay overlay
	page    *ask.Page    // of an overlay
	menu    *ask.Chooser // of an overlay that has one
	offered string       // what the interrupt menu offers
	err     error        // why the screen ends

	dirty bool
	frame string
}

// An overlay is what stands over the pane.
type overlay int

const (
	overNothing overlay = iota
	overHelp
	overSteps
	overLog
	overInterrupt
	overTake
)

// hasMenu reports whether choices stand below the words of an overlay.
func (o overlay) hasMenu() bool { return o == overInterrupt || o == overTake }

// Messages of the screen's own.
type (
	eventsMsg   []engine.Envelope // in order
	endedMsg    struct{}          // there will be no more events
	preparedMsg struct{ line safe.Text }
	consoleMsg  struct{ console engine.Console }
	failedMsg   struct{ err error }
	answeredMsg struct {
		question string
		err      error
	}
	// a wish of the menu was passed on, or refused
	wishedMsg struct{ err error }
	secondMsg struct{}
	askedMsg  struct{} // the time in which a new question takes no key is over
)

func newModel(ctx context.Context, o Options) *model {
	m := &model{ctx: ctx, st: look.New(o.Colour), o: o, width: 80, height: 24, dirty: true}
	m.log = newLog(m.st)
	m.working = &working{m: m}
	m.openBoards()
	m.opened = m.now()
	return m
}

func (m *model) now() time.Time { return m.o.Now() }

// Init starts the clock of the header.
func (m *model) Init() tea.Cmd { return m.tick() }

func (m *model) tick() tea.Cmd { return m.o.after(time.Second, secondMsg{}) }

// Update takes a message. It never blocks.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.dirty = true
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.layout()
	case tea.KeyMsg:
		return m, m.onKeys(msg)
	case eventsMsg:
		return m, m.onEvents(msg)
	case secondMsg:
		m.onSecond()
		return m, m.tick()
	case preparedMsg:
		m.preparing = append(m.preparing, msg.line)
	case consoleMsg:
		m.console = msg.console
		if a, ok := msg.console.(engine.Attached); ok {
			m.seat = a.Seat()
		}
	case wishedMsg:
		m.onWished(msg)
	case answeredMsg:
		m.onAnswered(msg)
	case failedMsg:
		m.err = msg.err
		return m, tea.Quit
	case endedMsg:
		return m, m.onEnded()
	case look.FetchedMsg:
		if m.asked != nil && msg.Request.Question == m.asked.q.ID {
			return m, m.asked.pane.Update(msg)
		}
	case askedMsg:
	default:
		return m, m.pane().Update(msg)
	}
	return m, nil
}

// onKeys counts keys that arrived together one by one.
func (m *model) onKeys(msg tea.KeyMsg) tea.Cmd {
	keys, burst := single(msg)
	paste := burst && pasted(keys)
	if paste && m.asked != nil && m.overlay == overNothing {
		m.asked.chooser.Startle()
	}
	var cmds []tea.Cmd
	for _, k := range keys {
		k.Paste = k.Paste || paste && m.sealing()
		cmds = append(cmds, m.onKey(k, burst))
	}
	m.layout()
	return tea.Batch(cmds...)
}

// onSecond brings what shows a time up to date.
func (m *model) onSecond() {
	m.tickBoards()
	if m.overlay == overInterrupt {
		m.page.Refresh()
	}
	if m.asked != nil && m.asked.ages {
		m.asked.pane.(*ask.Page).Refresh()
	}
}

// sealing reports whether a word is asked for that has to be typed.
func (m *model) sealing() bool {
	if m.overlay.hasMenu() {
		return m.menu.Sealing()
	}
	if m.asked == nil || m.overlay != overNothing {
		return false
	}
	if m.asked.chooser.Sealing() {
		return true
	}
	s, ok := m.asked.pane.(look.Sealer)
	return ok && s.Sealing()
}

// onKey gives a key to whoever it is for: what is being written, what stands
// over the pane, the screen, the choices, the pane.
func (m *model) onKey(k tea.KeyMsg, burst bool) tea.Cmd {
	name := k.String()
	if m.asked != nil && (m.overlay != overNothing || global[name]) {
		m.asked.chooser.TakeBack()
	}
	switch {
	case m.overlay != overNothing:
		return m.onOverlayKey(k, burst)
	case name == keyBreak, name == keyPause:
		return m.leave()
	case m.asked != nil && m.asked.typing():
		return m.asked.press(m, k, burst)
	}
	switch name {
	case keyHelp:
		m.open(overHelp)
	case keyLog:
		m.open(overLog)
	case keySteps:
		m.open(overSteps)
	case keyQuit:
		return m.leave()
	default:
		if name == keyTake && m.mayTake() {
			m.open(overTake)
			return nil
		}
		if m.asked != nil {
			return m.asked.press(m, k, burst)
		}
		if name == "tab" {
			m.open(overSteps)
			return nil
		}
		return m.pane().Update(k)
	}
	return nil
}

func (m *model) onAnswered(msg answeredMsg) {
	if m.asked == nil || m.asked.q.ID != msg.question || msg.err == nil {
		return
	}
	if errors.Is(msg.err, engine.ErrAnswered) {
		m.asked.chooser.Refuse(safe.Lit("this question has been answered elsewhere"))
	} else {
		m.asked.chooser.Refuse(safe.Show(msg.err.Error()))
	}
	m.layout()
}

// View returns the frame. It is made anew only after something changed.
func (m *model) View() string {
	if m.dirty {
		m.frame, m.dirty = m.draw(), false
	}
	return m.frame
}

// pane returns what the main part of the screen shows now.
func (m *model) pane() look.Pane {
	switch {
	case m.summary != nil:
		return m.summary
	case m.asked != nil:
		return m.asked.pane
	}
	return m.busy()
}

// busy returns the pane of the step that runs.
func (m *model) busy() look.Pane {
	if s := m.run.step(m.run.current); s != nil {
		switch s.Kind {
		case "apply":
			if m.log.applying {
				return m.apply
			}
		case "verify", "wait":
			if m.log.verifying {
				return m.verify
			}
		}
	}
	if m.run.current == "" && m.apply.UnderWay() {
		return m.apply // of a step that did not begin again
	}
	return m.working
}

// lines returns a frame's lines.
func lines(frame string) []string { return strings.Split(frame, "\n") }

func blanks(n int) safe.Text { return safe.Show(strings.Repeat(" ", max(n, 0))) }
