package tui

import (
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// header draws the bar that says what this is: whether it is real, where, which
// run, who. Where there is little room, what decides least goes first.
func (m *model) header(width int) string {
	bar, word := m.st.Bold, safe.Lit("PREPARING")
	switch m.mode() {
	case engine.Live:
		bar, word = m.st.Live, safe.Lit("LIVE")
	case engine.Rehearsal:
		bar, word = m.st.Rehearsal, safe.Lit("REHEARSAL")
	}
	r := &m.run
	title := m.o.Title
	if !r.Title.IsEmpty() {
		title = r.Title
	}
	badge := m.badge()
	left := []safe.Text{}
	right := []safe.Text{safe.Show(m.now().UTC().Format("15:04:05 UTC"))}
	env := r.Environment
	if t := m.presenceBrief(); !t.IsEmpty() {
		right = append([]safe.Text{t}, right...)
	}
	if r.Run != "" {
		right = append(right, safe.Sprintf("recorded %d", r.recorded), r.label(), r.Operator)
	}
	// from the one that goes last to the one that goes first
	budget := width - look.Width(word) - 4
	if !badge.IsEmpty() {
		budget -= look.Width(badge) + 4
	}
	keep := func(t safe.Text) bool {
		if t.IsEmpty() || look.Width(t)+3 > budget {
			return false
		}
		budget -= look.Width(t) + 3
		return true
	}
	showEnv := keep(env)
	var rightShown []safe.Text
	for _, t := range right {
		if keep(t) {
			rightShown = append([]safe.Text{t}, rightShown...)
		}
	}
	if budget > 10 && !title.IsEmpty() {
		left = append(left, shorten(title, budget-3))
	}
	if showEnv && len(left) > 0 {
		left = append(left, safe.Lit("›"))
	}
	if showEnv {
		left = append(left, env)
	}
	l := look.NewLine(width)
	if badge.IsEmpty() {
		l.Add(bar, safe.Sprintf(" %s  %s", word, safe.Join(left, " ")))
	} else {
		l.Add(bar, safe.Sprintf(" %s ", word)).Add(m.st.Warning, safe.Sprintf(" ! %s ", badge))
		l.Add(bar, safe.Sprintf(" %s", safe.Join(left, " ")))
	}
	end := safe.Sprintf("%s ", safe.Join(rightShown, " · "))
	if n := width - l.Used() - look.Width(end); n > 0 {
		l.Add(bar, blanks(n))
	}
	return l.Add(bar, end).String()
}

// mode returns whether the run may have effects, as far as is known.
func (m *model) mode() engine.Mode {
	if m.run.Run != "" {
		return m.run.Mode
	}
	return m.o.Mode
}

// headRule draws the line below the header. It says who is there where that has
// to be said, and a rehearsal says there once more what it is.
func (m *model) headRule(width int) string {
	title, in := m.presence()
	if m.mode() == engine.Rehearsal {
		what := safe.Lit("rehearsal: nothing is changed and nothing is sent")
		if title.IsEmpty() {
			return look.RuleLine(m.st, width, what, m.st.Muted)
		}
		title = joinNote(what, title)
	}
	if title.IsEmpty() {
		in = m.st.Rule
	}
	return look.RuleLine(m.st, width, shorten(title, width-8), in)
}

// label names the run in the header.
func (r *run) label() safe.Text {
	name := safe.Sprintf("run %s", safe.Show(shortRun(r.Run)))
	switch {
	case r.Resumed == 1:
		return safe.Sprintf("%s, resumed", name)
	case r.Resumed > 1:
		return safe.Sprintf("%s, resumed %d times", name, r.Resumed)
	}
	return name
}

// shortRun returns the start of a run's id, which is enough to tell it by.
func shortRun(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// fold draws the one line that stands for the rail on a narrow terminal.
func (m *model) fold(width int) string {
	r := &m.run
	l := look.NewLine(width).Add(m.st.Plain, safe.Lit(" "))
	top := 0
	for _, s := range r.steps {
		if s.Parent == "" {
			top++
		}
	}
	where := safe.Sprintf("%d steps", top)
	switch s := r.now(); {
	case r.finished != nil:
		where = safe.Sprintf("%s · %d steps", resultWord(r.finished.Result), top)
	case s != nil:
		where = safe.Sprintf("step %s of %d · %s", safe.Show(s.Position), top, s.title())
		if n := len(r.rounds[s.Parent]); n > 1 {
			where = safe.Sprintf("%s · change %d", where, r.rounds[s.Parent][n-1].number)
		}
		if width < 60 {
			where = safe.Sprintf("%s/%d %s", safe.Show(s.Position), top, s.title())
		}
	case r.resuming():
		where = safe.Sprintf("resuming · %d steps", top)
	case len(r.steps) == 0:
		where = safe.Lit("no run yet")
	}
	if m.mode() == engine.Rehearsal && width >= 60 && m.height < rulesFrom {
		where = safe.Sprintf("%s · nothing is changed", where)
	}
	word, outcome := r.probesWord()
	style := m.st.Good
	if outcome != engine.Pass {
		style = m.st.Danger
	}
	if room := width - look.Width(word) - 5; !word.IsEmpty() {
		where = shorten(where, max(room, 12))
	}
	l.Add(m.st.Bold, where)
	if !word.IsEmpty() {
		l.Add(m.st.Rule, safe.Lit(" · ")).Add(style, word)
	}
	return l.String()
}

// now returns the step that runs; between two steps of an each_change, that one.
func (r *run) now() *step {
	if s := r.step(r.current); s != nil {
		return s
	}
	for _, s := range r.steps {
		if s.running {
			return s
		}
	}
	return nil
}

// resultWord says in a word or two how a run or a step ended.
func resultWord(r engine.Result) safe.Text {
	switch r {
	case engine.OK, "":
		return safe.Lit("done")
	case engine.Failed:
		return safe.Lit("FAILED")
	case engine.Declined:
		return safe.Lit("declined")
	case engine.Stopped:
		return safe.Lit("stopped")
	case engine.Accepted:
		return safe.Lit("accepted")
	case engine.Skipped:
		return safe.Lit("skipped")
	}
	return safe.Lit("OUTCOME UNKNOWN")
}
