package tui

import (
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A places is how the frame is divided for a size.
type places struct {
	rail   int // width of the steps, 0 when they are folded
	rules  bool
	body   int      // height between the head and the hints
	pane   int      // width of the pane
	why    []string // what the step is for, above the pane
	panel  []string
	notice []string
}

// divide says what goes where. What the chooser writes is taken from the pane's
// height, never the other way round.
func (m *model) divide() places {
	p := places{pane: m.width, rules: m.height >= rulesFrom}
	if m.width >= railFrom {
		p.rail = min(max(m.width*27/100, 30), 42)
		p.pane = m.width - p.rail - 1
		p.rules = true
	}
	head := 1
	if p.rail == 0 {
		head++
	}
	p.body = m.height - head - 1
	if p.rules {
		p.body -= 2
	}
	switch {
	case m.overlay.hasMenu():
		p.panel = m.menu.Lines(p.pane, min(p.body-m.page.LenAt(p.pane), p.body-3), p.body-3, p.body-1)
	case m.overlay == overNothing && m.asked != nil:
		comfortable, tight := m.asked.heights(p.pane, p.body)
		p.panel = m.asked.chooser.Lines(p.pane, comfortable, tight, p.body-1)
	}
	p.why = m.why(p.pane)
	p.notice = m.notice(p.pane)
	if len(p.panel)+len(p.notice) >= p.body {
		p.notice = nil
	}
	return p
}

// Why a step is there is said above its pane, where there is room for that.
const (
	whyFrom  = 20 // height of the terminal
	whyLines = 2  // at most
)

// why draws what the step that runs or asks is for.
func (m *model) why(width int) []string {
	if m.height < whyFrom || m.overlay != overNothing || m.run.finished != nil {
		return nil
	}
	s := m.run.step(m.run.current)
	if m.asked != nil {
		s = m.run.step(m.asked.q.Step)
	}
	if s == nil || m.pane() == m.working { // which says so itself
		return nil
	}
	return whyOf(m.st, s.Why, width, 1)
}

// whyOf draws what a step is for in at most two lines.
func whyOf(st look.Styles, why safe.Text, width, column int) []string {
	var out []string
	parts := look.Wrap(why, width-column-1)
	for i, t := range parts[:min(len(parts), whyLines)] {
		if i == whyLines-1 && len(parts) > whyLines {
			t = safe.Sprintf("%s …", shorten(t, width-column-3))
		}
		out = append(out, look.NewLine(width).To(column).Add(st.Muted, t).String())
	}
	return out
}

// notice draws what the operator should know and need not answer.
func (m *model) notice(width int) []string {
	var out []string
	say := func(t safe.Text) {
		out = append(out, look.NewLine(width).Add(m.st.Warning, safe.Sprintf(" ! %s", t)).String())
	}
	if m.run.finished != nil || m.overlay != overNothing {
		return nil
	}
	if m.run.ending != "" {
		say(m.endingWords())
	}
	if !m.taken.IsEmpty() {
		say(m.taken)
	}
	if !m.run.warned.IsEmpty() && (m.asked != nil || !m.run.resuming()) { // then the pane says it in full
		say(m.run.warned)
	}
	return out
}

// layout pushes sizes down after anything that can change them.
func (m *model) layout() {
	if m.tooSmall() {
		return
	}
	p := m.divide()
	height := m.paneHeight(p)
	switch m.overlay {
	case overHelp, overSteps, overInterrupt, overTake:
		m.page.SetSize(p.pane, height)
	case overLog:
		m.log.SetSize(p.pane, height)
	}
	m.pane().SetSize(p.pane, height)
}

// paneHeight returns how high the pane is. Words to read are as high as they are,
// so that the choices stand right below them; everything else takes what is left.
func (m *model) paneHeight(p places) int {
	room := max(p.body-len(p.why)-len(p.panel)-len(p.notice), 0)
	var words interface{ Len() int }
	switch m.overlay {
	case overInterrupt, overTake:
		words = m.page
	case overNothing:
		if m.asked != nil && m.summary == nil {
			words, _ = m.asked.pane.(interface{ Len() int })
		}
	}
	if words == nil || len(p.panel) == 0 {
		return room
	}
	m.sizeFor(words, p.pane, room)
	return min(room, max(words.Len(), 1))
}

// sizeFor lays words out at the width they will have, so that their length is
// that of what will be shown.
func (m *model) sizeFor(words interface{ Len() int }, width, height int) {
	if p, ok := words.(look.Pane); ok {
		p.SetSize(width, height)
	}
}

func (m *model) tooSmall() bool { return m.width < leastWidth || m.height < leastHeight }

// draw makes the frame.
func (m *model) draw() string {
	if m.tooSmall() {
		return m.drawTooSmall()
	}
	m.layout()
	p := m.divide()
	out := []string{m.header(m.width)}
	if p.rail == 0 {
		out = append(out, m.fold(m.width))
	}
	if p.rules {
		out = append(out, m.headRule(m.width))
	}
	body := m.body(p)
	if p.rail > 0 {
		rail := m.rail(p.rail, p.body)
		bar := m.st.Rule.Render(safe.Lit("│"))
		for i := range body {
			body[i] = rail[i] + bar + body[i]
		}
	}
	out = append(out, body...)
	if p.rules {
		out = append(out, look.RuleLine(m.st, m.width, safe.Text{}, m.st.Rule))
	}
	return look.Stack(append(out, m.hints(m.width)), m.width, m.height)
}

// body draws the pane, or what stands over it, with the chooser below.
func (m *model) body(p places) []string {
	height := m.paneHeight(p)
	var view string
	switch m.overlay {
	case overHelp, overSteps, overInterrupt, overTake:
		view = m.page.View()
	case overLog:
		view = m.log.View()
	default:
		view = m.pane().View()
	}
	out := append(append(p.why, lines(look.Fit(view, p.pane, height))...), p.panel...)
	for len(out)+len(p.notice) < p.body {
		out = append(out, look.Blank(p.pane))
	}
	return lines(look.Stack(append(out, p.notice...), p.pane, p.body))
}

// hints draws the last line.
func (m *model) hints(width int) string {
	tail := []look.Hint{{Key: keyHelp, Label: "all keys"}, {Key: keyQuit, Label: "stop …"}}
	if m.seat != "" {
		tail[1].Label = "leave …"
	}
	if width < 60 {
		tail = []look.Hint{{Key: keyHelp, Label: "keys"}}
	}
	if m.run.finished != nil {
		tail[len(tail)-1] = look.Hint{Key: keyQuit, Label: "leave"}
	}
	var hints []look.Hint
	switch m.overlay {
	case overHelp, overSteps:
		hints = append(m.page.Keys(), look.Hint{Key: "esc", Label: "close"})
		tail = nil
	case overLog:
		hints = append(m.log.Keys(), look.Hint{Key: "esc", Label: "close"})
		tail = nil
	case overInterrupt, overTake:
		hints, _ = m.menu.Hints()
		if tail = nil; !m.menu.Typing() {
			tail = []look.Hint{{Key: "esc", Label: "back"}}
		}
	default:
		var stopping []look.Hint
		if hints, stopping = m.hintsNow(); width >= railFrom {
			tail = append(stopping, tail...)
		} else {
			for _, h := range stopping {
				if h.Needed { // it is the recommended one
					hints = slices.Insert(hints, 0, h)
				} else {
					hints = append(hints, h)
				}
			}
		}
		if m.asked != nil && m.asked.typing() {
			tail = nil
			break
		}
		if m.mayTake() {
			hints = slices.Insert(hints, 0, look.Hint{Key: keyTake, Label: "take over", Needed: true})
		}
		if m.asked == nil && m.log.len() > 0 {
			hints = append(hints, look.Hint{Key: keyLog, Label: "log"})
		}
		if width < railFrom && len(m.run.steps) > 0 {
			hints = append(hints, look.Hint{Key: keySteps, Label: "steps"})
		}
	}
	return look.HintLine(m.st, width, hints, tail)
}

// drawTooSmall says how large the terminal must be, in whatever room there is.
func (m *model) drawTooSmall() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	text := safe.Sprintf("too small: %d×%d, needs %d×%d; the run goes on", m.width, m.height, leastWidth, leastHeight)
	if t := m.badge(); !t.IsEmpty() {
		text = safe.Sprintf("%s · %s", t, text)
	}
	if m.mode() == engine.Live {
		text = safe.Sprintf("LIVE · %s", text)
	}
	var out []string
	for _, t := range look.Wrap(text, m.width) {
		out = append(out, look.NewLine(m.width).Add(m.st.Warning, t).String())
	}
	return look.Fit(strings.Join(out, "\n"), m.width, m.height)
}
