package words

import (
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

const s, m = time.Second, time.Minute

func TestTime_isShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -s: "0 s", 400 * time.Millisecond: "0.4 s", 9960 * time.Millisecond: "10 s", 20 * s: "20 s", 59*s + 700*time.Millisecond: "1m",
		5 * m: "5m", 9*m + 58*s: "9m58s", 9*m + 8*s: "9m08s", 2 * time.Hour: "2h", 2*time.Hour + 5*m: "2h05m", 80 * time.Hour: "3d",
	} {
		if got := Time(d); got != safe.Show(want) {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestTakes_saysWhereItIsFrom(t *testing.T) {
	e := durations.Estimate{Min: 8 * m, Typical: 9*m + 40*s, Max: 14 * m, Runs: 4}
	for source, want := range map[durations.Source]string{
		durations.SourceAddress: "typical 9m40s (4 runs)", durations.SourceType: "typical 9m40s (4 runs of its type)", durations.SourceGiven: "9m40s (given)",
		durations.SourceRunbook: "about 9m40s (runbook)", durations.SourceShipped: "about 9m40s (known table)", durations.SourceUnknown: "unknown", "": "unknown",
	} {
		if e.Source = source; Takes(e) != safe.Show(want) {
			t.Errorf("%q: %q, want %q", source, Takes(e), want)
		}
	}
	e.Source = durations.SourceAddress
	if got := Estimate(e); got != safe.Lit("takes about 9m40s (8m–14m), from 4 earlier applies of this address") {
		t.Errorf("in a sentence %q", got)
	}
}

func TestVerdict_neverSoundsBetterThanItIs(t *testing.T) {
	window := forecast.Outage{Verdict: forecast.Window, Length: forecast.Span{Min: 8*m + 10*s, Typical: 9*m + 58*s, Max: 14 * m}}
	for want, o := range map[string]forecast.Outage{
		"DARK for about 9m58s (8m10s–14m)":                    window,
		"DARK, for how long is not known":                     {Verdict: forecast.Window, Length: forecast.Span{Open: true}},
		"DARK for at least 20 s, how long is not known":       {Verdict: forecast.Window, Length: forecast.Span{Typical: 20 * s, Open: true}},
		"GONE FOR GOOD: nothing brings it back":               {Verdict: forecast.Gone},
		"CANNOT TELL: its name is known only after the apply": {Verdict: forecast.Unknown},
		"none: it is there all the time":                      {Verdict: forecast.None},
	} {
		if got := Verdict(o); got != safe.Show(want) {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	if got := Verdict(forecast.Outage{Verdict: "something new"}); got.String()[:11] != "CANNOT TELL" {
		t.Errorf("a verdict that is not known is %q", got)
	}
	all := []forecast.Outage{{Verdict: forecast.None}, {Verdict: forecast.Swap}, window, {Verdict: forecast.Unknown}}
	if w := Worst(all); w == nil || w.Verdict != forecast.Window {
		t.Errorf("worst is %+v", w)
	}
	if got := Impact(forecast.Forecast{Outages: append(all, window)}, true); got != safe.Lit("2 DARK, up to 9m58s") {
		t.Errorf("impact %q", got)
	}
	if got := Sum(forecast.Span{}, []forecast.Outage{{Verdict: forecast.Gone}}); got != safe.Lit("GONE FOR GOOD") {
		t.Errorf("a thing that is gone adds up to %q", got)
	}
}

func TestSeen_countsTheCaches(t *testing.T) {
	o := forecast.Outage{Verdict: forecast.Window, Thing: plan.Thing{DNS: true, TTL: 5 * m}, SeenLeast: 4*m + 58*s, SeenMost: forecast.Span{Typical: 10 * m, Max: 11 * m}, Negative: m}
	if got := Seen(o); got != safe.Lit("users see it for up to 11m (negative TTL 1m), or 4m58s with a cached answer (TTL 5m)") {
		t.Errorf("%q", got)
	}
	o.SeenMost.Open = true
	if got := Seen(o); got != safe.Lit("users see it for nobody knows how long (negative TTL 1m), or 4m58s with a cached answer (TTL 5m)") {
		t.Errorf("%q", got)
	}
	if o.Thing.DNS = false; !Seen(o).IsEmpty() {
		t.Error("there is no cache, and it counts")
	}
}

func TestOverrun_isSaidOnlyWhenTheMostIsKnown(t *testing.T) {
	if got := Overrun(15*s, forecast.Span{Max: 14 * s}); got != safe.Lit("longer than expected (at most 14 s)") {
		t.Errorf("%q", got)
	}
	for _, e := range []forecast.Span{{}, {Max: 20 * s}, {Max: 14*s + s/2}, {Max: 14 * s, Open: true}} {
		if got := Overrun(15*s, e); !got.IsEmpty() {
			t.Errorf("%+v: %q", e, got)
		}
	}
}
