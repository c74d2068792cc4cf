package report

import (
	"fmt"
	"strings"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
)

// span writes a range. Values that look the same are one.
func span(s forecast.Span) string {
	least, most := forecast.Length(s.Min), forecast.Length(s.Max)
	switch {
	case s.Open && s.Min == 0:
		return "nobody knows how long"
	case s.Open:
		return "at least " + least
	case least == most:
		return least
	}
	return least + " to " + most
}

// verdict is the word for an outage, and how long it lasts.
func verdict(o forecast.Outage) string {
	switch o.Verdict {
	case forecast.Window:
		return "DARK " + strings.Replace(span(o.Length), "nobody knows how long", "?", 1)
	case forecast.Gone:
		return "GONE"
	case forecast.Swap:
		if o.Slow() {
			return "swap, up to " + forecast.Length(o.Length.Max)
		}
		return "swap"
	case forecast.None:
		return "stays"
	}
	return "cannot tell"
}

// brief is verdict where there is little room: with the length that is likely.
func brief(o forecast.Outage) string {
	switch {
	case o.Slow():
		return "swap ≤" + forecast.Length(o.Length.Max)
	case o.Verdict != forecast.Window:
		return verdict(o)
	case o.Length.Open && o.Length.Min == 0:
		return "DARK ?"
	case o.Length.Open:
		return "DARK ≥" + forecast.Length(o.Length.Min)
	}
	return "DARK " + forecast.Length(o.Length.Typical)
}

// isBad reports whether users may notice.
func isBad(o forecast.Outage) bool {
	return o.Verdict == forecast.Window || o.Verdict == forecast.Gone || o.Verdict == forecast.Unknown || o.Slow()
}

// bad counts the live things that users may miss.
func bad(outages []forecast.Outage) int {
	n := 0
	for _, o := range outages {
		if isBad(o) {
			n++
		}
	}
	return n
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// origin says where a length that is known is from.
func origin(e durations.Estimate) string {
	switch e.Source {
	case durations.SourceGiven:
		return "as given"
	case durations.SourceAddress:
		return "as seen " + count(e.Runs, "time")
	case durations.SourceType:
		return "as seen of its type " + count(e.Runs, "time")
	case durations.SourceRunbook:
		return "says the runbook"
	}
	return "says the table that comes with the program"
}

// done is what has happened when an action is over.
func done(a plan.Action) string {
	switch a {
	case plan.Create:
		return "created"
	case plan.Update:
		return "updated"
	case plan.Delete:
		return "deleted"
	case plan.Read:
		return "read"
	case plan.Forget:
		return "let go of"
	}
	return string(a)
}
