package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/ask"
	"lockstep/tui/look"
	"lockstep/tui/words"
)

// A summary is the end of a run: what it did, in one sentence and in rows.
type summary struct {
	*ask.Page
	exporting bool
	next      bool // another run can follow
}

func newSummary(m *model) *summary {
	s := &summary{next: m.o.Next}
	s.Page = ask.NewPage(m.st, func(width int) []string { return m.summaryLines(width, s.exporting) })
	return s
}

// Update shows the export command, or scrolls.
func (s *summary) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok && k.String() == "e" {
		s.exporting = !s.exporting
		s.Refresh()
		return nil
	} else if ok && k.String() == "n" && s.next {
		return func() tea.Msg { return failedMsg{ErrNext} }
	}
	return s.Page.Update(msg)
}

// Keys lists them.
func (s *summary) Keys() []look.Hint {
	keys := []look.Hint{{Key: "e", Label: "export"}}
	if s.next {
		keys = append(keys, look.Hint{Key: "n", Label: "deploy the next commit"})
	}
	return append(keys, s.Page.Keys()...)
}

func (m *model) summaryLines(width int, exporting bool) []string {
	f, st := m.run.finished, m.st
	s := f.Summary
	var out []string
	say := func(column int, in look.Style, t safe.Text) {
		for _, part := range look.Wrap(t, width-column-1) {
			out = append(out, look.NewLine(width).To(column).Add(in, part).String())
		}
	}
	field := func(name, t safe.Text) {
		if t.IsEmpty() {
			return
		}
		for i, part := range look.Wrap(t, width-12) {
			if i > 0 {
				name = safe.Text{}
			}
			out = append(out, look.NewLine(width).To(1).Cell(st.Muted, name, 10).Add(st.Plain, part).String())
		}
	}
	gap := func() { out = append(out, look.Blank(width)) }

	say(1, resultStyle(st, f.Result), safe.Sprintf("%s %s after %s", resultSign(f.Result), resultWord(f.Result), clock(s.Elapsed)))
	say(1, st.Bold, s.Sentence)
	switch {
	case m.seat == "":
	case f.Result == engine.Unknown:
		say(1, st.Warning, safe.Sprintf("The run stays open: lockstep resume %s looks for what became of it, and goes on.", safe.Show(m.run.Run)))
	default:
		say(1, st.Muted, safe.Lit("The run is over and recorded; there is nothing to come back to."))
	}
	gap()
	if exporting {
		say(1, st.Title, safe.Lit("To hand this run to somebody:"))
		say(3, st.Accent, m.o.Export(m.run.Run))
		gap()
	}
	out = append(out, changeRows(st, s.Changes, width)...)
	out = append(out, probeRows(st, s.Probes, width)...)
	if t := words.Measured(s); !t.IsEmpty() {
		out = out[:len(out)-1] // it belongs to the probes
		say(3, st.Plain, t)
		gap()
	}
	if len(s.Decisions) > 0 {
		say(1, st.Title, safe.Lit("Decisions with a reason"))
		for _, d := range s.Decisions {
			say(3, st.Plain, d)
		}
		gap()
	}
	field(safe.Lit("commit"), s.Commit)
	pin := s.Pin
	if !pin.IsEmpty() && s.PlanEmpty {
		pin = safe.Sprintf("%s · the plan is empty", pin)
	}
	field(safe.Lit("pin"), pin)
	field(safe.Lit("journal"), s.Journal)
	field(safe.Lit("records"), safe.Sprintf("%d", s.Records))
	field(safe.Lit("head"), safe.Show(s.Head))
	return out
}

func changeRows(st look.Styles, changes []engine.ChangeDone, width int) []string {
	if len(changes) == 0 {
		return nil
	}
	out := []string{look.NewLine(width).To(1).Add(st.Title, safe.Lit("Changes")).String()}
	for i, c := range changes {
		took := words.Time(c.Took)
		counts := counted(c.Counts)
		l := look.NewLine(width).To(1).Add(resultStyle(st, c.Result), resultSign(c.Result))
		l.Add(st.Muted, safe.Sprintf(" %d  ", i+1))
		room := width - l.Used() - look.Width(took) - 3
		if look.Width(c.Title)+look.Width(counts)+2 <= room {
			l.Add(st.Plain, c.Title).Add(st.Muted, safe.Sprintf("  %s", counts))
		} else {
			l.Add(st.Plain, shorten(c.Title, room))
		}
		out = append(out, l.Right(st.Plain, safe.Sprintf("%s ", took)).String())
		if words.Foreseen(c) {
			for _, part := range look.Wrap(words.Compared(c), width-7) {
				out = append(out, look.NewLine(width).To(6).Add(st.Muted, part).String())
			}
		}
	}
	return append(out, look.Blank(width))
}

func probeRows(st look.Styles, probes []engine.ProbeTotals, width int) []string {
	if len(probes) == 0 {
		return nil
	}
	out := []string{look.NewLine(width).To(1).Add(st.Title, safe.Lit("Probes")).String()}
	for _, p := range probes {
		l := look.NewLine(width)
		style, sign := st.Good, safe.Lit("✓")
		if p.Failed > 0 {
			style, sign = st.Danger, safe.Lit("✗")
		}
		l.To(1).Add(style, sign).To(3).Cell(st.Plain, safe.Show(p.Probe), 12)
		l.Add(st.Plain, safe.Sprintf(" asked %d · ", p.Asked)).Add(style, safe.Sprintf("failed %d", p.Failed))
		if p.Dark > 0 {
			l.Add(st.Danger, safe.Sprintf(" · dark for %s", clock(p.Dark)))
		}
		if p.Inconclusive > 0 {
			l.Add(st.Warning, safe.Sprintf(" · no answer either way %d", p.Inconclusive))
		}
		if p.Missed > 0 {
			l.Add(st.Warning, safe.Sprintf(" · not asked in time %d", p.Missed))
		}
		out = append(out, l.String())
	}
	return append(out, look.Blank(width))
}

func resultSign(r engine.Result) safe.Text {
	switch r {
	case engine.OK, "":
		return signDone
	case engine.Failed:
		return signFailed
	}
	return signLook
}

func resultStyle(st look.Styles, r engine.Result) look.Style {
	return signStyle(st, resultSign(r))
}
