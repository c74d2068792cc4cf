package board

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// stripCells is how many of a probe's last measurements are drawn.
const stripCells = 30

// A Verify is the board of a verification. It is made by [NewVerify] and used by
// the screen's loop only.
type Verify struct {
	st            look.Styles
	width, height int

	state  engine.VerifyMoved
	known  bool
	at     time.Time // of the state
	now    time.Time
	recent map[string][]engine.Outcome // the newest last

	stack rows.Stack
	cache rows.Cache
	stale bool
	late  rows.Bits // the deadline, when the first line had no room for it

	frame string // the last View, or empty
}

// NewVerify returns a board that waits for a verification.
func NewVerify(st look.Styles) *Verify {
	return &Verify{st: st, recent: map[string][]engine.Outcome{}}
}

var _ look.Pane = (*Verify)(nil)

// Event takes an event of the run, in order.
func (b *Verify) Event(e engine.Envelope) {
	if e.Time.After(b.now) {
		b.now = e.Time
	}
	switch ev := e.Event.(type) {
	case engine.VerifyMoved:
		b.state, b.at, b.known = ev, e.Time, true
	case engine.ProbeMeasured:
		last := append(b.recent[ev.Probe], ev.Outcome)
		if len(last) > stripCells {
			last = append(last[:0], last[len(last)-stripCells:]...)
		}
		b.recent[ev.Probe] = last
	case engine.ApplyStarted:
		b.recent = map[string][]engine.Outcome{} // what was measured before says nothing of what is verified
		b.known = false
	default:
		return
	}
	b.cache.Clear()
	b.stale = true
	b.frame = ""
}

// Tick says what time it is.
func (b *Verify) Tick(now time.Time) {
	if now.After(b.now) {
		b.now = now
		b.frame = ""
	}
}

// SetSize says how large the board is.
func (b *Verify) SetSize(width, height int) {
	width, height = max(width, 0), max(height, 0)
	if width == b.width && height == b.height {
		return
	}
	b.width, b.height = width, height
	b.stack.SetHeight(max(height-2, 0))
	b.cache.Clear()
	b.stale = true
	b.frame = ""
}

// Update takes a key.
func (b *Verify) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	page := max(b.stack.Height()-1, 1)
	switch k.String() {
	case "j", "down":
		b.stack.Scroll(1)
	case "k", "up":
		b.stack.Scroll(-1)
	case "pgdown", "ctrl+f", " ":
		b.stack.Scroll(page)
	case "pgup", "ctrl+b":
		b.stack.Scroll(-page)
	case "home", "g":
		b.stack.ScrollTo(0)
	case "end", "G":
		b.stack.ScrollTo(b.stack.Lines())
	}
	b.frame = ""
	return nil
}

// Keys lists the keys that work now.
func (b *Verify) Keys() []look.Hint {
	if b.stack.Lines() > b.stack.Height() {
		return []look.Hint{{Key: "j/k", Label: "scroll"}}
	}
	return nil
}

// View returns the board as it is now.
func (b *Verify) View() string {
	if b.frame == "" && b.width > 0 && b.height > 0 {
		b.frame = b.draw()
	}
	return b.frame
}

func (b *Verify) draw() string {
	if b.stale {
		b.stack.Reset(len(b.state.Rows), func(i int) int { return len(b.row(i)) })
		b.stale = false
	}
	lines := make([]string, 0, b.height+2)
	lines = append(lines, b.header(), b.sub())
	lines = append(lines, rows.Draw(&b.stack, &b.cache, rows.Blank(b.width), b.row)...)
	return strings.Join(lines[:b.height], "\n")
}

// header counts what holds and says how long is left.
func (b *Verify) header() string {
	l := look.NewLine(b.width).Add(b.st.Plain, safe.Lit(" "))
	if !b.known {
		return l.Add(b.st.Muted, safe.Lit("nothing measured yet")).String()
	}
	met, failing := 0, 0
	for _, r := range b.state.Rows {
		if r.Met {
			met++
		} else if r.Outcome == engine.Fail {
			failing++
		}
	}
	in := b.st.Title
	if met == len(b.state.Rows) {
		in = b.st.Good
	}
	l.Add(in, safe.Sprintf("%d of %d hold", met, len(b.state.Rows)))
	if failing > 0 {
		l.Add(b.st.Rule, safe.Lit(" · ")).Add(b.st.Danger, safe.Sprintf("%d failing", failing))
	}
	b.late = nil
	if deadline := b.deadline(met); l.Used()+deadline.Width() <= b.width {
		deadline.Right(l, b.width)
	} else {
		b.late = deadline // on the next line
	}
	return l.String()
}

// deadline says how much time is left.
func (b *Verify) deadline(met int) rows.Bits {
	var out rows.Bits
	switch left := b.left(); {
	case b.state.Within <= 0 || met == len(b.state.Rows):
		return nil
	case left <= 0:
		return out.Add(b.st.Warning, safe.Sprintf("  the %s are over ", look.Short(b.state.Within)))
	default:
		return out.Add(b.st.Muted, safe.Sprintf("  within %s: ", look.Short(b.state.Within))).
			Add(b.st.Plain, safe.Sprintf("%s left ", look.Short(left)))
	}
}

