package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/list"
	"lockstep/tui/look"
)

// logKeep is how many lines the log holds at least; it forgets the oldest.
const logKeep = 100_000

// A log is what programs printed and what the run warned of, line by line. Lines
// are cut at the edge, not wrapped, so that a line is a row whatever its length.
type log struct {
	st            look.Styles
	lines         []logLine
	forgotten     int
	rows          *list.List
	side          int
	width, height int

	applying, verifying bool // the boards have something to show
}

type logLine struct {
	text safe.Text
	kind logKind
}

type logKind int

const (
	logOutput logKind = iota
	logStep
	logWarning
)

func newLog(st look.Styles) *log { return &log{st: st, rows: list.NewScroll()} }

// event keeps what belongs into the log.
func (g *log) event(e engine.Envelope, r *run) {
	switch v := e.Event.(type) {
	case engine.StepStarted:
		g.applying, g.verifying = false, false
		if s := r.step(v.ID); s != nil {
			g.add(logStep, safe.Sprintf("%s  %s %s", safe.Show(e.Time.UTC().Format("15:04:05")), safe.Show(s.Position), s.title()))
		}
	case engine.ApplyStarted:
		g.applying = true
	case engine.VerifyMoved:
		g.verifying = true
	case engine.Warned:
		g.add(logWarning, v.Text)
	case engine.OutputWritten:
		if v.Dropped > 0 {
			g.add(logWarning, safe.Sprintf("%d lines left out here", v.Dropped))
		}
		for _, t := range v.Lines {
			g.add(logOutput, t)
		}
	}
}

func (g *log) add(kind logKind, t safe.Text) {
	end := g.rows.AtEnd()
	if len(g.lines) >= 2*logKeep {
		g.forgotten += len(g.lines) - logKeep
		g.lines = append([]logLine(nil), g.lines[len(g.lines)-logKeep:]...)
	}
	g.lines = append(g.lines, logLine{t, kind})
	g.rows.SetLen(len(g.lines))
	if end {
		g.rows.Select(len(g.lines))
	}
}

func (g *log) len() int { return len(g.lines) }

// tail draws the last lines that programs printed in the step that runs, n at
// most.
func (g *log) tail(width, n int) []string {
	var out []string
	for i := len(g.lines) - 1; i >= 0 && len(out) < n && g.lines[i].kind != logStep; i-- {
		if g.lines[i].kind == logOutput {
			out = append(out, g.draw(g.lines[i], width))
		}
	}
	slices.Reverse(out)
	return out
}

func (g *log) draw(l logLine, width int) string {
	row := look.NewLine(width).To(1)
	switch l.kind {
	case logStep:
		return row.Add(g.st.Accent, l.text).String()
	case logWarning:
		return row.Add(g.st.Warning, safe.Lit("! ")).Add(g.st.Warning, l.text).String()
	}
	if g.side > 0 {
		r := []rune(l.text.String())
		return row.Add(g.st.Plain, safe.Show(string(r[min(g.side, len(r)):]))).String()
	}
	return row.Add(g.st.Plain, l.text).String()
}

// SetSize says how large the log is on the screen.
func (g *log) SetSize(width, height int) {
	end := g.rows.AtEnd()
	g.width, g.height = width, height
	g.rows.SetHeight(height - 1)
	if end {
		g.rows.Select(len(g.lines))
	}
}

// Update scrolls, down and aside.
func (g *log) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok || g.rows.Press(k.String()) {
		return nil
	}
	switch k.String() {
	case "right":
		g.side += 20
	case "left":
		g.side = max(g.side-20, 0)
	}
	return nil
}

// View draws the visible lines.
func (g *log) View() string {
	first, end := g.rows.Visible()
	title := safe.Sprintf("log · lines %d–%d of %d", first+g.forgotten+1, end+g.forgotten, len(g.lines)+g.forgotten)
	if len(g.lines) == 0 {
		title = safe.Lit("log · nothing yet")
	}
	if g.forgotten > 0 {
		title = safe.Sprintf("%s, the first %d forgotten", title, g.forgotten)
	}
	out := []string{look.NewLine(g.width).To(1).Add(g.st.Title, title).String()}
	for _, l := range g.lines[first:end] {
		out = append(out, g.draw(l, g.width))
	}
	return look.Stack(out, g.width, g.height)
}

// Keys lists how to move.
func (g *log) Keys() []look.Hint {
	return []look.Hint{{Key: "↑↓ pgup pgdn", Label: "scroll"}, {Key: "G", Label: "end"}, {Key: "←→", Label: "aside"}}
}

func repeat(s string, n int) safe.Text { return safe.Show(strings.Repeat(s, max(n, 0))) }
