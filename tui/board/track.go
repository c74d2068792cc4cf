package board

import (
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// grain is the shortest time that two measurements are told apart by when they
// are drawn.
const grain = 100 * time.Millisecond

// seen is what was measured in a grain of time, as bits.
type seen uint8

const (
	passed seen = 1 << iota
	failedThen
	unsure
	skippedSlot
)

// A track is what a probe measured during an apply.
type track struct {
	name  string
	every time.Duration // 0 when it is not known
	last  engine.ProbeMeasured
	count int
	fails int
	miss  int

	darkFrom time.Time     // start of the failure that lasts, or zero
	dark     time.Duration // of failures that are over
	windows  []window      // failures, the last one open while darkFrom is set

	flags []seen // by grains since the start
	cells []seen // for the axis they were made for
	axis  axis
}

// A window is a time in which a probe failed, since the start of the apply.
type window struct{ from, to time.Duration }

// take adds a measurement.
func (t *track) take(m engine.ProbeMeasured, start time.Time) {
	t.last = m
	t.count++
	t.miss += m.Missed
	at := max(m.At.Sub(start), 0)
	bit := unsure
	switch m.Outcome {
	case engine.Pass:
		bit = passed
		if !t.darkFrom.IsZero() {
			t.dark += m.At.Sub(t.darkFrom)
			t.windows[len(t.windows)-1].to = at
			t.darkFrom = time.Time{}
		}
	case engine.Fail:
		bit = failedThen
		t.fails++
		if t.darkFrom.IsZero() {
			t.darkFrom = m.At
			t.windows = append(t.windows, window{at, at})
		}
	}
	if m.Missed > 0 {
		t.set(max(m.Due.Sub(start), 0), skippedSlot)
	}
	t.set(at, bit)
}

func (t *track) set(at time.Duration, bit seen) {
	i := int(at / grain)
	for len(t.flags) <= i {
		t.flags = append(t.flags, 0)
	}
	t.flags[i] |= bit
	if t.axis.cells > 0 && at < t.axis.span {
		t.cells[t.axis.cell(at)] |= bit
	}
}

// darkFor returns how long the probe failed in all, up to now.
func (t *track) darkFor(now time.Time) time.Duration {
	if t.darkFrom.IsZero() {
		return t.dark
	}
	return t.dark + max(now.Sub(t.darkFrom), 0)
}

// fit makes the cells for an axis, unless they are.
func (t *track) fit(a axis) {
	if t.axis == a {
		return
	}
	t.axis, t.cells = a, make([]seen, max(a.cells, 0))
	for i, f := range t.flags {
		if f != 0 && a.cells > 0 {
			t.cells[a.cell(time.Duration(i)*grain)] |= f
		}
	}
}

// draw appends the measurements to a line, a cell for a stretch of time: ▁ is
// passed, █ failed, ▒ both, ? says nothing. Between two measurements the last
// one holds. Long failures carry the word.
func (t *track) draw(st look.Styles, l *look.Line, a axis, now time.Duration) {
	t.fit(a)
	cells := make([]rune, a.cells)
	end := a.cell(now)
	var last seen
	held := 0 // cells since the last measurement
	hold := a.cells
	if t.every > 0 {
		hold = int(2*t.every*time.Duration(a.cells)/a.span) + 1
	}
	for i := range cells {
		f := t.cells[i]
		switch {
		case f&^skippedSlot != 0:
			last, held = f, 0
		case held < hold:
			held++
		default:
			last = 0
		}
		cells[i] = glyph(last, f)
		if i > end {
			cells[i] = ' '
		}
	}
	style := map[rune]look.Style{'▁': st.Good, '█': st.Danger, '▒': st.Danger, '?': st.Warning, '·': st.Muted, ' ': st.Plain}
	labels := t.labels(a, now, end)
	for i := 0; i < len(cells); {
		if w, ok := labels[i]; ok {
			l.Add(st.Dark, w)
			i += look.Width(w)
			continue
		}
		j := i
		for j < len(cells) && cells[j] == cells[i] {
			if _, ok := labels[j]; ok && j > i {
				break
			}
			j++
		}
		l.Add(style[cells[i]], safe.Show(strings.Repeat(string(cells[i]), j-i)))
		i = j
	}
}

// labels returns the words that stand in the cells of long failures.
func (t *track) labels(a axis, now time.Duration, end int) map[int]safe.Text {
	var out map[int]safe.Text
	for i, w := range t.windows {
		to := w.to
		if i == len(t.windows)-1 && !t.darkFrom.IsZero() {
			to = now
		}
		label := safe.Sprintf(" DARK %s ", took(to-w.from))
		first, last := a.cell(w.from), min(a.cell(to), end)
		if n := last - first - 1; n >= look.Width(label)+2 {
			if out == nil {
				out = map[int]safe.Text{}
			}
			out[first+1+(n-look.Width(label))/2] = label
		}
	}
	return out
}

func glyph(last, here seen) rune {
	switch {
	case last&failedThen != 0 && last&passed != 0:
		return '▒'
	case last&failedThen != 0:
		return '█'
	case last&unsure != 0:
		return '?'
	case last&passed != 0:
		return '▁'
	case here&skippedSlot != 0:
		return '·'
	}
	return ' '
}
