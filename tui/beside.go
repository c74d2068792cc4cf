package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/look"
)

// A beside is two panes one below the other: what is still measured, and the
// words of the question that is asked about it.
type beside struct {
	st            look.Styles
	live          look.Pane
	words         *ask.Page
	width, height int
}

func newBeside(st look.Styles, live look.Pane, words *ask.Page) *beside {
	return &beside{st: st, live: live, words: words}
}

// SetSize gives the board the larger half.
func (b *beside) SetSize(width, height int) {
	b.width, b.height = width, height
	b.words.SetSize(width, b.wordsHeight())
	b.live.SetSize(width, height-b.wordsHeight())
}

func (b *beside) wordsHeight() int {
	b.words.SetSize(b.width, b.height)
	return max(min(b.words.Len(), b.height/2), 0)
}

// Update passes keys on to both: the board has the arrows.
func (b *beside) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && (k.String() == "pgup" || k.String() == "pgdown") {
		return b.words.Update(msg)
	}
	return b.live.Update(msg)
}

// View draws the words first, because they say what happened.
func (b *beside) View() string {
	h := b.wordsHeight()
	b.words.SetSize(b.width, h)
	return look.Stack(append(lines(b.words.View()), lines(b.live.View())...), b.width, b.height)
}

// Keys lists those of both.
func (b *beside) Keys() []look.Hint { return append(b.words.Keys(), b.live.Keys()...) }

// A working is the pane of a step that needs no answer: what it does, how far it
// is, and what its program printed last.
type working struct {
	m             *model
	width, height int
}

// SetSize says how large the pane is.
func (w *working) SetSize(width, height int) { w.width, w.height = width, height }

// Update has nothing to do.
func (w *working) Update(tea.Msg) tea.Cmd { return nil }

// Keys has none of its own.
func (w *working) Keys() []look.Hint { return nil }

// View draws it.
func (w *working) View() string {
	m, st := w.m, w.m.st
	var out []string
	say := func(in look.Style, t safe.Text) {
		for _, part := range look.Wrap(t, w.width-2) {
			out = append(out, look.NewLine(w.width).To(1).Add(in, part).String())
		}
	}
	s := m.run.step(m.run.current)
	switch {
	case m.run.Run == "":
		w.preparing(say)
		return look.Stack(out, w.width, w.height)
	case s == nil && m.run.resuming():
		say(st.Title, safe.Lit("Resuming"))
		say(st.Plain, safe.Lit("finding out what became of what was under way …"))
		say(st.Muted, safe.Lit("nothing new starts before that is known"))
		if !m.run.warned.IsEmpty() {
			say(st.Warning, m.run.warned)
		}
		if p := m.run.progress; p != nil {
			say(st.Plain, safe.Sprintf("%s · %s", p.What, clock(m.now().Sub(m.run.started))))
		}
		return look.Stack(append(out, w.output(len(out))...), w.width, w.height)
	case s == nil:
		w.between(say)
		return look.Stack(out, w.width, w.height)
	}
	title := s.title()
	if s.attempt > 1 && s.Parent == "" {
		title = safe.Sprintf("%s · attempt %d", title, s.attempt)
	}
	say(st.Title, title)
	out = append(out, whyOf(st, s.Why, w.width, 1)...)
	out = append(out, look.Blank(w.width))
	elapsed := clock(m.now().Sub(m.run.worked))
	if p := m.run.progress; p != nil {
		say(st.Plain, safe.Sprintf("%s · %s", p.What, elapsed))
		if p.Total > 0 {
			out = append(out, bar(st, w.width, p.Done, p.Total))
		}
	} else {
		say(st.Plain, safe.Sprintf("at work · %s", elapsed))
	}
	return look.Stack(append(out, w.output(len(out))...), w.width, w.height)
}

// output draws what programs printed last, below what takes so many lines.
func (w *working) output(above int) []string {
	tail := w.m.log.tail(w.width, w.height-above-2)
	if len(tail) == 0 {
		return nil
	}
	st := w.m.st
	return append([]string{look.Blank(w.width), look.RuleLine(st, w.width, safe.Lit("output"), st.Muted)}, tail...)
}

// between draws what is so while no step runs.
func (w *working) between(say func(look.Style, safe.Text)) {
	m := w.m
	a, p := m.run.attended, m.run.progress
	switch {
	case a != nil && !a.Holding.IsEmpty():
		say(m.st.Title, safe.Lit("The run holds still: nobody is there to answer."))
		say(m.st.Plain, safe.Sprintf("Next is %s. It starts when somebody takes the answers.", a.Holding))
	case p != nil:
		say(m.st.Plain, p.What)
	default:
		say(m.st.Muted, safe.Lit("between two steps …"))
	}
}

// preparing draws what happens before there is a run.
func (w *working) preparing(say func(look.Style, safe.Text)) {
	m := w.m
	title := safe.Lit("Preparing …")
	if m.seat != "" {
		title = safe.Lit("Attaching …")
	}
	say(m.st.Title, safe.Sprintf("%s %s", title, clock(m.now().Sub(m.opened))))
	say(m.st.Plain, safe.Lit(" "))
	shown := m.preparing
	if room := max(w.height-4, 1); len(shown) > room {
		shown = shown[len(shown)-room:]
	}
	for i, t := range shown {
		if i == len(shown)-1 && m.console == nil {
			say(m.st.Accent, safe.Sprintf("▸ %s", t))
		} else {
			say(m.st.Muted, safe.Sprintf("✓ %s", t))
		}
	}
}

// bar draws how much of something is done, in words and as a bar.
func bar(st look.Styles, width int, done, total int64) string {
	done = max(min(done, total), 0)
	words := safe.Sprintf("  %d of %d", done, total)
	room := max(min(width-look.Width(words)-4, 50), 1)
	full := int(int64(room) * done / total)
	l := look.NewLine(width).To(1)
	l.Add(st.Accent, repeat("█", full)).Add(st.Muted, repeat("░", room-full))
	return l.Add(st.Plain, words).String()
}
