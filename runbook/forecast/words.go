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
		switch {
		case o.Slow():
			return safe.Sprintf("%s swapped, dark for up to %s", o.Thing.Name, Length(o.Length.Max))
		case o.Unordered:
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

// Length writes a length of time in little room: 0.4 s, 20 s, 9m58s, 2h05m, 3d.
func Length(d time.Duration) string {
	if d < 10*time.Second {
		if d = max(d, 0).Round(100 * time.Millisecond); d%time.Second != 0 {
			return fmt.Sprintf("%.1f s", d.Seconds())
		}
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600 && s%60 == 0:
		return fmt.Sprintf("%dm", s/60)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 48*3600 && s/60%60 == 0:
		return fmt.Sprintf("%dh", s/3600)
	case s < 48*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd", s/86400)
}