// left returns how much time there is until the deadline.
func (b *Verify) left() time.Duration {
	return b.state.Within - b.state.Elapsed - max(b.now.Sub(b.at), 0)
}

// sub is the line below the header.
func (b *Verify) sub() string {
	l := look.NewLine(b.width).Add(b.st.Plain, safe.Lit(" "))
	if b.state.Deciding {
		l.Add(b.st.Warning, safe.Lit("still measuring")).Add(b.st.Muted, safe.Lit(" while you decide"))
	}
	return b.late.Right(l, b.width).String()
}

// row draws one probe and a blank line, where the board is not low.
func (b *Verify) row(i int) []string {
	r, w := b.state.Rows[i], b.width
	sign, in := safe.Lit("·"), b.st.Muted
	switch r.Outcome {
	case engine.Pass:
		sign, in = safe.Lit("✓"), b.st.Good
	case engine.Fail:
		sign, in = safe.Lit("✗"), b.st.Danger
	}
	l := look.NewLine(w).Add(b.st.Plain, safe.Lit(" ")).Add(in, sign).Add(b.st.Plain, safe.Lit(" "))
	right := b.held(r, w)
	name := min(max(8, look.Width(safe.Show(r.Probe))), 12)
	l.Cell(b.st.Bold, safe.Show(r.Probe), name).Add(b.st.Plain, safe.Lit("  "))
	begin := l.Used()
	if w < 60 {
		begin = 3
	}
	fits := l.Used()+look.Width(r.Target)+right.Width() <= w
	if fits {
		l.Add(b.st.Plain, r.Target)
	}
	out := []string{right.Right(l, w).String()}
	if !fits {
		for _, t := range look.Wrap(r.Target, max(w-begin-1, 8)) {
			out = append(out, look.NewLine(w).To(begin).Add(b.st.Muted, t).String())
		}
	}
	out = append(out, b.got(r, in, begin)...)
	if b.height >= 16 {
		out = append(out, rows.Blank(w))
	}
	return out
}

// got draws what was seen, whole, and beside it the last measurements.
func (b *Verify) got(r engine.VerifyRow, in look.Style, begin int) []string {
	word := r.Word
	switch {
	case word.IsEmpty() && r.Outcome == engine.Inconclusive:
		word = safe.Lit("not measured yet")
	case word.IsEmpty():
		word = safe.Show(string(r.Outcome))
	}
	w := b.width
	strip := b.recent[r.Probe]
	room := w - begin - 1
	if w >= 90 && len(strip) > 0 {
		room -= stripCells + 3
	} else {
		strip = nil
	}
	text := word
	if !r.Got.IsEmpty() {
		text = safe.Sprintf("%s · %s", word, r.Got)
	}
	var out []string
	for k, t := range look.Wrap(text, max(room, 8)) {
		l := look.NewLine(w).To(begin)
		if k == 0 && strings.HasPrefix(t.String(), word.String()) {
			n := len(word.String())
			rows.Paint(l, t, 0, len(t.String()), b.st.Plain, []rows.Span{{From: 0, To: n, Style: in}})
		} else {
			l.Add(b.st.Plain, t)
		}
		if k == 0 && strip != nil {
			b.strip(l.To(w-stripCells-1), strip)
		}
		out = append(out, l.String())
	}
	return out
}

// strip draws the last measurements, the newest at the right edge.
func (b *Verify) strip(l *look.Line, last []engine.Outcome) {
	l.To(l.Used() + stripCells - len(last))
	for i := 0; i < len(last); {
		j := i
		for j < len(last) && last[j] == last[i] {
			j++
		}
		mark, in := "?", b.st.Warning
		switch last[i] {
		case engine.Pass:
			mark, in = "▁", b.st.Good
		case engine.Fail:
			mark, in = "█", b.st.Danger
		}
		l.Add(in, safe.Show(strings.Repeat(mark, j-i)))
		i = j
	}
}

// held says how long or how often in a row a probe passed, of what it needs.
func (b *Verify) held(r engine.VerifyRow, w int) rows.Bits {
	in := b.st.Plain
	if r.Met {
		in = b.st.Good
	}
	var out rows.Bits
	switch {
	case r.Need > 0:
		out = out.Add(in, safe.Sprintf("  held %s of %s ", look.Short(min(r.HeldFor, r.Need)), look.Short(r.Need)))
		if w >= 90 {
			const cells = 12
			full := int(min(r.HeldFor, r.Need) * cells / r.Need)
			out = out.Add(in, safe.Show(strings.Repeat("█", full))).Add(b.st.Muted, safe.Show(strings.Repeat("░", cells-full))).Add(b.st.Plain, safe.Lit(" "))
		}
	case r.NeedN > 1:
		out = out.Add(in, safe.Sprintf("  %d of %d in a row ", min(r.Passes, r.NeedN), r.NeedN))
	case r.Met:
		out = out.Add(in, safe.Lit("  holds "))
	}
	return out
}
