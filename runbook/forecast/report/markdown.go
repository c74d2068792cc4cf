package report

import (
	"fmt"
	"io"
	"strings"

	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// What a comment holds at most. GitHub takes 65,536 characters.
const (
	maxComment = 60_000 // bytes
	maxThings  = 25
	maxHazards = 25
	maxChanges = 40
	maxDrawn   = 40
	maxText    = 300 // of one piece of text from outside, in runes
)

// Markdown writes the report as a comment on a pull request (GitHub's Markdown).
// Text from outside stands in code, where nothing is a link, a mention or markup.
// A part that would make the comment too long is left out, and said to be.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### Forecast: %s\n\n%s.\n", r.headline(), r.summary())
	for _, part := range []struct {
		name  string
		write func(*strings.Builder)
	}{
		{"live things", r.things}, {"hazards", r.hazards}, {"changes", r.changes}, {"lines of the timeline", r.drawing},
	} {
		var s strings.Builder
		if part.write(&s); b.Len()+s.Len() > maxComment {
			fmt.Fprintf(&b, "\nThe %s are too much for a comment; `lockstep forecast` prints all of it.\n", part.name)
			continue
		}
		b.WriteString(s.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) things(b *strings.Builder) {
	f := r.AtOnce
	if t := r.blind(); !t.IsEmpty() {
		fmt.Fprintf(b, "\n%s\n", code(t))
	}
	if len(f.Outages) == 0 {
		return
	}
	b.WriteString("\n| live thing | verdict | from | to | opened by | closed by | waits for |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range f.Outages[:min(len(f.Outages), maxThings)] {
		b.WriteString(row(f, o))
	}
	more(b, len(f.Outages)-maxThings, "live thing")
}

func (r *Report) hazards(b *strings.Builder) {
	hs := r.AtOnce.Hazards
	if len(hs) == 0 {
		return
	}
	b.WriteString("\n**Hazards**\n\n")
	for _, h := range hs[:min(len(hs), maxHazards)] {
		fmt.Fprintf(b, "- **%s** %s\n", h.Code, code(h.Text))
	}
	more(b, len(hs)-maxHazards, "hazard")
}

func (r *Report) drawing(b *strings.Builder) {
	if len(r.AtOnce.Actions) == 0 {
		return
	}
	var p page
	p.timeline(r.AtOnce, maxDrawn)
	b.WriteString("\n<details><summary>Timeline</summary>\n\n" + block(p.b.String()) + "\n</details>\n")
}

// headline is the worst that happens.
func (r *Report) headline() string {
	gone, dark, open := 0, 0, false
	for _, o := range r.AtOnce.Outages {
		switch o.Verdict {
		case forecast.Gone:
			gone++
		case forecast.Window:
			dark++
			open = open || o.Length.Open
		}
	}
	switch {
	case gone > 0:
		return count(gone, "live thing") + " would be **gone**"
	case dark > 0 && open:
		return count(dark, "live thing") + " would go **dark**, for how long is not known"
	case dark > 0:
		return count(dark, "live thing") + " would go **dark** for " + span(r.AtOnce.Dark) + " in all"
	case bad(r.AtOnce.Outages) > 0:
		return "what goes dark **cannot be told**"
	}
	return "no known live thing goes dark"
}

func row(f forecast.Forecast, o forecast.Outage) string {
	label := func(i int) string {
		if i < 0 || i >= len(f.Actions) {
			return "–"
		}
		return code(f.Actions[i].Name) + " " + string(f.Actions[i].Action)
	}
	from, to := "–", "–"
	if o.Verdict == forecast.Window || o.Verdict == forecast.Gone {
		from = at(o.From)
		if to = "never"; o.Verdict == forecast.Window {
			to = at(o.To)
		}
	}
	var waits []string
	for _, i := range o.WaitingFor[:min(len(o.WaitingFor), 3)] {
		waits = append(waits, label(i))
	}
	if n := len(o.WaitingFor) - 3; n > 0 {
		waits = append(waits, fmt.Sprintf("%d more", n))
	}
	if len(waits) == 0 {
		waits = []string{"–"}
	}
	word := verdict(o)
	if isBad(o) {
		word = "**" + word + "**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n",
		code(thingName(o.Thing)), word, from, to, label(o.OpenedBy), label(o.ClosedBy), strings.Join(waits, ", "))
}

// changes writes the sequence that is recommended.
func (r *Report) changes(b *strings.Builder) {
	switch {
	case r.Limited:
		b.WriteString("\nThe plan is limited to a part of the configuration, so there is no sequence of it.\n")
		return
	case len(r.Changes) == 0:
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n", r.sequenceTitle())
	for i, c := range r.Changes[:min(len(r.Changes), maxChanges)] {
		fmt.Fprintf(b, "%d. %s\n", i+1, code(c.Title))
		for _, o := range r.Steps.Steps[i].Outages {
			if isBad(o) || o.Verdict == forecast.Swap {
				fmt.Fprintf(b, "   - %s: %s\n", code(thingName(o.Thing)), verdict(o))
			}
		}
		if !c.Blocked.IsEmpty() {
			fmt.Fprintf(b, "   - **BLOCKED**: %s\n", code(c.Blocked))
		}
		if !c.Remedy.IsEmpty() {
			fmt.Fprintf(b, "   - instead: %s\n", code(c.Remedy))
		}
	}
	more(b, len(r.Changes)-maxChanges, "change")
	for _, o := range r.Steps.Outages {
		fmt.Fprintf(b, "\nBetween changes: %s: %s\n", code(thingName(o.Thing)), verdict(o))
	}
}

func more(b *strings.Builder, n int, noun string) {
	if n > 0 {
		fmt.Fprintf(b, "\n… and %s more.\n", count(n, noun))
	}
}

// code quotes text from outside, also inside of a table. Where the text holds
// what could end a code span or a cell, every sign of it is written as a
// reference to a character, which is never markup.
func code(t safe.Text) string {
	s := t.String()
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "…"
	}
	if s == "" {
		return "–"
	}
	if !strings.ContainsAny(s, "`|\\") && s == strings.TrimSpace(s) {
		return "`" + s + "`"
	}
	var b strings.Builder
	b.WriteString("<code>")
	for _, c := range s {
		if c > ' ' && c < 0x7f && !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			fmt.Fprintf(&b, "&#%d;", c)
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// block quotes lines with a fence that none of them can end.
func block(text string) string {
	longest, run := 0, 0
	for _, c := range text {
		if c != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", max(3, longest+1))
	return fence + "text\n" + text + fence + "\n"
}
