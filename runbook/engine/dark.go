package engine

import (
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A DarkSpan is a time in which a probe failed: from its first failing
// measurement to its next passing one.
type DarkSpan struct {
	Probe string        `json:"probe"`
	Word  safe.Text     `json:"word"` // of the first failing measurement, such as NXDOMAIN
	From  time.Time     `json:"from"`
	For   time.Duration `json:"for"`
	Open  bool          `json:"open"` // it still fails
}

// maxDarkSpans is how many spans of a probe are kept and recorded one by one. A
// probe that flaps more often is still counted.
const maxDarkSpans = 200

// gauge is what is known of one probe in this run.
type gauge struct {
	totals ProbeTotals
	spans  []DarkSpan
}

// measured counts a measurement. Where a live thing goes dark or comes back is
// in the journal before anybody is told.
func (e *Engine) measured(m ProbeMeasured) {
	if what, span := e.count(m); !what.IsEmpty() {
		facts := map[string]any{"probe": m.Probe, "word": span.Word, "from": span.From.UTC().Format(time.RFC3339Nano)}
		if !span.Open {
			facts["milliseconds"] = span.For.Milliseconds()
		}
		// A journal that cannot be written ends the run: nothing may go on unrecorded.
		if _, err := e.append("", 0, journal.KindEvidence, journal.EvidenceBody{What: what, Facts: facts}); err != nil {
			e.end(err)
		}
	}
	e.stream.publish("", m)
}

// count adds a measurement and returns what to record of it, if anything.
func (e *Engine) count(m ProbeMeasured) (what safe.Text, span DarkSpan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.gauges[m.Probe]
	if g == nil {
		g = &gauge{totals: ProbeTotals{Probe: m.Probe}}
		e.gauges[m.Probe] = g
	}
	t := &g.totals
	t.Asked++
	t.Missed += m.Missed
	last := len(g.spans) - 1
	dark := last >= 0 && g.spans[last].Open
	switch m.Outcome {
	case Inconclusive:
		t.Inconclusive++
		return
	case Fail:
		t.Failed++
		if dark {
			g.spans[last].For = m.At.Add(m.Took).Sub(g.spans[last].From)
			return
		}
		if len(g.spans) == maxDarkSpans {
			return
		}
		g.spans = append(g.spans, DarkSpan{Probe: m.Probe, Word: m.Word, From: m.At, For: m.Took, Open: true})
		return safe.Sprintf("%s fails: %s %s", safe.Show(m.Probe), m.Word, m.Got), g.spans[last+1]
	case Pass:
		if !dark {
			return
		}
		s := &g.spans[last]
		s.For, s.Open = m.At.Sub(s.From), false
		t.Dark += s.For
		return safe.Sprintf("%s passes again after %s", safe.Show(m.Probe), s.For.Round(100*time.Millisecond)), *s
	}
	return
}

// darkSpans returns the spans of all probes so far.
func (e *Engine) darkSpans() []DarkSpan {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []DarkSpan
	for _, p := range e.cfg.Probers {
		if g := e.gauges[p.Outline().Name]; g != nil {
			out = append(out, g.spans...)
		}
	}
	return out
}

// Outage puts into words how long which probes failed, or returns the empty text
// when none did.
func Outage(spans []DarkSpan) safe.Text {
	var order []string
	total := map[string]time.Duration{}
	open := map[string]bool{}
	for _, s := range spans {
		if _, seen := total[s.Probe]; !seen {
			order = append(order, s.Probe)
		}
		total[s.Probe] += s.For
		open[s.Probe] = s.Open
	}
	var parts []safe.Text
	for _, p := range order {
		words := safe.Sprintf("%s failed for %s", safe.Show(p), max(total[p].Round(100*time.Millisecond), 100*time.Millisecond))
		if open[p] {
			words = safe.Sprintf("%s and fails still", words)
		}
		parts = append(parts, words)
	}
	return safe.Join(parts, ", ")
}
