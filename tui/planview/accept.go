package planview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// A code is what an operator types to accept a hazard.
type code struct {
	hazard int32
	prompt rows.Prompt
	wrong  safe.Text
}

// askCode opens the prompt for the hazard under the cursor.
func (v *View) askCode() {
	b := v.at()
	switch {
	case b.kind != hazardBlock:
		v.note = safe.Lit("h goes to the next hazard")
	case !v.apply:
		v.note = safe.Lit("hazards are accepted when the plan of a change is about to be applied")
	case !v.review.Hazards[b.a].Accept:
		v.note = safe.Lit("this one has to be read, not accepted")
	case v.accepted[b.a]:
		v.accepted[b.a] = false
		v.cache.Clear()
		v.note = safe.Lit("taken back: this hazard is not accepted any more")
	default:
		v.code = &code{hazard: b.a}
		v.code.prompt.Start(v.cursor)
	}
}

// typeCode takes a key of the code. It counts only when it was typed, letter for
// letter.
func (v *View) typeCode(k tea.KeyMsg) {
	c := v.code
	c.wrong = safe.Text{}
	if k.Paste {
		c.wrong = safe.Lit("pasted text does not count: type it")
		return
	}
	if k.Type == tea.KeyEnter {
		if c.prompt.Query() != v.review.Hazards[c.hazard].Code {
			c.prompt.Start(v.cursor)
			c.wrong = safe.Lit("that is not the code")
			return
		}
		v.accepted[c.hazard], v.code = true, nil
		v.cache.Clear()
		v.changed()
		return
	}
	if c.prompt.Key(k) == rows.Closed {
		v.code = nil
		v.note = safe.Lit("nothing was accepted")
	}
}

// line draws the prompt in place of the status.
func (c *code) line(v *View) string {
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" type ")).Add(v.st.Danger, safe.Show(v.review.Hazards[c.hazard].Code))
	l.Add(v.st.Plain, safe.Lit(" to accept: ")).Add(v.st.Bold, safe.Show(c.prompt.Query())).Add(v.st.Selected, safe.Lit(" "))
	if !c.wrong.IsEmpty() {
		return l.Add(v.st.Danger, safe.Sprintf("  %s", c.wrong)).String()
	}
	return l.Right(v.st.Muted, safe.Lit("  esc leaves ")).String()
}

// Sealing reports whether the operator is writing a word that has to be typed.
func (v *View) Sealing() bool { return v.code != nil }

// watch notes which hazards are on the screen, their first and their last line.
func (v *View) watch() {
	if v.order != nil || v.unseen == 0 || v.stack.Height() == 0 {
		return
	}
	top, bottom := v.stack.Top(), v.stack.Bottom()
	b, _ := v.stack.At(top)
	for ; b < len(v.blocks) && v.stack.Start(b) < bottom; b++ {
		if v.blocks[b].kind != hazardBlock {
			continue
		}
		s := &v.sighted[v.blocks[b].a]
		was := s.whole()
		s.start = s.start || v.stack.Start(b) >= top
		s.end = s.end || v.stack.Start(b+1) <= bottom
		if !was && s.whole() {
			v.unseen--
			v.changed()
		}
	}
}

// A sighting is which ends of a hazard were on the screen.
type sighting struct{ start, end bool }

func (s sighting) whole() bool { return s.start && s.end }
