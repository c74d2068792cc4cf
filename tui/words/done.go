package words

import (
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// Foreseen reports whether a change came with a forecast.
func Foreseen(c engine.ChangeDone) bool {
	return !c.Forecast.IsEmpty() || c.Expected != (forecast.Span{}) || c.Dark != (forecast.Span{})
}

// Compared says what was forecast of a change, against how long it took.
func Compared(c engine.ChangeDone) safe.Text {
	what := c.Forecast
	switch {
	case !what.IsEmpty():
	case c.Dark.Typical > 0 || c.Dark.Open:
		what = safe.Sprintf("dark for %s", About(c.Dark))
	default:
		what = safe.Lit("nothing goes dark")
	}
	text := safe.Sprintf("forecast: %s", what)
	if c.Expected == (forecast.Span{}) {
		return text
	}
	text = safe.Sprintf("%s · expected %s, took %s", text, About(c.Expected), Time(c.Took))
	// What Terraform does around the actions takes a moment, too.
	if late := Overrun(c.Took-around, c.Expected); !late.IsEmpty() {
		text = safe.Sprintf("%s, longer than forecast", text)
	}
	return text
}

// around is how long an apply may take beside its actions without being late.
const around = 3 * time.Second

// Measured says how long live things were forecast to be dark over all changes,
// against the longest that a probe failed; nothing when there was no forecast.
func Measured(s engine.Summary) safe.Text {
	var dark forecast.Span
	any := false
	for _, c := range s.Changes {
		any = any || Foreseen(c)
		dark.Min, dark.Typical, dark.Max, dark.Open = dark.Min+c.Dark.Min, dark.Typical+c.Dark.Typical, dark.Max+c.Dark.Max, dark.Open || c.Dark.Open
	}
	if !any || len(s.Probes) == 0 {
		return safe.Text{}
	}
	longest, asked := time.Duration(0), 0
	probe := safe.Text{}
	for _, p := range s.Probes {
		asked += p.Asked
		if p.Dark > longest {
			longest, probe = p.Dark, safe.Show(p.Probe)
		}
	}
	text := safe.Sprintf("dark in all: forecast %s", About(dark))
	switch {
	case asked == 0:
		return safe.Sprintf("%s · not measured", text)
	case longest == 0:
		return safe.Sprintf("%s · measured 0 s", text)
	}
	return safe.Sprintf("%s · measured %s (%s)", text, Time(longest), probe)
}
