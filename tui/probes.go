package tui

import (
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws the last measurements: how long each took, against what is usual
// for them, with × for one that failed and ? for one that says nothing.
func spark(st look.Styles, l *look.Line, last []engine.ProbeMeasured, width int) {
	if len(last) > width {
		last = last[len(last)-width:]
	}
	usual := median(last)
	l.Add(st.Plain, safe.Show(strings.Repeat(" ", max(width-len(last), 0))))
	for i := 0; i < len(last); {
		j := i
		var b strings.Builder
		for ; j < len(last) && last[j].Outcome == last[i].Outcome; j++ {
			b.WriteRune(mark(last[j], usual))
		}
		l.Add(outcomeStyle(st, last[i].Outcome), safe.Show(b.String()))
		i = j
	}
}

// median returns what a measurement usually takes, but never less than what a
// person would notice.
func median(last []engine.ProbeMeasured) time.Duration {
	took := make([]time.Duration, 0, len(last))
	for _, m := range last {
		took = append(took, m.Took)
	}
	if len(took) == 0 {
		return 10 * time.Millisecond
	}
	slices.Sort(took)
	return max(took[len(took)/2], 10*time.Millisecond)
}

// steps are the tenths of the usual time from which a bar is one higher.
var steps = []time.Duration{15, 20, 30, 40, 60, 80, 120}

func mark(m engine.ProbeMeasured, usual time.Duration) rune {
	switch m.Outcome {
	case engine.Pass:
		high := 0
		for high < len(steps) && m.Took*10 >= usual*steps[high] {
			high++
		}
		return bars[high]
	case engine.Fail:
		return '×'
	}
	return '?'
}

func outcomeStyle(st look.Styles, o engine.Outcome) look.Style {
	switch o {
	case engine.Pass:
		return st.Good
	case engine.Fail:
		return st.Danger
	}
	return st.Warning
}

// probeLines draws a line for each probe, and what it says while it fails.
func (m *model) probeLines(width int) []string {
	if len(m.run.probes) == 0 {
		return nil
	}
	names := 6
	for _, p := range m.run.probes {
		names = min(max(names, look.Width(safe.Show(p.Name))), 12)
	}
	out := []string{look.RuleLine(m.st, width, safe.Lit("probes"), m.st.Muted)}
	for _, p := range m.run.probes {
		l := look.NewLine(width).To(1).Cell(m.st.Plain, safe.Show(p.Name), names)
		l.Add(m.st.Muted, safe.Sprintf(" %-4s ", strings.ToUpper(kindShort(p.Kind))))
		newest := p.newest()
		if newest == nil {
			out = append(out, l.Add(m.st.Muted, safe.Lit("not asked yet")).String())
			continue
		}
		share := safe.Sprintf("%3d %% ", p.passed())
		spark(m.st, l, p.last, max(width-l.Used()-look.Width(share)-1, 1))
		style := m.st.Plain
		if p.failed > 0 {
			style = m.st.Danger
		}
		out = append(out, l.Right(style, share).String())
		if newest.Outcome != engine.Pass {
			l := look.NewLine(width).To(3).Add(outcomeStyle(m.st, newest.Outcome), failing(newest))
			out = append(out, l.String())
		}
	}
	return out
}

// failing says what is wrong with a probe in a few words.
func failing(p *engine.ProbeMeasured) safe.Text {
	word := p.Word
	if word.IsEmpty() {
		word = safe.Lit("inconclusive")
		if p.Outcome == engine.Fail {
			word = safe.Lit("failing")
		}
	}
	if p.Outcome == engine.Fail {
		word = safe.Sprintf("✗ %s", word)
	}
	if p.Got.IsEmpty() {
		return word
	}
	return safe.Sprintf("%s: %s", word, p.Got)
}

func kindShort(kind string) string {
	switch kind {
	case "command":
		return "cmd"
	case "no_changes":
		return "plan"
	}
	return kind
}

// probesWord sums the probes up in a few words, and reports whether one fails.
func (r *run) probesWord() (safe.Text, engine.Outcome) {
	ok, asked := 0, 0
	var bad *engine.ProbeMeasured
	for _, p := range r.probes {
		n := p.newest()
		switch {
		case n == nil:
		case n.Outcome == engine.Pass:
			ok, asked = ok+1, asked+1
		default:
			asked++
			if bad == nil || n.Outcome == engine.Fail {
				bad = n
			}
		}
	}
	switch {
	case len(r.probes) == 0:
		return safe.Text{}, engine.Pass
	case asked == 0:
		return safe.Sprintf("%d probes", len(r.probes)), engine.Pass
	case bad != nil:
		return safe.Sprintf("probes %d/%d ok: %s %s", ok, asked, safe.Show(bad.Probe), bad.Word), bad.Outcome
	}
	return safe.Sprintf("probes %d/%d ok", ok, asked), engine.Pass
}
