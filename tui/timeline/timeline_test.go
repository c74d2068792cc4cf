package timeline

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

func span(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }

func drawn(b *Bar, cells int) string {
	return strings.TrimRight(ansi.Strip(b.Put(look.NewLine(cells)).String()), " ")
}

func TestBar_showsWhatIsCertainAndWhatIsNot(t *testing.T) {
	st := look.New(false)
	a := Axis{20 * time.Second, 20}
	s := time.Second
	for want, b := range map[string]*Bar{
		"█████":    a.Row().Stretch(span(0), span(5*s), '█', st.Plain, st.Muted),
		"     █":   a.Row().Stretch(span(5*s), span(5*s), '█', st.Plain, st.Muted), // never nothing
		"█████░░░": a.Row().Stretch(span(0), forecast.Span{Min: 4 * s, Typical: 5 * s, Max: 8 * s}, '█', st.Plain, st.Muted),
		"██████████████░░░░░…": a.Row().Stretch(span(0), forecast.Span{Typical: 14 * s, Max: 90 * s}, '█', st.Plain, st.Muted),
		"██?…":                 a.Row().Stretch(span(0), forecast.Span{Typical: 2 * s, Open: true}, '█', st.Plain, st.Muted),
		"                 █?…": a.Row().Stretch(span(19*s), forecast.Span{Typical: 20 * s, Open: true}, '█', st.Plain, st.Muted),
		"·· waits for a ··██":  a.Row().Lead(0, 17*s, safe.Lit("waits for a"), st.Muted).Stretch(span(17*s), span(19*s), '█', st.Plain, st.Muted),
		"·····█":               a.Row().Lead(0, 5*s, safe.Lit("waits for what is long"), st.Muted).Stretch(span(5*s), span(6*s), '█', st.Plain, st.Muted),
	} {
		if got := drawn(b, 20); got != want {
			t.Errorf("drawn %q, want %q", got, want)
		}
	}
}

func TestTicks_standAboveTheirCells(t *testing.T) {
	for want, a := range map[string]Axis{
		"  0 s     2m      4m      6m      8m    10m": {10 * time.Minute, 41},
		"  0 s         10 s     20 s":                 {20 * time.Second, 25},
		"  0 s":                                       {20 * time.Second, 6},
	} {
		l := look.NewLine(60)
		a.Ticks(look.New(false), l.To(2), 2)
		if got := strings.TrimRight(l.String(), " "); got != want {
			t.Errorf("%v: %q, want %q", a, got, want)
		}
	}
}

// Whatever the times are, a row is never wider than its axis and is drawn soon.
func TestBar_staysOnItsAxis(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	st := look.New(false)
	any := func() time.Duration { return time.Duration(r.Int64()>>r.IntN(63)) - time.Duration(r.IntN(2))*time.Hour }
	sp := func() forecast.Span {
		return forecast.Span{Min: any(), Typical: any(), Max: any(), Open: r.IntN(4) == 0}
	}
	for range 5000 {
		a := Axis{Nice(any()), r.IntN(60)}
		b := a.Row().Lead(any(), any(), safe.Lit("waits for x"), st.Muted).Stretch(sp(), sp(), '█', st.Plain, st.Muted)
		b.Label(any(), any(), safe.Lit("日本"), st.Plain)
		b.Note(safe.Lit("note"), st.Plain)
		if n := ansi.StringWidth(drawn(b, 200)); n > a.Cells {
			t.Fatalf("%d cells on %v", n, a)
		}
		l := look.NewLine(80)
		a.Ticks(st, l, 3)
		if l.Used() > 3+max(a.Cells, 0) {
			t.Fatalf("labels up to %d on %v", l.Used(), a)
		}
	}
}
