package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// The layout of plain text, in cells. Lines that name things may be longer.
const (
	width    = 100
	nameRoom = 30
	verbRoom = 12
	barRoom  = width - nameRoom - verbRoom - 7
	maxRows  = 60 // actions that are drawn; a large plan has thousands
)

// Text writes the report as plain text: a timeline of everything at once, then
// the sequence that is recommended instead.
func (r *Report) Text(w io.Writer) error {
	var p page
	p.title("Everything at once: %s", r.summary())
	p.timeline(r.AtOnce, maxRows)
	p.outages(r.AtOnce)
	if t := r.blind(); !t.IsEmpty() {
		p.line("")
		p.wrap("", "", t)
	}
	if len(r.AtOnce.Hazards) > 0 {
		p.line("")
		p.line("Hazards")
		for _, h := range r.AtOnce.Hazards {
			p.wrap("  "+h.Code+"  ", "      ", h.Text)
		}
	}
	p.line("")
	p.sequence(r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// summary says in one line what happens when everything is applied at once.
func (r *Report) summary() string {
	f := r.AtOnce
	if len(f.Actions) == 0 {
		return "nothing to do"
	}
	text := fmt.Sprintf("%s, %d at a time, takes %s", count(len(f.Actions), "action"), f.Parallelism, span(f.Takes))
	switch n := bad(f.Outages); n {
	case 0:
		return text + "; no known live thing goes dark"
	case 1:
		return text + "; 1 live thing may go dark"
	default:
		return text + fmt.Sprintf("; %d live things may go dark", n)
	}
}

// A page is text that is being written.
type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) {
	p.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (p *page) title(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	p.line("%s", s)
	p.line("%s", strings.Repeat("=", min(runewidth.StringWidth(s), width)))
}

// wrap breaks a text between words. A word that is too long stays whole.
func (p *page) wrap(first, rest string, t safe.Text) {
	line, empty := first, true
	for word := range strings.FieldsSeq(t.String()) {
		if !empty && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) > width {
			p.line("%s", line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.line("%s", line)
}

// outages tells each live thing that loses an object in words.
func (p *page) outages(f forecast.Forecast) {
	for _, o := range f.Outages {
		p.line("")
		p.line("%s: %s", kindAndName(o), verdict(o))
		for _, s := range story(f, o) {
			p.wrap("  ", "    ", s)
		}
	}
}

func kindAndName(o forecast.Outage) string {
	name := thingName(o.Thing).String()
	if o.Thing.Kind == "" || strings.HasPrefix(name, o.Thing.Kind) {
		return name
	}
	return o.Thing.Kind + " " + name
}

// story tells an outage: why, from when to when, and what users see of it.
func story(f forecast.Forecast, o forecast.Outage) []safe.Text {
	var out []safe.Text
	if !o.Why.IsEmpty() {
		out = append(out, o.Why)
	}
	act := func(i int) string {
		a := f.Actions[i]
		return a.Name.String() + " is " + done(a.Action)
	}
	has := func(i int) bool { return i >= 0 && i < len(f.Actions) }
	if o.Verdict == forecast.Window || o.Verdict == forecast.Gone {
		if has(o.OpenedBy) {
			out = append(out, safe.Sprintf("from %s, when %s", at(o.From), act(o.OpenedBy)))
		}
		if has(o.ClosedBy) {
			out = append(out, safe.Sprintf("to %s, when %s", at(o.To), act(o.ClosedBy)))
		}
	}
	var waits []string
	for _, i := range o.WaitingFor {
		if has(i) && len(waits) < 3 {
			a := f.Actions[i]
			took := "not known how long"
			if a.Takes.Known() {
				took = span(forecast.Span{Min: a.Takes.Min, Typical: a.Takes.Typical, Max: a.Takes.Max}) + ", " + origin(a.Takes)
			}
			waits = append(waits, fmt.Sprintf("%s of %s (%s)", a.Action, a.Name, took))
		}
	}
	if n := len(o.WaitingFor) - len(waits); n > 0 && len(waits) > 0 {
		waits = append(waits, fmt.Sprintf("%d more", n))
	}
	if len(waits) > 0 {
		out = append(out, safe.Sprintf("waits for %s", strings.Join(waits, ", ")))
	}
	if o.Verdict == forecast.Window && o.Thing.DNS {
		most := forecast.Length(o.SeenMost.Max) + " at most"
		if o.SeenMost.Open {
			most = "nobody knows how long at most"
		}
		note := ""
		if o.Negative == 0 {
			note = " (that without what resolvers remember of missing names; --negative-ttl says it)"
		}
		least := forecast.Length(o.SeenLeast) + " at least, as resolvers remember it"
		if o.Thing.TTL <= 0 {
			least = "less where resolvers remember it (its TTL is not known)"
		}
		out = append(out, safe.Sprintf("users miss it for %s, and %s%s", least, most, safe.Show(note)))
	}
	return out
}

// at writes a point of time.
func at(s forecast.Span) string {
	if s.Open && s.Min == 0 {
		return "some time nobody knows"
	}
	return span(s)
}

// sequence tells the changes that are recommended one at a time.
func (p *page) sequence(r *Report) {
	switch {
	case r.Limited:
		p.line("The plan is limited to a part of the configuration, so there is no sequence of it.")
		return
	case len(r.Changes) == 0:
		p.line("Nothing to do.")
		return
	}
	p.title("%s", r.sequenceTitle())
	for i, c := range r.Changes[:min(len(r.Changes), maxRows)] {
		f := r.Steps.Steps[i]
		p.wrap(fmt.Sprintf("%3d. ", i+1), "     ", c.Title)
		for _, t := range targetsOf(c) {
			p.line("     %s", t)
		}
		for _, o := range f.Outages {
			if isBad(o) || o.Verdict == forecast.Swap {
				p.wrap("     ", "     ", safe.Sprintf("%s: %s", kindAndName(o), verdict(o)))
			}
		}
		if !c.Blocked.IsEmpty() {
			p.wrap("     BLOCKED: ", "     ", c.Blocked)
		}
		if !c.Remedy.IsEmpty() {
			p.wrap("     instead: ", "     ", c.Remedy)
		}
	}
	if n := len(r.Changes) - maxRows; n > 0 {
		p.line("   … and %s", count(n, "change"))
	}
	for _, o := range r.Steps.Outages {
		p.wrap("     ", "     ", safe.Sprintf("%s: %s between changes", kindAndName(o), verdict(o)))
	}
}

// dark says for how long live things are absent in the sequence, and which
// things no length can be told of.
func (r *Report) dark() string {
	var s forecast.Span
	gone, unknown := 0, 0
	add := func(o forecast.Outage) {
		switch o.Verdict {
		case forecast.Window:
			s = s.Plus(o.Length)
		case forecast.Gone:
			gone++
		case forecast.Unknown:
			unknown++
		}
	}
	for _, step := range r.Steps.Steps {
		for _, o := range step.Outages {
			add(o)
		}
	}
	for _, o := range r.Steps.Outages {
		add(o)
	}
	text := "dark: " + span(s)
	if s.Open && s.Min == 0 {
		text = "dark for nobody knows how long"
	}
	if gone > 0 {
		text += ", " + count(gone, "live thing") + " gone for good"
	}
	if unknown > 0 {
		text += ", " + count(unknown, "live thing") + " of which it cannot be told"
	}
	return text
}

// targetsOf returns the options that limit Terraform to a change, some of them.
func targetsOf(c plan.Change) []string {
	const most = 3
	var out []string
	for _, t := range c.Targets[:min(len(c.Targets), most)] {
		out = append(out, "-target="+quoted(t))
	}
	if n := len(c.Targets) - most; n > 0 {
		out = append(out, fmt.Sprintf("and %d targets more", n))
	}
	return out
}

// quoted writes an argument for a shell.
func quoted(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-/:", c)
	}
	if strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
