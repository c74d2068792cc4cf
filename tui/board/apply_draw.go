package board

import (
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// View returns the board as it is now.
func (b *Apply) View() string {
	if b.frame == "" && b.width > 0 && b.height > 0 {
		b.frame = b.draw()
	}
	return b.frame
}

// Columns of an item's row.
const (
	axisFrom    = 64 // width from which there is a time axis
	actionCells = 7
	stateCells  = 16
	leastAxis   = 24 // of the time axis, before addresses are shortened for it
	signCells   = 4  // an action, where there is no column with its word
)

func (b *Apply) addressCells() int {
	if b.width < axisFrom {
		return max(b.width-3-signCells-b.stateCells()-2, 6)
	}
	free := b.width - 3 - 2 - actionCells - 2 - b.stateCells() - 1 - leastAxis - 1
	if b.foreseen { // the words of the state need the room
		return min(b.widest, max(free, 16))
	}
	return min(b.widest, max(free, b.width*30/100, 16))
}

// axisAt returns the column the time axis begins at.
func (b *Apply) axisAt() int {
	return 3 + b.addressCells() + 2 + actionCells + 2 + b.stateCells() + 1
}

func (b *Apply) draw() string {
	w := b.width
	if b.start.IsZero() {
		lines := []string{look.NewLine(w).Add(b.st.Muted, safe.Lit(" Terraform is not applying anything yet.")).String()}
		for len(lines) < b.height {
			lines = append(lines, rows.Blank(w))
		}
		return strings.Join(lines, "\n")
	}
	cells := 0
	if w >= axisFrom {
		cells = w - b.axisAt() - 1
	}
	if a := axisFor(max(b.elapsed(), b.expected()), cells); a != b.axis {
		b.axis = a
		b.cache.Clear()
	}
	below := b.probeLines()
	room := max(b.height-2-len(below), 0)
	b.stack.SetHeight(room)
	if b.stale {
		b.stack.Reset(len(b.items), b.itemHeight)
		b.followRunning()
		b.stale = false
	}
	// The probes stand right below the items, and never move up again.
	b.reach = max(b.reach, b.stack.Lines())
	lines := make([]string, 0, b.height+4)
	lines = append(lines, b.header(), b.sub())
	lines = append(lines, rows.Draw(&b.stack, &b.cache, rows.Blank(w), b.itemLines)[:min(b.reach, room)]...)
	lines = append(lines, below...)
	for len(lines) < b.height {
		lines = append(lines, rows.Blank(w))
	}
	return strings.Join(lines[:b.height], "\n")
}

// followRunning keeps the first running item in the window, unless the operator
// scrolled. A failure stays in sight.
func (b *Apply) followRunning() {
	if !b.follow || b.stack.Height() == 0 {
		return
	}
	at := -1
	for i, it := range b.items {
		if it.state == engine.Running || it.state == engine.Errored {
			at = i
			break
		}
	}
	if at >= 0 {
		b.stack.Reveal(at, 1)
	}
}

// header says what is applied and how it went.
func (b *Apply) header() string {
	var right rows.Bits
	switch {
	case b.result == engine.OK:
		right = right.Add(b.st.Good, safe.Sprintf("  ✓ applied in %s ", took(b.elapsed())))
		if b.foreseen && b.width >= axisFrom {
			right = right.Add(b.st.Muted, safe.Sprintf("· expected %s ", words.About(b.takes)))
		}
	case b.result == engine.Unknown:
		right = right.Add(b.st.Danger, safe.Sprintf("  ! outcome unknown after %s ", took(b.elapsed())))
	case b.result != "":
		right = right.Add(b.st.Danger, safe.Sprintf("  ✗ %s after %s ", string(b.result), took(b.elapsed())))
	case !b.stoppingWords().IsEmpty():
		right = right.Add(b.st.Warning, safe.Sprintf("  %s ", b.stoppingWords()))
	case b.foreseen && b.width >= axisFrom:
		right = right.Add(b.st.Muted, safe.Sprintf("  expected to take %s ", words.About(b.takes)))
	case b.foreseen:
		right = right.Add(b.st.Muted, safe.Sprintf("  of %s ", words.Brief(b.takes)))
	}
	l := look.NewLine(b.width).Add(b.st.Plain, safe.Lit(" "))
	l.Add(b.st.Title, rows.Short(b.title, max(b.width-1-right.Width(), 8)))
	return right.Right(l, b.width).String()
}

// sub counts the items and labels the time axis.
func (b *Apply) sub() string {
	l := look.NewLine(b.width).Add(b.st.Plain, safe.Sprintf(" %d of %d done", b.counts[engine.Done], len(b.items)))
	if b.width < axisFrom {
		l = look.NewLine(b.width).Add(b.st.Plain, safe.Sprintf(" %d/%d done", b.counts[engine.Done], len(b.items)))
	}
	add := func(s engine.ApplyState, in look.Style, word safe.Text) {
		if n := b.counts[s]; n > 0 {
			l.Add(b.st.Rule, safe.Lit(" · ")).Add(in, safe.Sprintf("%d %s", n, word))
		}
	}
	add(engine.Errored, b.st.Danger, safe.Lit("failed"))
	add(engine.Running, b.st.Accent, safe.Lit("running"))
	add(engine.Waiting, b.st.Muted, safe.Lit("waiting"))
	add(engine.NotStarted, b.st.Warning, safe.Lit("not started"))
	if b.result == "" {
		l.Add(b.st.Rule, safe.Lit(" · ")).Add(b.st.Plain, look.Short(b.elapsed()))
	}
	if b.axis.cells > 0 && l.Used() < b.axisAt() {
		b.axis.ticks(b.st, l, b.axisAt())
	}
	return l.String()
}

// itemHeight returns how many lines an item takes.
func (b *Apply) itemHeight(i int) int {
	n := 1
	if b.width < axisFrom && b.items[i].state == engine.Waiting {
		n++
	}
	if b.foreseen && !b.overrun(&b.items[i]).IsEmpty() {
		n++
	}
	if len(b.items[i].errors) > 0 {
		n += len(b.errorLines(i))
	}
	return n
}

// itemLines draws an item.
func (b *Apply) itemLines(i int) []string {
	it := &b.items[i]
	sign, in, says := b.state(it)
	l := look.NewLine(b.width).Add(b.st.Plain, safe.Lit(" ")).Add(in, sign).Add(b.st.Plain, safe.Lit(" "))
	name := b.st.Plain
	switch it.state {
	case engine.Running, engine.Errored:
		name = b.st.Bold
	case engine.Waiting:
		name = b.st.Muted
	}
	if b.width < axisFrom { // both halves of a replacement have one address
		l.Cell(actionStyle(b.st, it.Action), safe.Show(it.Action.Sign()), signCells-1).Add(b.st.Plain, safe.Lit(" "))
	}
	l.Cell(name, rows.ShortAddress(it.Address, b.addressCells()), b.addressCells()).Add(b.st.Plain, safe.Lit("  "))
	var out []string
	if b.width < axisFrom {
		if it.state == engine.Waiting {
			out = append(out, l.Add(in, safe.Lit("waiting")).String(),
				look.NewLine(b.width).To(5).Add(b.st.Muted, says).String())
		} else {
			out = append(out, l.Add(in, says).String())
		}
		return append(b.lateLine(out, it), b.errorLines(i)...)
	}
	l.Cell(actionStyle(b.st, it.Action), safe.Show(string(it.Action)), actionCells).Add(b.st.Plain, safe.Lit("  "))
	switch {
	case b.foreseen && it.state == engine.Waiting:
		if b.leadFits(it) {
			says = safe.Lit("waiting")
		}
		l.Cell(in, says, b.stateCells()).To(b.axisAt())
		b.row(l, it, in)
		out = append(out, l.String())
	case it.state == engine.Waiting || it.state == engine.NotStarted:
		out = append(out, l.Add(in, says).String()) // there is no bar to stand in the way
	case b.foreseen:
		l.Cell(in, says, b.stateCells()).To(b.axisAt())
		b.row(l, it, in)
		out = append(out, l.String())
	default:
		l.Cell(in, says, stateCells).To(b.axisAt())
		b.bar(l, it, in)
		out = append(out, l.String())
	}
	return append(b.lateLine(out, it), b.errorLines(i)...)
}

// lateLine appends the line of an item that takes longer than it ever did.
func (b *Apply) lateLine(out []string, it *item) []string {
	if t := b.overrun(it); b.foreseen && !t.IsEmpty() {
		out = append(out, look.NewLine(b.width).To(5).Add(b.st.Warning, t).String())
	}
	return out
}

// state returns the sign, the style and the words of an item's state.
func (b *Apply) state(it *item) (safe.Text, look.Style, safe.Text) {
	switch it.state {
	case engine.Running:
		return safe.Lit("▸"), b.st.Accent, b.runningWords(it, b.stateCells())
	case engine.Done:
		return safe.Lit("✓"), b.st.Good, safe.Sprintf("done in %s", took(it.ended.Sub(it.begun)))
	case engine.Errored:
		return safe.Lit("✗"), b.st.Danger, safe.Sprintf("failed, %s", took(it.ended.Sub(it.begun)))
	case engine.NotStarted:
		return safe.Lit("-"), b.st.Warning, safe.Lit("not started")
	}
	return safe.Lit("·"), b.st.Muted, b.waits(it, b.waitsCells())
}

// waitsCells is how much room there is to say what an item waits for.
func (b *Apply) waitsCells() int {
	switch {
	case b.width < axisFrom:
		return b.width - 5 // a line of its own
	case b.foreseen:
		return b.stateCells()
	}
	return b.width - b.axisAt() + b.stateCells() // there is no bar in the way
}

// waits says in words what an item waits for, in some cells if that can be: what
// tells addresses apart is at their ends.
func (b *Apply) waits(it *item, cells int) safe.Text {
	var names []safe.Text
	for _, j := range it.WaitsFor {
		if j >= 0 && j < len(b.items) && b.items[j].state != engine.Done {
			names = append(names, b.nameOf(it, j))
		}
	}
	if len(names) == 0 {
		return safe.Lit("waiting for its turn")
	}
	first, brief := names[0], safe.Text{}
	forms := []safe.Text{safe.Sprintf("waits for %s", first), safe.Sprintf("after %s", first)}
	if n := len(names) - 1; n > 0 {
		brief = safe.Sprintf(" +%d", n)
		forms = []safe.Text{
			safe.Sprintf("waits for %s and %d more", first, n), safe.Sprintf("waits for %s%s", first, brief), safe.Sprintf("after %s%s", first, brief),
		}
		if n == 1 {
			forms = slices.Insert(forms, 0, safe.Sprintf("waits for %s and %s", first, names[1]))
		}
	}
	for _, t := range forms {
		if look.Width(t) <= cells {
			return t
		}
	}
	room := cells - look.Width(safe.Lit("after ")) - look.Width(brief)
	return safe.Sprintf("after %s%s", rows.ShortAddress(first, max(room, 8)), brief)
}

// nameOf names an item for another one: both halves of a replacement have one
// address.
func (b *Apply) nameOf(it *item, j int) safe.Text {
	other := b.items[j]
	if it == nil || other.Address != it.Address {
		return other.Address
	}
	if other.deletes() {
		return safe.Lit("the old one's delete")
	}
	return safe.Lit("the new one's create")
}

// bar draws when an item ran.
func (b *Apply) bar(l *look.Line, it *item, in look.Style) {
	if b.axis.cells <= 0 {
		return
	}
	to, mark := b.now, "▓"
	if it.state != engine.Running {
		to, mark = it.ended, "█"
	}
	first, last := b.axis.cell(it.begun.Sub(b.start)), b.axis.cell(to.Sub(b.start))
	l.To(b.axisAt()+first).Add(in, safe.Show(strings.Repeat(mark, last-first+1)))
}

// errorLines draws the whole of what Terraform said about a failure.
func (b *Apply) errorLines(i int) []string {
	var out []string
	for _, t := range b.items[i].errors {
		parts := look.Wrap(t, max(b.width-6, 8))
		if len(parts) == 0 {
			parts = []safe.Text{{}}
		}
		for _, p := range parts {
			out = append(out, look.NewLine(b.width).To(3).Add(b.st.Danger, safe.Lit("│ ")).Add(b.st.Plain, p).String())
		}
	}
	return out
}

func actionStyle(st look.Styles, a plan.Action) look.Style {
	switch a {
	case plan.Create:
		return st.Added
	case plan.Delete:
		return st.Removed
	case plan.Update, plan.Forget:
		return st.Changed
	}
	return st.Muted
}

// since returns the time since the start, for the axis.
func (b *Apply) since(t time.Time) time.Duration { return max(t.Sub(b.start), 0) }
