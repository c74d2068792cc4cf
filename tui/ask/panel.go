package ask

import (
	"slices"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// Lines draws the chooser in the given width: the menu, and what is being
// written. It is as high as it needs to be. Above a comfortable height only the
// choice under the cursor says what follows from it, above a tight one none does;
// above most, choices far from the cursor are left out.
func (c *Chooser) Lines(width, comfortable, tight, most int) []string {
	lines := c.lines(width, whole)
	if len(lines) > comfortable {
		lines = c.lines(width, underCursor)
		if len(lines) > tight {
			lines = c.lines(width, bare)
		}
	}
	if over := len(lines) - max(most, 0); over > 0 {
		first := len(lines) - max(most, 0)
		if c.mode != Keys && !c.Typing() && c.note.IsEmpty() {
			first = min(over, max(c.cursor-most/2, 0))
		}
		lines = lines[first:][:max(most, 0)]
	}
	return lines
}

// A form is how much of the choices is drawn.
type form int

const (
	whole       form = iota // each with its consequence
	underCursor             // only the one under the cursor
	bare
)

func (c *Chooser) lines(width int, f form) []string {
	var out []string
	if c.mode != Keys && !c.Typing() {
		column := 0
		if f == whole {
			column = c.column(width)
		}
		for i := range c.q.Choices {
			out = append(out, c.choiceLines(i, width, column, f == whole || f == underCursor && c.mode == Cursor && i == c.cursor)...)
		}
	}
	if c.Typing() {
		out = append(out, c.promptLines(width, f != bare)...)
	}
	if c.stage == sent {
		out = append(out, look.NewLine(width).Add(c.st.Muted, safe.Lit("   recording the answer …")).String())
	}
	note := c.note
	if !c.off.IsEmpty() {
		note = c.off
	}
	if !note.IsEmpty() {
		for i, t := range look.Wrap(note, width-4) {
			sign := safe.Lit(" ! ")
			if i > 0 {
				sign = safe.Lit("   ")
			}
			out = append(out, look.NewLine(width).Add(c.st.Warning, sign).Add(c.st.Warning, t).String())
		}
	}
	return out
}

// column returns where the consequences stand beside the labels, or 0 when they
// stand below them.
func (c *Chooser) column(width int) int {
	const before, gap, room = 6, 3, 28
	longest := 0
	for _, ch := range c.q.Choices {
		w := look.Width(ch.Label)
		if ch.Recommended {
			w += look.Width(recommended)
		}
		longest = max(longest, w)
	}
	if at := before + longest + gap; width-at-1 >= room {
		return max(at, 30)
	}
	return 0
}

var recommended = safe.Lit("  (recommended)")

func (c *Chooser) choiceLines(i, width, column int, full bool) []string {
	ch, why := c.q.Choices[i], c.disabled(i)
	l := look.NewLine(width)
	label := c.st.Bold
	if c.mode == Cursor && i == c.cursor {
		l.Add(c.st.Accent, safe.Lit(" ▸ "))
	} else {
		l.Add(c.st.Plain, safe.Lit("   "))
	}
	if !why.IsEmpty() || !c.off.IsEmpty() {
		label = c.st.Muted
		l.Add(c.st.Muted, safe.Show(c.keys[i]))
	} else {
		l.Add(c.st.Key, safe.Show(c.keys[i]))
	}
	l.Add(c.st.Plain, safe.Lit("  ")).Add(label, ch.Label)
	if ch.Recommended {
		l.Add(c.st.Muted, recommended)
	}
	says, in := says(ch, why)
	if says.IsEmpty() || !full && why.IsEmpty() {
		return []string{l.String()}
	}
	if column > 0 {
		rest := width - column - 1
		out := []string{}
		for n, t := range look.Wrap(says, rest) {
			if n > 0 {
				l = look.NewLine(width)
			}
			out = append(out, l.To(column).Add(in(c.st), t).String())
		}
		return out
	}
	out := []string{l.String()}
	for _, t := range look.Wrap(says, width-7) {
		out = append(out, look.NewLine(width).To(6).Add(in(c.st), t).String())
	}
	return out
}

// says joins what an operator should know of a choice before taking it.
func says(ch engine.Choice, why safe.Text) (safe.Text, func(look.Styles) look.Style) {
	muted := func(st look.Styles) look.Style { return st.Muted }
	if !why.IsEmpty() {
		return safe.Sprintf("not now: %s", why), muted
	}
	var parts []safe.Text
	if !ch.Consequence.IsEmpty() {
		parts = append(parts, ch.Consequence)
	}
	if ch.NeedsReason {
		parts = append(parts, safe.Lit("asks for a reason, recorded"))
	}
	if w := seal(ch); w != "" {
		parts = append(parts, safe.Sprintf("asks for the word “%s”", w))
	}
	return safe.Join(parts, "; "), muted
}

func (c *Chooser) promptLines(width int, full bool) []string {
	ch := c.q.Choices[c.picked]
	out := []string{look.RuleLine(c.st, width, ch.Label, c.st.Title)}
	if full {
		for _, t := range append(look.Wrap(ch.Consequence, width-2), look.Wrap(c.why, width-2)...) {
			out = append(out, look.NewLine(width).To(1).Add(c.st.Plain, t).String())
		}
	}
	if c.stage == reasoning {
		l := look.NewLine(width).Add(c.st.Key, safe.Lit(" reason, recorded: "))
		c.reason.add(l, c.st, width)
		return append(out, l.String())
	}
	l := look.NewLine(width).Add(c.st.Plain, safe.Lit(" type "))
	l.Add(c.st.Danger, safe.Sprintf("“%s”", seal(ch)))
	if width < roomy {
		l.Add(c.st.Plain, safe.Lit(": "))
	} else {
		l.Add(c.st.Plain, safe.Lit(" to go on: "))
	}
	c.word.add(l, c.st, width)
	return append(out, l.String())
}

// Hints lists the keys of the chooser: those that go on first, those that stop
// the run in the second list.
func (c *Chooser) Hints() (onward, stopping []look.Hint) { return c.hints(true) }

// KeysOnly lists the keys that go on when enter belongs to the pane.
func (c *Chooser) KeysOnly() []look.Hint {
	onward, _ := c.hints(false)
	return onward
}

func (c *Chooser) hints(enter bool) (onward, stopping []look.Hint) {
	if c.Typing() {
		return []look.Hint{{Key: "enter", Label: "done"}, {Key: "esc", Label: "back"}}, nil
	}
	if c.stage == sent || !c.off.IsEmpty() {
		return nil, nil
	}
	if c.mode == Cursor {
		onward = append(onward, look.Hint{Key: c.cursorKeys(), Label: "choose"})
	}
	preferred := -1
	if c.mode != Cursor && enter {
		preferred = c.preferred()
	}
	for i, ch := range c.q.Choices {
		key := c.keys[i]
		if i == preferred {
			key = "enter"
		}
		h := look.Hint{Key: key, Label: ch.Label.String(), Disabled: c.disabled(i)}
		if ch.NeedsItem && !ch.Stops && c.subject.Taking != nil {
			if t := c.subject.Taking(); !t.IsEmpty() {
				h.Label = t.String()
			}
		}
		h.Needed = ch.Recommended
		switch {
		case ch.Stops:
			stopping = append(stopping, h)
		case i == preferred:
			onward = slices.Insert(onward, 0, h) // the last that a short line lets go of
		default:
			onward = append(onward, h)
		}
	}
	return onward, stopping
}

// cursorKeys names the keys that choose with the cursor: enter only where it
// takes what the cursor is on.
func (c *Chooser) cursorKeys() string {
	if i := c.cursor; i < len(c.q.Choices) && (sealed(c.q.Choices[i]) || !c.disabled(i).IsEmpty()) {
		return "↑↓"
	}
	return "↑↓ enter"
}
