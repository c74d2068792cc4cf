package board

import (
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// loudLines returns how many lines are kept for what the probes say in words,
// so that nothing moves when one of them fails.
func (b *Apply) loudLines() int {
	if b.width < 100 && b.height >= 10 {
		return 3
	}
	return 2
}

// probeCells is the width of a probe's name.
const probeCells = 10

// probeLines draws the watched probes, and above them in words how they are.
func (b *Apply) probeLines() []string {
	if b.height < 6 {
		return nil
	}
	if len(b.tracks) == 0 {
		return b.foreseenLines()
	}
	w := b.width
	var out []string
	if b.height >= 30 {
		out = append(out, rows.Blank(w))
	}
	if b.height >= 16 {
		out = append(out, look.RuleLine(b.st, w, safe.Lit("probes"), b.st.Muted))
	}
	out = append(out, b.foreseenLines()...)
	shown := min(len(b.tracks), max((b.height-6)/3, 1))
	for i, t := range b.tracks {
		if i == shown-1 && len(b.tracks) > shown {
			// Those that fail are named in the loud line all the same.
			l := look.NewLine(w).To(3).Add(b.st.Muted, safe.Sprintf("and %d more probes", len(b.tracks)-i))
			out = append(out, l.String())
			break
		}
		out = append(out, b.probeLine(t))
	}
	return append(out, b.loud()...)
}

// probeLine draws one probe: how it is, and its measurements on the time axis.
func (b *Apply) probeLine(t *track) string {
	w := b.width
	sign, in, words := b.probeState(t)
	l := look.NewLine(w).Add(b.st.Plain, safe.Lit(" ")).Add(in, sign).Add(b.st.Plain, safe.Lit(" "))
	l.Cell(b.st.Bold, safe.Show(t.name), probeCells).Add(b.st.Plain, safe.Lit(" "))
	a, from := b.axis, b.axisAt()
	if a.cells <= 0 {
		from = 3 + probeCells + 1 + min(stateCells, max(w/3, 8)) + 1
		a = axisFor(b.elapsed(), max(w-from-1, 0))
	}
	l.Cell(in, words, from-l.Used()-1).To(from)
	if a.cells > 0 {
		t.draw(b.st, l, a, b.since(b.until()))
	}
	return l.String()
}

// until returns the time up to which the axis is filled.
func (b *Apply) until() time.Time {
	if b.end.IsZero() {
		return b.now
	}
	return b.end
}

// probeState returns the sign, the style and the words for how a probe is.
func (b *Apply) probeState(t *track) (safe.Text, look.Style, safe.Text) {
	dark := t.darkFor(b.now)
	switch {
	case t.count == 0:
		return safe.Lit("·"), b.st.Muted, safe.Lit("not measured yet")
	case !t.darkFrom.IsZero() && t.last.Outcome == engine.Fail:
		return safe.Lit("✗"), b.st.Danger, safe.Sprintf("DARK %s  %s", took(b.now.Sub(t.darkFrom)), t.last.Word)
	case !t.darkFrom.IsZero():
		return safe.Lit("?"), b.st.Danger, safe.Sprintf("DARK %s  now %s", took(b.now.Sub(t.darkFrom)), t.last.Word)
	case t.last.Outcome == engine.Inconclusive:
		return safe.Lit("?"), b.st.Warning, safe.Sprintf("cannot tell: %s", t.last.Word)
	case dark > 0:
		return safe.Lit("✓"), b.st.Warning, safe.Sprintf("%s, was DARK %s", t.last.Word, took(dark))
	}
	words := safe.Sprintf("%s  %d ms", t.last.Word, t.last.Took.Milliseconds())
	if t.miss > 0 {
		words = safe.Sprintf("%s  %d missed", t.last.Word, t.miss)
	}
	return safe.Lit("✓"), b.st.Good, words
}

// loud says in words how the probes are: that a live thing is dark, what was
// deleted and what is awaited, or that all is well.
func (b *Apply) loud() []string {
	var dark, was, unsure []*track
	measured, failed := 0, 0
	for _, t := range b.tracks {
		measured, failed = measured+t.count, failed+t.fails
		switch {
		case !t.darkFrom.IsZero():
			dark = append(dark, t)
		case t.dark > 0:
			was = append(was, t)
		case t.count > 0 && t.last.Outcome == engine.Inconclusive:
			unsure = append(unsure, t)
		}
	}
	switch {
	case len(dark) > 0:
		head := safe.Sprintf(" DARK %s %s ", names(dark), took(b.now.Sub(dark[0].darkFrom)))
		return b.say(b.st.Dark, head, b.st.Danger, b.story(dark[0].darkFrom))
	case len(was) > 0:
		return b.say(b.st.Warning, safe.Lit(" !"), b.st.Warning,
			safe.Sprintf("%s was DARK for %s in all; %d of %d measurements failed", names(was), took(was[0].darkFor(b.now)), failed, measured))
	case len(unsure) > 0:
		return b.say(b.st.Warning, safe.Lit(" ?"), b.st.Warning, safe.Sprintf("%s cannot tell: %s", names(unsure), unsure[0].last.Word))
	case measured == 0:
		return b.say(b.st.Muted, safe.Lit(" ·"), b.st.Muted, safe.Lit("no measurement yet"))
	}
	return b.say(b.st.Good, safe.Lit(" ✓"), b.st.Good, safe.Sprintf("all %d measurements passed", measured))
}

func names(ts []*track) safe.Text {
	if len(ts) == 1 {
		return safe.Show(ts[0].name)
	}
	return safe.Sprintf("%s and %d more", ts[0].name, len(ts)-1)
}

// say draws a head and words after it, in as many lines as are kept for them.
// The words stay in the column they begin in, where there is room for that.
func (b *Apply) say(headIn look.Style, head safe.Text, in look.Style, words safe.Text) []string {
	w, n := b.width, b.loudLines()
	begin := look.Width(head) + 1
	column := begin
	if w < axisFrom {
		column = 1
	}
	first := look.Wrap(words, max(w-begin-1, 1))
	out := make([]string, 0, n)
	l := look.NewLine(w).Add(headIn, head).Add(b.st.Plain, safe.Lit(" "))
	var rest []safe.Text
	if len(first) > 0 {
		l.Add(in, first[0])
		rest = look.Wrap(safe.Join(first[1:], " "), max(w-column-1, 1))
	}
	out = append(out, l.String())
	for i, t := range rest {
		if len(out) == n {
			break
		}
		if len(out) == n-1 && i+1 < len(rest) {
			t = safe.Join(rest[i:], " ") // the line cuts it, and shows that
		}
		out = append(out, look.NewLine(w).To(column).Add(in, t).String())
	}
	for len(out) < n {
		out = append(out, rows.Blank(w))
	}
	return out
}

// story says what was deleted and what is awaited, while something is dark since
// a time. Which deletion is the cause cannot be known here; the last one before
// that time is named first.
func (b *Apply) story(since time.Time) safe.Text {
	var deleted []int
	cause := -1
	for i, it := range b.items {
		if !it.deletes() || it.state != engine.Done {
			continue
		}
		deleted = append(deleted, i)
		if !it.ended.After(since) && (cause < 0 || it.ended.After(b.items[cause].ended)) {
			cause = i
		}
	}
	if len(deleted) == 0 {
		return safe.Lit("nothing was deleted by this apply so far")
	}
	if cause < 0 {
		cause = deleted[0]
	}
	gone := b.items[cause].Address
	switch others := len(deleted) - 1; {
	case others == 1:
		gone = safe.Sprintf("%s and %s", gone, b.items[deleted[0]+deleted[1]-cause].Address)
	case others > 1:
		gone = safe.Sprintf("%s and %d more", gone, others)
	}
	text := safe.Sprintf("deleted so far: %s", gone)
	if next := b.closing(cause); next >= 0 {
		if back := b.back(next); !back.IsEmpty() {
			text = safe.Sprintf("%s; %s", back, text)
		}
	}
	next := b.closing(cause)
	if next < 0 {
		return safe.Sprintf("%s; nothing in this apply would bring it back", text)
	}
	it := &b.items[next]
	switch it.state {
	case engine.Errored:
		return safe.Sprintf("%s; %s failed", text, it.Address)
	case engine.NotStarted:
		return safe.Sprintf("%s; %s was not started", text, it.Address)
	case engine.Running:
		return safe.Sprintf("%s; awaited: %s, running %s", text, it.Address, look.Short(b.now.Sub(it.begun)))
	}
	if last := b.blocker(next); last >= 0 {
		return safe.Sprintf("%s; awaited: %s, which waits for %s (running %s)", text, it.Address, b.items[last].Address, look.Short(b.now.Sub(b.items[last].begun)))
	}
	return safe.Sprintf("%s; awaited: %s", text, it.Address)
}

// closing returns the item that brings back what was deleted: the one that was
// forecast to, or else the one that may.
func (b *Apply) closing(deleted int) int {
	if o := b.opened(deleted); o != nil && o.ClosedBy >= 0 && o.ClosedBy < len(b.items) && b.items[o.ClosedBy].state != engine.Done {
		return o.ClosedBy
	}
	return b.awaited(deleted)
}

// awaited returns the item that may bring back what was deleted and is not done:
// one that creates the same address, or else something of the same type, or else
// anything; -1 when there is none.
func (b *Apply) awaited(deleted int) int {
	gone := b.items[deleted].Address
	best, rank := -1, 0
	for i, it := range b.items {
		if it.state == engine.Done || it.Action != plan.Create && it.Action != plan.Update {
			continue
		}
		r := 1
		switch {
		case it.Action == plan.Create && it.Address == gone:
			r = 3
		case it.Action == plan.Create && kindOf(it.Address) == kindOf(gone):
			r = 2
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}

// blocker returns a running item that an item waits for, however indirectly.
func (b *Apply) blocker(i int) int {
	seen := map[int]bool{i: true}
	for next := []int{i}; len(next) > 0; {
		i, next = next[0], next[1:]
		for _, j := range b.items[i].WaitsFor {
			if j < 0 || j >= len(b.items) || seen[j] {
				continue
			}
			if b.items[j].state == engine.Running {
				return j
			}
			seen[j] = true
			next = append(next, j)
		}
	}
	return -1
}
