// Package words says a forecast in words: lengths of time, where an estimate is
// from, and what becomes of a live thing. The screen and the plain mode say the
// same by it.
package words

import (
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// Time writes a length of time in little room.
func Time(d time.Duration) safe.Text { return safe.Show(forecast.Length(d)) }

// About writes a length as far as it is known.
func About(s forecast.Span) safe.Text {
	switch {
	case s.Open && s.Typical <= 0:
		return safe.Lit("an unknown time")
	case s.Open:
		return safe.Sprintf("at least %s, how long is not known", Time(s.Typical))
	case s.Min == s.Typical && s.Max == s.Typical, Time(s.Min) == Time(s.Max):
		return Time(s.Typical)
	}
	return safe.Sprintf("about %s (%s–%s)", Time(s.Typical), Time(s.Min), Time(s.Max))
}

// Brief writes a length in as little room as it can.
func Brief(s forecast.Span) safe.Text {
	switch {
	case s.Open && s.Typical <= 0:
		return safe.Lit("?")
	case s.Open:
		return safe.Sprintf("%s+?", Time(s.Typical))
	}
	return Time(s.Typical)
}

// Takes writes an estimate and where it is from.
func Takes(e durations.Estimate) safe.Text {
	switch e.Source {
	case durations.SourceGiven:
		return safe.Sprintf("%s (given)", Time(e.Typical))
	case durations.SourceAddress:
		return safe.Sprintf("typical %s (%s)", Time(e.Typical), count(e.Runs, "run"))
	case durations.SourceType:
		return safe.Sprintf("typical %s (%s of its type)", Time(e.Typical), count(e.Runs, "run"))
	case durations.SourceRunbook:
		return safe.Sprintf("about %s (runbook)", Time(e.Typical))
	case durations.SourceShipped:
		return safe.Sprintf("about %s (known table)", Time(e.Typical))
	}
	return safe.Lit("unknown")
}

// From says in a word or two where an estimate is from.
func From(e durations.Estimate) safe.Text {
	switch e.Source {
	case durations.SourceGiven:
		return safe.Lit("given")
	case durations.SourceAddress, durations.SourceType:
		return count(e.Runs, "run")
	case durations.SourceRunbook:
		return safe.Lit("runbook")
	case durations.SourceShipped:
		return safe.Lit("known table")
	}
	return safe.Lit("unknown")
}

// Estimate says an estimate in one sentence, its range included.
func Estimate(e durations.Estimate) safe.Text {
	if !e.Known() {
		return safe.Lit("how long it takes is not known")
	}
	span := About(forecast.Span{Min: e.Min, Typical: e.Typical, Max: e.Max})
	switch e.Source {
	case durations.SourceGiven:
		return safe.Sprintf("takes %s, as given", span)
	case durations.SourceAddress:
		return safe.Sprintf("takes %s, from %s of this address", span, count(e.Runs, "earlier apply"))
	case durations.SourceType:
		return safe.Sprintf("takes %s, from %s of its type", span, count(e.Runs, "earlier apply"))
	case durations.SourceRunbook:
		return safe.Sprintf("takes %s, says the runbook", span)
	}
	return safe.Sprintf("takes %s, says the table that comes with the program", span)
}

func count(n int, noun string) safe.Text {
	switch {
	case n == 1:
		return safe.Sprintf("1 %s", safe.Show(noun))
	case noun == "earlier apply":
		return safe.Sprintf("%d earlier applies", n)
	}
	return safe.Sprintf("%d %ss", n, safe.Show(noun))
}
