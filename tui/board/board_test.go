package board

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

var t0 = time.Date(2026, 1, 25, 9, 15, 0, 0, time.UTC)

// pane is what both boards are.
type pane interface {
	look.Pane
	Event(engine.Envelope)
	Tick(time.Time)
}

func tell(b pane, after time.Duration, e engine.Event) {
	b.Event(engine.Envelope{Time: t0.Add(after), Event: e})
}

// started is the apply of the incident about to begin, with two probes.
func started(b pane) { startedWith(b, func(*engine.ApplyStarted) {}) }

// startedWith is the same with something more in it.
func startedWith(b pane, change func(*engine.ApplyStarted)) {
	tell(b, -time.Second, engine.RunStarted{Probes: []engine.ProbeOutline{
		{Name: "static", Kind: "dns", Target: safe.Lit("CNAME static.crates.io"), Every: 100 * time.Millisecond},
		{Name: "site", Kind: "http", Target: safe.Lit("GET https://static.crates.io/crates/serde"), Every: 5 * time.Second},
	}})
	ev := engine.ApplyStarted{
		Title: safe.Lit("everything at once"), Watch: []string{"static", "site"},
		Items: []engine.ApplyItem{
			{Address: safe.Lit("dns_record.static"), Action: plan.Delete},
			{Address: safe.Lit("certificate.static"), Action: plan.Delete},
			{Address: safe.Lit("certificate.static"), Action: plan.Create, WaitsFor: []int{1}},
			{Address: safe.Lit("distribution.static"), Action: plan.Update, WaitsFor: []int{0, 2}},
			{Address: safe.Lit(`dns_record.weighted["cloudfront"]`), Action: plan.Create, WaitsFor: []int{3, 2}},
		},
	}
	change(&ev)
	tell(b, 0, ev)
}

// incident plays the apply up to a time: the record goes at once, the
// certificate takes from 1 s to 21 s, the new record comes at 22.4 s.
func incident(b pane, until time.Duration) { incidentWith(b, until, func(*engine.ApplyStarted) {}) }

func incidentWith(b pane, until time.Duration, change func(*engine.ApplyStarted)) {
	startedWith(b, change)
	type step struct {
		at time.Duration
		e  engine.Event
	}
	s := func(sec float64) time.Duration { return time.Duration(sec * float64(time.Second)) }
	moves := []step{
		{s(0.1), engine.ResourceMoved{Item: 0, State: engine.Running}},
		{s(0.2), engine.ResourceMoved{Item: 1, State: engine.Running}},
		{s(0.6), engine.ResourceMoved{Item: 0, State: engine.Done}},
		{s(1), engine.ResourceMoved{Item: 1, State: engine.Done}},
		{s(1), engine.ResourceMoved{Item: 2, State: engine.Running}},
		{s(21), engine.ResourceMoved{Item: 2, State: engine.Done}},
		{s(21), engine.ResourceMoved{Item: 3, State: engine.Running}},
		{s(22), engine.ResourceMoved{Item: 3, State: engine.Done}},
		{s(22), engine.ResourceMoved{Item: 4, State: engine.Running}},
		{s(22.4), engine.ResourceMoved{Item: 4, State: engine.Done}},
		{s(23), engine.ApplyFinished{Result: engine.OK}},
	}
	for at := time.Duration(0); at <= until; at += 100 * time.Millisecond {
		for _, m := range moves {
			if m.at == at {
				tell(b, at, m.e)
			}
		}
		m := engine.ProbeMeasured{Probe: "static", Due: t0.Add(at), At: t0.Add(at), Took: 9 * time.Millisecond, Outcome: engine.Pass, Word: safe.Lit("ok")}
		if at > s(0.6) && at < s(22.4) {
			m.Outcome, m.Word, m.Got = engine.Fail, safe.Lit("NXDOMAIN"), safe.Lit("no such name; expected cloudfront-static.crates.io")
		}
		tell(b, at, m)
		if at%(5*time.Second) == 0 {
			tell(b, at, engine.ProbeMeasured{Probe: "site", Due: t0.Add(at), At: t0.Add(at), Took: 38 * time.Millisecond, Outcome: engine.Pass, Word: safe.Lit("ok")})
		}
	}
	b.Tick(t0.Add(until))
}

