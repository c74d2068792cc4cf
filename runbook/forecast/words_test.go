package forecast

import (
	"testing"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

func TestLength_isShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 20 * time.Millisecond: "0 s", 400 * time.Millisecond: "0.4 s", time.Second: "1 s", 9960 * time.Millisecond: "10 s",
		20400 * time.Millisecond: "20 s", 59 * time.Second: "59 s", 60 * time.Second: "1m", 70 * time.Second: "1m10s", 20*time.Minute + 20*time.Second: "20m20s", 598 * time.Second: "9m58s",
		600 * time.Second: "10m", time.Hour: "1h", 20 * time.Hour: "20h", 10*time.Hour + 10*time.Minute: "10h10m", 125 * time.Minute: "2h05m",
	} {
		if got := Length(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestForecast_sentenceNamesWhatGoesDark(t *testing.T) {
	thing := plan.Thing{Name: safe.Lit("static.test CNAME")}
	f := Forecast{Outages: []Outage{
		{Thing: thing, Verdict: Window, Length: Span{Min: 10 * time.Second, Typical: 20 * time.Second, Max: time.Minute}},
		{Thing: thing, Verdict: None},
		{Thing: thing, Verdict: Window, Length: Span{Open: true}},
	}}
	want := "static.test CNAME dark for about 20 s (10 s–1m); static.test CNAME dark for a time that nobody knows"
	if got := f.Sentence().String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Forecast{}).Sentence().String(); got != "no live thing goes dark" {
		t.Errorf("got %q", got)
	}
}
