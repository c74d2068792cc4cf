package tui

import (
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// helpLines draws every key, those of the pane that is open first.
func (m *model) helpLines(width int) []string {
	var out []string
	head := func(t safe.Text) {
		if len(out) > 0 {
			out = append(out, look.Blank(width))
		}
		out = append(out, look.NewLine(width).To(1).Add(m.st.Title, t).String())
	}
	key := func(h look.Hint) {
		column := min(16, width/3)
		label := safe.Show(h.Label)
		in, say := m.st.Key, m.st.Plain
		if !h.Disabled.IsEmpty() {
			label, in, say = safe.Sprintf("%s (not now: %s)", label, h.Disabled), m.st.Muted, m.st.Muted
		}
		for i, t := range look.Wrap(label, width-column-1) {
			l := look.NewLine(width)
			if i == 0 {
				l.To(2).Cell(in, safe.Show(h.Key), column-3)
			}
			out = append(out, l.To(column).Add(say, t).String())
		}
	}
	head(safe.Lit("Now"))
	for _, h := range m.allHints() {
		key(h)
	}
	head(safe.Lit("On every screen"))
	leaves := "asks whether to go on, stop after this step, or cancel; at the end of the run it leaves"
	if m.seat != "" {
		leaves = "asks whether to go on, detach, stop after this step, or cancel; at the end of the run it leaves"
		key(look.Hint{Key: keyTake, Label: "take the answers over, while somebody else has them"})
	}
	for _, h := range []look.Hint{
		{Key: keyHelp, Label: "this page; esc closes it"},
		{Key: keySteps, Label: "the steps and probes, also where they have no place beside"},
		{Key: keyLog, Label: "the log: what programs printed"},
		{Key: "q, Ctrl-C", Label: leaves},
		{Key: "↑↓ or j k", Label: "one row"},
		{Key: "pgup pgdn", Label: "one page"},
		{Key: "g G", Label: "first and last row"},
		{Key: "esc", Label: "back"},
	} {
		key(h)
	}
	head(safe.Lit("What keeps a slip from becoming an outage"))
	for _, t := range []safe.Text{
		safe.Lit("A question that opens takes no key until the keyboard was quiet for a moment."),
		safe.Lit("Enter takes nothing that cannot be undone; such a choice asks for a word."),
		safe.Lit("Pasted text chooses nothing."),
	} {
		for _, part := range look.Wrap(t, width-3) {
			out = append(out, look.NewLine(width).To(2).Add(m.st.Plain, part).String())
		}
	}
	head(safe.Lit("Signs"))
	for _, t := range []safe.Text{
		safe.Lit("✓ done   ▸ at work   · not yet   ✗ failed   ! look: accepted, stopped or unknown"),
		safe.Lit("▁▂▃ how long a probe took, against what is usual   × failed   ? no answer either way"),
	} {
		for _, part := range look.Wrap(t, width-3) {
			out = append(out, look.NewLine(width).To(2).Add(m.st.Plain, part).String())
		}
	}
	return out
}

// allHints lists the keys of the open question and its pane.
func (m *model) allHints() []look.Hint {
	hints, stopping := m.hintsNow()
	return append(hints, stopping...)
}

// hintsNow lists the keys of the open question and its pane, and those that stop
// the run.
func (m *model) hintsNow() (hints, stopping []look.Hint) {
	if m.asked == nil || m.summary != nil {
		return m.pane().Keys(), nil
	}
	onward, stopping := m.asked.chooser.Hints()
	if m.asked.chooser.Typing() {
		return onward, nil
	}
	if t, ok := m.asked.pane.(look.Typist); ok && t.Typing() {
		return m.asked.pane.Keys(), nil
	}
	pane := m.asked.pane.Keys()
	if m.asked.mode == 0 && m.asked.claimsEnter() {
		onward = m.asked.chooser.KeysOnly()
	}
	return inOrder(onward, pane), stopping
}

// inOrder puts first what gets the operator on: the keys of the pane that are
// still needed and the choices that can be taken. A choice that cannot be taken
// yet comes last, and keeps its place on a short line.
func inOrder(onward, pane []look.Hint) []look.Hint {
	var first, rest, last []look.Hint
	for _, h := range pane {
		if h.Needed {
			first = append(first, h)
		} else {
			rest = append(rest, h)
		}
	}
	for _, h := range onward {
		if h.Needed = true; h.Disabled.IsEmpty() {
			first = append(first, h)
		} else {
			last = append(last, h)
		}
	}
	return append(append(first, rest...), last...)
}