var sizes = []struct{ w, h int }{{120, 40}, {80, 24}, {40, 12}}

func TestView_frames(t *testing.T) {
	for name, play := range map[string]func() pane{
		"idle":  func() pane { return NewApply(look.New(false)) },
		"start": func() pane { b := NewApply(look.New(false)); incident(b, 400*time.Millisecond); return b },
		"dark":  func() pane { b := NewApply(look.New(false)); incident(b, 12*time.Second); return b },
		"done":  func() pane { b := NewApply(look.New(false)); incident(b, 24*time.Second); return b },
		"failed": func() pane {
			b := NewApply(look.New(false))
			incident(b, 12*time.Second)
			tell(b, 13*time.Second, engine.ResourceMoved{Item: 2, State: engine.Errored, Error: safe.Lines("Error: requesting a certificate: LimitExceeded: too many certificates this year\n\n  with certificate.static,\n  on main.tf line 12, in resource \"certificate\" \"static\":\n  12: resource \"certificate\" \"static\" {")})
			tell(b, 14*time.Second, engine.ApplyFinished{Result: engine.Failed})
			return b
		},
		"verify":   func() pane { b := NewVerify(look.New(false)); verification(b, false); return b },
		"deciding": func() pane { b := NewVerify(look.New(false)); verification(b, true); return b },
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				b := play()
				b.SetSize(size.w, size.h)
				exact(t, b.View(), size.w, size.h)
				golden.RequireEqual(t, b.View())
			})
		}
	}
}

func verification(b pane, failing bool) {
	for i := range 20 {
		o := engine.Pass
		if failing && i > 12 {
			o = engine.Fail
		}
		tell(b, time.Duration(i)*time.Second, engine.ProbeMeasured{Probe: "site", Outcome: o})
		tell(b, time.Duration(i)*time.Second, engine.ProbeMeasured{Probe: "static", Outcome: engine.Pass})
	}
	v := engine.VerifyMoved{Elapsed: 12*time.Minute + 50*time.Second, Within: 15 * time.Minute, Deciding: failing, Rows: []engine.VerifyRow{
		{Probe: "static", Target: safe.Lit("CNAME static.crates.io = cloudfront-static.crates.io at ns1, ns2"), Outcome: engine.Pass, Word: safe.Lit("ok"), Got: safe.Lit("cloudfront-static.crates.io"), HeldFor: 34 * time.Second, Need: time.Minute},
		{Probe: "site", Target: safe.Lit("GET https://static.crates.io/crates/serde/serde-1.0.0.crate 200"), Outcome: engine.Pass, Word: safe.Lit("ok"), Got: safe.Lit("200 in 38 ms"), HeldFor: time.Minute, Need: time.Minute, Met: true},
		{Probe: "cert", Target: safe.Lit("static.crates.io:443"), NeedN: 3},
	}}
	if failing {
		v.Elapsed = 15 * time.Minute
		v.Rows[1] = engine.VerifyRow{Probe: "site", Target: v.Rows[1].Target, Outcome: engine.Fail, Word: safe.Lit("wrong value"), Got: safe.Lit("503 Service Unavailable, expected 200; the body says: the origin did not answer in time, retry later or ask the people who run it"), Need: time.Minute}
	}
	tell(b, 20*time.Second, v)
}

func exact(t testing.TB, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), h, frame)
	}
	for i, l := range lines {
		if got := ansi.StringWidth(l); got != w {
			t.Fatalf("line %d is %d cells wide, want %d: %q", i, got, w, l)
		}
	}
}

func plainView(b pane, w, h int) string {
	b.SetSize(w, h)
	return ansi.Strip(b.View())
}

