package forecast

import (
	"fmt"
	"strings"
	"time"

	"lockstep/runbook/safe"
)

// Sentence says in one sentence what becomes of live things, for a record.
func (f Forecast) Sentence() safe.Text {
	var parts []string
	for _, o := range f.Outages {
		if o.Verdict != None {
			parts = append(parts, o.Words().String())
		}
	}
	if len(parts) == 0 {
		return safe.Lit("no live thing goes dark")
	}
	return safe.Show(strings.Join(parts, "; "))
}

// Words says in a few words what becomes of the thing.
func (o Outage) Words() safe.Text {
	switch o.Verdict {
	case Window:
		return safe.Sprintf("%s dark for %s", o.Thing.Name, o.Length.Words())
	case Swap:
		if o.Unordered {
			return safe.Sprintf("%s swapped, in no certain order", o.Thing.Name)
		}
		return safe.Sprintf("%s swapped", o.Thing.Name)
	case Gone:
		return safe.Sprintf("%s gone for good", o.Thing.Name)
	case Unknown:
		return safe.Sprintf("%s: cannot tell", o.Thing.Name)
	}
	return safe.Sprintf("%s there all the time", o.Thing.Name)
}

// Words says how long it is, such as "about 9m58s (8m10s–14m)", "20 s" or "at
// least 3 s".
func (s Span) Words() safe.Text {
	switch {
	case s.Open && s.Typical == 0:
		return safe.Lit("a time that nobody knows")
	case s.Open:
		return safe.Sprintf("at least %s", Length(s.Min))
	case s.Min == s.Max || Length(s.Min) == Length(s.Max):
		return safe.Show(Length(s.Typical))
	}
	return safe.Sprintf("about %s (%s–%s)", Length(s.Typical), Length(s.Min), Length(s.Max))
}

// Length writes a length of time for a person: "0 s", "0.4 s", "20 s", "9m58s", "2h5m".
func Length(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < 10*time.Second && d%time.Second >= 50*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
	case d < time.Hour:
		return trimmed(d.Round(time.Second).String(), "m0s")
	}
	return trimmed(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "h0m")
}

// trimmed leaves out a part that says nothing, such as the seconds of 10m0s.
func trimmed(s, part string) string {
	if rest, ok := strings.CutSuffix(s, part); ok {
		return rest + part[:1]
	}
	return s
}
