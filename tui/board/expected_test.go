package board

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

const s = time.Second

func sure(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }

// foresee gives the apply of the incident its forecast.
func foresee(ev *engine.ApplyStarted) {
	takes := []time.Duration{s / 2, s, 18 * s, s, s / 2}
	ends := []time.Duration{s / 2, s, 19 * s, 20 * s, 20*s + s/2}
	for i := range min(len(ev.Items), len(takes)) {
		it := &ev.Items[i]
		it.Start, it.End = sure(ends[i]-takes[i]), sure(ends[i])
		it.Takes = durations.Estimate{Min: takes[i], Typical: takes[i], Max: takes[i], Runs: 3, Source: durations.SourceAddress}
	}
	if len(ev.Items) > 2 {
		ev.Items[2].Takes.Min, ev.Items[2].Takes.Max = 16*s, 22*s
	}
	end := forecast.Span{Min: 18*s + s/2, Typical: 20*s + s/2, Max: 24*s + s/2}
	ev.Takes = end
	ev.Outages = []forecast.Outage{{
		Thing: plan.Thing{Name: safe.Lit("static.crates.io CNAME"), DNS: true}, Verdict: forecast.Window, From: sure(s / 2), To: end, Length: sure(20 * s), OpenedBy: 0, ClosedBy: 4,
	}}
}

// overrunning is a forecast of somebody who knew shorter times.
func overrunning(ev *engine.ApplyStarted) {
	foresee(ev)
	ev.Items[2].Takes.Min, ev.Items[2].Takes.Typical, ev.Items[2].Takes.Max = 3*s, 4*s, 6*s
}

func harmless(ev *engine.ApplyStarted) {
	foresee(ev)
	ev.Outages[0].Verdict = forecast.Swap
}

func unknownTimes(ev *engine.ApplyStarted) {
	foresee(ev)
	ev.Items[2].Takes, ev.Items[2].End = durations.Estimate{}, forecast.Span{Typical: s, Open: true}
	ev.Takes = forecast.Span{Typical: 2 * s, Open: true}
	ev.Outages[0].To = forecast.Span{Typical: 2 * s, Open: true}
}

func TestForecast_frames(t *testing.T) {
	for name, shot := range map[string]struct {
		until  time.Duration
		change func(*engine.ApplyStarted)
	}{
		"expected": {8 * s, foresee}, "begin": {0, foresee}, "over": {24 * s, foresee}, "overrun": {12 * s, overrunning},
		"harmless": {8 * s, harmless}, "unknown": {8 * s, unknownTimes},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				b := NewApply(look.New(false))
				incidentWith(b, shot.until, shot.change)
				b.SetSize(size.w, size.h)
				exact(t, b.View(), size.w, size.h)
				golden.RequireEqual(t, b.View())
			})
		}
	}
}

func TestApply_standsItsForecastBesideWhatHappens(t *testing.T) {
	b := NewApply(look.New(true))
	incidentWith(b, 8*s, foresee)
	for _, w := range []int{120, 80} {
		f := strings.Join(strings.Fields(plainView(b, w, 40)), " ")
		for _, want := range []string{
			"expected to take about 21 s (19 s–25 s)", "7 s of about 18 s", "░", "forecast static.crates.io CNAME dark 0.5–21 s", "expected back in about 13 s",
		} {
			if !strings.Contains(f, want) {
				t.Errorf("at %d it does not say %q:\n%s", w, want, b.View())
			}
		}
	}
}

func TestApply_saysThatSomethingTakesLongerThanExpected(t *testing.T) {
	const says = "longer than expected (at most 6 s)"
	b := NewApply(look.New(true))
	incidentWith(b, 6*s, overrunning)
	if f := plainView(b, 120, 40); strings.Contains(f, says) {
		t.Errorf("too early:\n%s", f)
	}
	b.Tick(t0.Add(8 * s))
	if f := plainView(b, 120, 40); !strings.Contains(f, says) {
		t.Errorf("it does not:\n%s", f)
	}
	tell(b, 9*s, engine.ResourceMoved{Item: 2, State: engine.Done})
	if f := plainView(b, 120, 40); strings.Contains(f, says) {
		t.Errorf("it is over:\n%s", f)
	}
}

// The axis is as long as the apply is expected to take, from its beginning on.
func TestApply_axisStaysAsItIs(t *testing.T) {
	b := NewApply(look.New(true))
	incidentWith(b, 0, foresee)
	b.SetSize(120, 40)
	b.View()
	want := b.axis
	for at := time.Duration(0); at < 24*s; at += s / 2 {
		b.Tick(t0.Add(at))
		if b.View(); b.axis != want {
			t.Fatalf("after %s the axis is %v, it was %v", at, b.axis, want)
		}
	}
}
