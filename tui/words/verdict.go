package words

import (
	"time"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// Verdict says what becomes of the live thing of an outage.
func Verdict(o forecast.Outage) safe.Text {
	switch o.Verdict {
	case forecast.Window:
		if o.Length.Open && o.Length.Typical <= 0 {
			return safe.Lit("DARK, for how long is not known")
		}
		return safe.Sprintf("DARK for %s", About(o.Length))
	case forecast.Gone:
		return safe.Lit("GONE FOR GOOD: nothing brings it back")
	case forecast.Swap:
		return safe.Lit("swap: one object takes the place of the other, milliseconds if anything")
	case forecast.None:
		return safe.Lit("none: it is there all the time")
	}
	return safe.Lit("CANNOT TELL: its name is known only after the apply")
}

// Short is the verdict in a word or two.
func Short(o forecast.Outage) safe.Text {
	switch o.Verdict {
	case forecast.Window:
		return safe.Sprintf("DARK %s", Brief(o.Length))
	case forecast.Gone:
		return safe.Lit("GONE FOR GOOD")
	case forecast.Swap:
		if o.Slow() {
			return safe.Sprintf("swap, up to %s", Time(o.Length.Max))
		}
		return safe.Lit("swap, 0 s")
	case forecast.None:
		return safe.Lit("none")
	}
	return safe.Lit("CANNOT TELL")
}

// Seen says how long users of a DNS record see its outage, or nothing where
// caches play no part.
func Seen(o forecast.Outage) safe.Text {
	if o.Verdict != forecast.Window || !o.Thing.DNS || o.SeenMost == (forecast.Span{}) {
		return safe.Text{}
	}
	most := safe.Sprintf("for up to %s", Time(max(o.SeenMost.Max, o.SeenMost.Typical)))
	if o.SeenMost.Open {
		most = safe.Lit("for nobody knows how long")
	}
	if o.Negative > 0 {
		most = safe.Sprintf("%s (negative TTL %s)", most, Time(o.Negative))
	}
	switch {
	case o.Thing.TTL <= 0:
		return safe.Sprintf("users see it %s", most)
	case o.SeenLeast <= 0 && !o.SeenMost.Open:
		return safe.Sprintf("users see it %s, or not at all with a cached answer (TTL %s)", most, Time(o.Thing.TTL))
	}
	return safe.Sprintf("users see it %s, or %s with a cached answer (TTL %s)", most, Time(o.SeenLeast), Time(o.Thing.TTL))
}

// Cure says in a word or two what a way round an outage is made of.
func Cure(k forecast.CureKind) safe.Text {
	switch k {
	case forecast.CureMoved:
		return safe.Lit("moved block")
	case forecast.CureForget:
		return safe.Lit("removed block")
	case forecast.CureDeployBefore:
		return safe.Lit("one deploy earlier")
	}
	return safe.Show(string(k))
}

// Harm is how bad a verdict is; more is worse.
func Harm(v forecast.Verdict) int {
	switch v {
	case forecast.Gone:
		return 4
	case forecast.Window:
		return 3
	case forecast.None:
		return 0
	case forecast.Swap:
		return 1
	}
	return 2 // which name it is cannot be told
}

// Worst returns the outage with the worst verdict, of windows the longest; nil
// when there is none.
func Worst(outages []forecast.Outage) *forecast.Outage {
	var worst *forecast.Outage
	for i := range outages {
		o := &outages[i]
		if worst == nil || Harm(o.Verdict) > Harm(worst.Verdict) ||
			o.Verdict == worst.Verdict && longer(o.Length, worst.Length) {
			worst = o
		}
	}
	return worst
}

func longer(a, b forecast.Span) bool {
	if a.Open != b.Open {
		return a.Open
	}
	return a.Typical > b.Typical
}

// Impact says in a few words what an apply does to live things. touched says
// that it works on live things at all.
func Impact(f forecast.Forecast, touched bool) safe.Text {
	worst := Worst(f.Outages)
	switch {
	case worst == nil && !touched:
		return safe.Lit("no live thing touched")
	case worst == nil, worst.Verdict == forecast.None:
		return safe.Lit("nothing dark")
	}
	same := 0
	for _, o := range f.Outages {
		if o.Verdict == worst.Verdict {
			same++
		}
	}
	switch {
	case same > 1 && worst.Verdict == forecast.Window:
		return safe.Sprintf("%d DARK, up to %s", same, Brief(worst.Length))
	case same > 1 && Harm(worst.Verdict) > 1:
		return safe.Sprintf("%d %s", same, Short(*worst))
	}
	return Short(*worst)
}

// Sum says how long live things are dark in all.
func Sum(dark forecast.Span, outages []forecast.Outage) safe.Text {
	if w := Worst(outages); w != nil && w.Verdict == forecast.Gone {
		return safe.Lit("GONE FOR GOOD")
	}
	if dark.Open && dark.Typical <= 0 {
		return safe.Lit("not known")
	}
	if dark.Open {
		return safe.Sprintf("at least %s", Time(dark.Typical))
	}
	return Time(dark.Typical)
}

// All returns the outages of a sequence, in one change or over several.
func All(s forecast.Sequence) []forecast.Outage {
	out := append([]forecast.Outage{}, s.Outages...)
	for _, step := range s.Steps {
		out = append(out, step.Outages...)
	}
	return out
}

// Whole says how long live things are dark over a sequence of changes, all of
// whose outages it is given, or at which change that ends.
func Whole(changes []plan.Change, s forecast.Sequence, all []forecast.Outage) safe.Text {
	for i, c := range changes {
		if !c.Blocked.IsEmpty() {
			return safe.Sprintf("BLOCKED at change %d", i+1)
		}
	}
	worst := Worst(all)
	switch n := len(s.Outages); {
	case worst != nil && worst.Verdict == forecast.Gone:
	case n == 1 && s.Outages[0].ClosedBy >= 0:
		return safe.Sprintf("until change %d", s.Outages[0].ClosedBy+1)
	case n > 0:
		return safe.Lit("over several changes")
	case worst != nil && worst.Verdict == forecast.Unknown:
		return safe.Lit("CANNOT TELL")
	}
	return Sum(s.Dark, all)
}

// Lasting says from when to when a live thing is dark, when that depends on the
// operator: from one change of a sequence to a later one.
func Lasting(o forecast.Outage) safe.Text {
	switch {
	case o.OpenedBy >= 0 && o.ClosedBy >= 0:
		return safe.Sprintf("DARK from change %d until change %d is applied", o.OpenedBy+1, o.ClosedBy+1)
	case o.Verdict == forecast.Gone, o.ClosedBy < 0:
		return safe.Sprintf("GONE FOR GOOD from change %d on", o.OpenedBy+1)
	}
	return Verdict(o)
}

// Overrun says that something takes longer than it was expected to at most, or
// nothing. Less than a second is no news.
func Overrun(runs time.Duration, e forecast.Span) safe.Text {
	if e.Open || e.Max <= 0 || runs-e.Max < time.Second {
		return safe.Text{}
	}
	return safe.Sprintf("longer than expected (at most %s)", Time(e.Max))
}
