package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// A scale places times on a bar.
type scale struct{ end time.Duration }

func (s scale) cell(d time.Duration) int {
	return min(int(int64(d)*barRoom/int64(s.end)), barRoom)
}

// bar fills from one time to another, at least one cell.
func (s scale) bar(from, to time.Duration, fill string) string {
	a := min(s.cell(from), barRoom-1)
	z := max(s.cell(to), a+1)
	return strings.Repeat(" ", a) + strings.Repeat(fill, z-a)
}

// timeline draws the actions that matter most, and the live things below.
func (p *page) timeline(f forecast.Forecast, rows int) {
	if len(f.Actions) == 0 {
		return
	}
	s := scale{end: max(f.Takes.Typical, time.Second)}
	for _, a := range f.Actions {
		s.end = max(s.end, a.End.Typical)
	}
	p.line("%s%s", pad("", width-barRoom), axis(s.end))
	shown := foremost(f, rows)
	for _, i := range shown {
		a := f.Actions[i]
		fill := "█"
		if !a.Takes.Known() {
			fill = "?"
		}
		p.line("%s %s %s  %s", pad(a.Action.Sign(), 3), pad(short(a.Name, nameRoom), nameRoom), pad(string(a.Action), verbRoom), s.bar(a.Start.Typical, a.End.Typical, fill))
	}
	if n := len(f.Actions) - len(shown); n > 0 {
		p.line("    … and %s that no live thing waits for, or that take less", count(n, "action"))
	}
	if f.Unknown > 0 {
		p.line("    ? how long %s is not known; drawn as if at once (--durations FILE says it)", takes(f.Unknown))
	}
	for _, o := range f.Outages {
		p.line("%s %s %s", pad("", 3), pad(short(thingName(o.Thing), nameRoom), nameRoom), strings.TrimRight(pad(brief(o), verbRoom)+"  "+outageBar(s, o), " "))
	}
}

func takes(n int) string {
	if n == 1 {
		return "1 action takes"
	}
	return fmt.Sprintf("%d actions take", n)
}

// outageBar draws an outage under the actions that make it.
func outageBar(s scale, o forecast.Outage) string {
	switch o.Verdict {
	case forecast.Window:
		return s.bar(o.From.Typical, o.To.Typical, "▒")
	case forecast.Gone:
		return s.bar(o.From.Typical, s.end, "▒")
	}
	return ""
}

// axis labels the start, the middle and the end of a bar.
func axis(end time.Duration) string {
	mid, last := forecast.Length(end/2), forecast.Length(end)
	left := pad("0 s", barRoom/2)
	return left + pad(mid, barRoom-barRoom/2-len(last)) + last
}

// short cuts a name in the middle: its end tells it from others.
func short(t safe.Text, room int) string {
	s := t.String()
	if runewidth.StringWidth(s) <= room {
		return s
	}
	tail := room * 2 / 3
	head := runewidth.Truncate(s, room-tail-1, "")
	runes := []rune(s)
	i := len(runes)
	for w := 0; i > 0 && w+runewidth.RuneWidth(runes[i-1]) <= tail; i-- {
		w += runewidth.RuneWidth(runes[i-1])
	}
	return head + "…" + string(runes[i:])
}

func pad(s string, room int) string {
	return s + strings.Repeat(" ", max(room-runewidth.StringWidth(s), 0))
}