func TestApply_tellsTheStoryOfTheOutage(t *testing.T) {
	b := NewApply(look.New(true))
	incident(b, 12*time.Second)
	f := plainView(b, 120, 40)
	for _, want := range []string{
		"2 of 5 done · 1 running · 2 waiting · 12 s",
		"waits for distribution.static and certificate.static",
		"DARK static 11 s",
		`deleted so far: dns_record.static and certificate.static; awaited: dns_record.weighted["cloudfront"], which waits for certificate.static (running 11 s)`,
	} {
		if !strings.Contains(strings.Join(strings.Fields(f), " "), want) {
			t.Errorf("the board does not say %q:\n%s", want, f)
		}
	}
	incident(b, 24*time.Second)
	if f := plainView(b, 120, 40); !strings.Contains(f, "static was DARK for 22 s in all; 217 of") || !strings.Contains(f, "applied in 23 s") {
		t.Errorf("at the end:\n%s", f)
	}
}

func TestApply_theNextApplyStartsAfresh(t *testing.T) {
	b := NewApply(look.New(true))
	incident(b, 24*time.Second)
	tell(b, time.Minute, engine.ApplyStarted{Title: safe.Lit("the next"), Items: []engine.ApplyItem{{Address: safe.Lit("a.b"), Action: plan.Create}}, Watch: []string{"static"}})
	if f := plainView(b, 120, 40); !strings.Contains(f, "0 of 1 done · 1 waiting · 0 s") || strings.Contains(f, "DARK") {
		t.Errorf("something is left of the apply before:\n%s", f)
	}
}

func TestApply_showsTheWholeOfAFailure(t *testing.T) {
	b := NewApply(look.New(true))
	started(b)
	var text []safe.Text
	for i := range 60 {
		text = append(text, safe.Sprintf("line %d of the diagnostics", i))
	}
	tell(b, time.Second, engine.ResourceMoved{Item: 3, State: engine.Errored, Error: text})
	b.SetSize(80, 24)
	seen := map[string]bool{}
	for range 100 {
		for _, l := range strings.Split(ansi.Strip(b.View()), "\n") {
			if _, rest, ok := strings.Cut(l, "│ "); ok {
				seen[strings.TrimSpace(rest)] = true
			}
		}
		b.Update(tea.KeyMsg{Type: tea.KeyDown})
	}
	if len(seen) != 60 {
		t.Errorf("%d of 60 lines can be reached", len(seen))
	}
}

func TestTrack_anotherAxisShowsTheSame(t *testing.T) {
	kept, late := &track{}, &track{}
	st := look.New(true)
	for i := range 600 {
		m := engine.ProbeMeasured{At: t0.Add(time.Duration(i) * 100 * time.Millisecond), Outcome: engine.Pass}
		if i%200 > 150 {
			m.Outcome = engine.Fail
		}
		kept.take(m, t0)
		late.take(m, t0)
		kept.draw(st, look.NewLine(60), axisFor(m.At.Sub(t0), 60), m.At.Sub(t0))
	}
	a := axis{2 * time.Minute, 60}
	draw := func(t *track) string {
		l := look.NewLine(60)
		t.draw(st, l, a, time.Minute)
		return l.String()
	}
	if draw(kept) != draw(late) {
		t.Errorf("drawn from the beginning\n%s\ndrawn at the end\n%s", draw(kept), draw(late))
	}
}

