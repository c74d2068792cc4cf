package ask

import (
	"slices"

	"lockstep/runbook/safe"
)

// Off says why this operator's answers do not count, or with nothing that they do
// again. What was half typed is dropped when it begins; when it ends the keyboard
// has to be quiet once more.
func (c *Chooser) Off(why safe.Text) {
	was := !c.off.IsEmpty()
	switch c.off = why; {
	case !why.IsEmpty() && !was:
		c.stage, c.armed, c.note = choosing, -1, safe.Text{}
		c.reason, c.word = entry{}, entry{}
	case why.IsEmpty() && was:
		c.grace, c.complained = newGrace(c.now()), false
	}
}

// pressOff takes a key of an operator whose answers do not count, and reports
// whether it was the chooser's.
func (c *Chooser) pressOff(name string) bool {
	if c.mode == Cursor && c.moveCursor(name) {
		return true
	}
	return name == "enter" || slices.Contains(c.keys, name)
}

// moveCursor moves it and reports whether the key was for that.
func (c *Chooser) moveCursor(name string) bool {
	switch name {
	case "up":
		c.cursor--
	case "down":
		c.cursor++
	default:
		return false
	}
	c.cursor = max(min(c.cursor, len(c.q.Choices)-1), 0)
	return true
}

// Begin picks a choice without its key, for a question that the operator opened
// to say just that.
func (c *Chooser) Begin(i int) {
	c.Waive()
	c.pick(i)
}

// Sealing reports whether the operator is typing a word, which must not be pasted.
func (c *Chooser) Sealing() bool { return c.stage == typing }
