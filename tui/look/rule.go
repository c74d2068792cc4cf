package look

import (
	"strings"
	"time"

	"lockstep/runbook/safe"
)

// RuleLine draws a line between panes, with a word or two near its start.
func RuleLine(st Styles, width int, title safe.Text, in Style) string {
	l := NewLine(width).Add(st.Rule, safe.Lit(" "))
	if !title.IsEmpty() {
		l.Add(st.Rule, safe.Lit("── ")).Add(in, title).Add(st.Rule, safe.Lit(" "))
	}
	if n := width - l.Used() - 1; n > 0 {
		l.Add(st.Rule, safe.Show(strings.Repeat("─", n)))
	}
	return l.String()
}

// Short writes a duration as a person would say it, in at most two units.
func Short(d time.Duration) safe.Text {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 0:
		return safe.Lit("0 s")
	case s < 60:
		return safe.Sprintf("%d s", s)
	case s < 3600:
		if s%60 == 0 {
			return safe.Sprintf("%d min", s/60)
		}
		return safe.Sprintf("%d min %d s", s/60, s%60)
	case s < 48*3600:
		if s/60%60 == 0 {
			return safe.Sprintf("%d h", s/3600)
		}
		return safe.Sprintf("%d h %d min", s/3600, s/60%60)
	}
	return safe.Sprintf("%d d", s/86400)
}