func TestKindOf_findsTheType(t *testing.T) {
	for address, want := range map[string]string{
		"dns_record.static":                          "dns_record",
		`module.a["x.y"].dns_record.w["static.io"]`:  "dns_record",
		"module.a.module.b[0].aws_instance.this[10]": "aws_instance",
		"odd": "", "": "",
	} {
		if got := kindOf(safe.Show(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestVerify_countsDownBetweenTwoMeasurements(t *testing.T) {
	b := NewVerify(look.New(true))
	verification(b, false)
	if f := plainView(b, 120, 40); !strings.Contains(f, "within 15 min: 2 min 10 s left") {
		t.Errorf("at first:\n%s", f)
	}
	b.Tick(t0.Add(30 * time.Second))
	if f := plainView(b, 120, 40); !strings.Contains(f, "2 min left") {
		t.Errorf("ten seconds later:\n%s", f)
	}
}

func FuzzView_isExactlyItsSize(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrst"), "dns\x1b[31m日本語\u202e", uint8(100), uint8(30))
	f.Add([]byte{0, 250, 3, 7, 99, 200, 31}, strings.Repeat("a🇩🇪각", 90), uint8(33), uint8(7))
	f.Fuzz(func(t *testing.T, script []byte, text string, w, h uint8) {
		if len(script) > 80 || len(text) > 1000 {
			return
		}
		for _, b := range []pane{NewApply(look.New(true)), NewVerify(look.New(true))} {
			w, h := int(w), int(h)
			b.SetSize(w, h)
			name := safe.Show(text)
			at := time.Duration(0)
			for i, c := range script {
				at += time.Duration(c) * time.Duration(i) * 37 * time.Millisecond
				o := []engine.Outcome{engine.Pass, engine.Fail, engine.Inconclusive}[c%3]
				switch c % 11 {
				case 0:
					ev := engine.ApplyStarted{Title: name, Watch: []string{text, "b", "c"}, Items: []engine.ApplyItem{
						{Address: name, Action: plan.Delete, WaitsFor: []int{int(c) - 128}}, {Address: name, Action: plan.Create, WaitsFor: []int{0, 1}}, {Address: safe.Lit("x.y"), Action: plan.Create, WaitsFor: []int{1, 0}},
					}}
					if i%2 == 0 {
						ev.Items = append(ev.Items, ev.Items[0], ev.Items[1])
						foresee(&ev)
						ev.Outages[0].Thing.Name, ev.Outages[0].ClosedBy = name, int(c)-100
						ev.Takes.Typical, ev.Takes.Open = at*time.Duration(c), c%2 == 0
					}
					tell(b, at, ev)
				case 1, 2, 3:
					tell(b, at, engine.ResourceMoved{Item: int(c)/11 - 1, State: []engine.ApplyState{engine.Running, engine.Done, engine.Errored, engine.Waiting}[c/64], Error: safe.Lines(text)})
				case 4, 5:
					tell(b, at, engine.ProbeMeasured{Probe: []string{text, "b"}[c%2], At: t0.Add(at), Due: t0.Add(at), Outcome: o, Word: name, Got: name, Missed: int(c % 3)})
				case 6:
					tell(b, at, engine.ApplyFinished{Result: engine.Failed})
				case 7:
					tell(b, at, engine.VerifyMoved{Within: at, Deciding: c > 99, Rows: []engine.VerifyRow{{Probe: text, Target: name, Outcome: o, Word: name, Got: name, HeldFor: at, Need: time.Duration(c), NeedN: int(c)}}})
				case 8:
					b.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{rune("jkGgfe"[int(c)%6])}})
				case 9:
					w, h = h, w+i
					b.SetSize(w, h)
				case 10:
					b.Tick(t0.Add(at + time.Hour*time.Duration(c)))
				}
				b.Keys()
				if w > 0 && h > 0 {
					exact(t, b.View(), w, h)
				}
			}
		}
	})
}

func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := NewApply(look.New(true))
			p.SetSize(120, 40)
			ev := engine.ApplyStarted{Watch: []string{"static"}}
			for i := range n {
				ev.Items = append(ev.Items, engine.ApplyItem{Address: safe.Sprintf("thing.n%d", i), Action: plan.Create})
			}
			tell(p, 0, ev)
			for i := range 10 {
				tell(p, time.Second, engine.ResourceMoved{Item: i, State: engine.Running})
			}
			p.View()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Tick(t0.Add(2*time.Second + time.Duration(i)*time.Microsecond))
				p.View()
			}
		})
	}
}
