package tui

import (
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"
)

// A guard is the model as Bubble Tea sees it. After a panic the screen quits in
// good order and says why, instead of being killed where it stands.
type guard struct {
	m      *model
	quit   func()
	broken bool
}

func (g *guard) Init() tea.Cmd { return guardedCmd(g.m.Init()) }

func (g *guard) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if g.broken {
		return g, tea.Quit
	}
	var cmd tea.Cmd
	if err := guarded(func() error { _, cmd = g.m.Update(msg); return nil }); err != nil {
		g.broken, g.m.err = true, err
		return g, tea.Quit
	}
	return g, guardedCmd(cmd)
}

func (g *guard) View() (frame string) {
	if g.broken {
		return ""
	}
	if err := guarded(func() error { frame = g.m.View(); return nil }); err != nil {
		g.broken, g.m.err = true, err
		go g.quit()
	}
	return frame
}

// guardedCmd guards a command, and those it stands for.
func guardedCmd(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		if err := guarded(func() error { msg = cmd(); return nil }); err != nil {
			return failedMsg{err}
		}
		batch, ok := msg.(tea.BatchMsg)
		if !ok {
			return msg
		}
		all := make(tea.BatchMsg, len(batch))
		for i, c := range batch {
			all[i] = guardedCmd(c)
		}
		return all
	}
}

// guarded turns a panic into an error, so that the screen can close properly
// before anybody sees it.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("lockstep has a bug: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}
