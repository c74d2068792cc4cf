package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// JSON writes the report for scripts, one action a line. Addresses are those of
// Terraform, and every rune that could do something to a screen is escaped. The
// list of all that an action waits for is as long as the plan is deep, so it is
// written as it is found.
func (r *Report) JSON(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	p := &printer{r: r, w: b}
	p.text("{\n\"all_at_once\":{")
	p.forecast(r.AtOnce)
	p.text("},\n\"changes\":[")
	for i, c := range r.Changes {
		p.element(i)
		p.change(c, r.Steps.Steps[i])
	}
	p.text("],\n\"between_changes\":[")
	for i, o := range r.Steps.Outages {
		p.element(i)
		win := p.window(o, nil)
		win.Opened, win.Closed = &o.OpenedBy, index(o.ClosedBy)
		p.value(win)
	}
	p.text("],\n")
	p.member("one_at_a_time_dark", lengthOf(r.Steps.Dark))
	p.text(",")
	p.member("terraform", r.Plan.Terraform)
	p.text(",")
	p.member("limited", r.Limited)
	p.text(",")
	p.member("not_looked_at", append([]safe.Text{}, r.Blind...))
	p.text("}\n")
	if p.err != nil {
		return p.err
	}
	return b.Flush()
}

type printer struct {
	r   *Report
	w   *bufio.Writer
	err error
}

func (p *printer) text(s string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(s)
	}
}

func (p *printer) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *printer) element(i int) {
	if i > 0 {
		p.text(",")
	}
	p.text("\n ")
}

func (p *printer) value(v any) {
	if p.err == nil {
		var b []byte
		b, p.err = encode(v)
		p.bytes(b)
	}
}

func (p *printer) member(name string, v any) {
	p.text(strconv.Quote(name) + ":")
	p.value(v)
}

// encode returns the JSON of a value, inert: runes that do not stand for
// themselves on a screen are escaped, which changes nothing for a reader of JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if isPlain(out) {
		return out, nil
	}
	var inert []byte
	for i := 0; i < len(out); {
		c, n := utf8.DecodeRune(out[i:])
		if c < 0x7f || c > 0x7f && safe.Show(string(c)).String() == string(c) {
			inert = append(inert, out[i:i+n]...)
		} else if c > 0xffff {
			c -= 0x10000
			inert = fmt.Appendf(inert, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		} else {
			inert = fmt.Appendf(inert, `\u%04x`, c)
		}
		i += n
	}
	return inert, nil
}

func isPlain(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f {
			return false
		}
	}
	return true
}

// seconds is a time in JSON, to the millisecond.
type seconds time.Duration

func (s seconds) MarshalJSON() ([]byte, error) {
	ms := math.Round(float64(s) / float64(time.Millisecond))
	return strconv.AppendFloat(nil, ms/1000, 'f', -1, 64), nil
}

// until is a time that may not be known.
func until(d time.Duration, known bool) *seconds {
	if !known {
		return nil
	}
	s := seconds(d)
	return &s
}

type lengthJSON struct {
	Min     seconds  `json:"min_s"`
	Typical *seconds `json:"typical_s"`
	Max     *seconds `json:"max_s"` // null: nobody knows
}

func lengthOf(s forecast.Span) lengthJSON {
	return lengthJSON{seconds(s.Min), until(s.Typical, !s.Open), until(s.Max, !s.Open)}
}

// forecast writes what one apply does, without the braces around it.
func (p *printer) forecast(f forecast.Forecast) {
	p.text("\"actions\":[")
	p.actions(f.Actions)
	p.text("],\n\"windows\":[")
	for i, o := range f.Outages {
		p.element(i)
		p.value(p.window(o, f.Actions))
	}
	p.text("],\n\"hazards\":[")
	for i, h := range f.Hazards {
		p.element(i)
		p.value(struct {
			Code    string    `json:"code"`
			Address string    `json:"address,omitempty"`
			Text    safe.Text `json:"text"`
			Accept  bool      `json:"accept"`
		}{h.Code, p.r.raw(h.Address), h.Text, h.Accept})
	}
	p.text("],\n")
	p.member("takes", lengthOf(f.Takes))
	p.text(",")
	p.member("dark", lengthOf(f.Dark))
	p.text(",")
	p.member("unknown_durations", f.Unknown)
	p.text(",")
	p.member("parallelism", f.Parallelism)
}

// label is what an action is called by others.
func (p *printer) label(a forecast.Action) string {
	return p.r.raw(a.Address) + " " + string(a.Action)
}

type windowJSON struct {
	Thing      safe.Text         `json:"thing"`
	Key        map[string]string `json:"key"`
	Verdict    forecast.Verdict  `json:"verdict"`
	From       seconds           `json:"from_s"`
	To         *seconds          `json:"to_s"`
	OpenedBy   *string           `json:"opened_by"`
	ClosedBy   *string           `json:"closed_by"`
	WaitingFor []string          `json:"waiting_for"`
	Kind       string            `json:"kind"`
	UnknownKey []string          `json:"unknown_key"`
	Length     lengthJSON        `json:"length"`
	Seen       *lengthJSON       `json:"seen"` // by users of a DNS record, with resolvers in between
	Handover   bool              `json:"handover"`
	Unordered  bool              `json:"unordered"`
	Why        safe.Text         `json:"why"`
	Opened     *int              `json:"opened_by_change,omitempty"` // index into changes
	Closed     *int              `json:"closed_by_change,omitempty"`
}

func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

// closing is when a thing is back: null when nothing brings it back, and when
// nothing is known of how long that takes. When a part of it is known, it is the
// least, and the length has no max_s.
func closing(o forecast.Outage) *seconds {
	known := !o.To.Open || o.Length.Min > 0
	return until(o.To.Typical, o.ClosedBy >= 0 && o.Verdict != forecast.Gone && known)
}

func (p *printer) window(o forecast.Outage, as []forecast.Action) windowJSON {
	label := func(i int) *string {
		if i < 0 || i >= len(as) {
			return nil
		}
		s := p.label(as[i])
		return &s
	}
	win := windowJSON{
		Thing: thingName(o.Thing), Key: map[string]string{}, Verdict: o.Verdict,
		From: seconds(o.From.Typical), To: closing(o),
		OpenedBy: label(o.OpenedBy), ClosedBy: label(o.ClosedBy), WaitingFor: []string{},
		Kind: o.Thing.Kind, UnknownKey: append([]string{}, o.Thing.Unknown...), Length: lengthOf(o.Length),
		Handover: o.Handover, Unordered: o.Unordered, Why: o.Why,
	}
	if o.Thing.DNS && o.Verdict == forecast.Window {
		win.Seen = &lengthJSON{seconds(o.SeenLeast), until(o.SeenMost.Typical, !o.SeenMost.Open), until(o.SeenMost.Max, !o.SeenMost.Open)}
	}
	for _, k := range o.Thing.Key {
		win.Key[k.Name] = k.Value.String()
	}
	for _, i := range o.WaitingFor {
		if s := label(i); s != nil {
			win.WaitingFor = append(win.WaitingFor, *s)
		}
	}
	return win
}

func (p *printer) change(c plan.Change, f forecast.Forecast) {
	p.text("{")
	p.member("title", c.Title)
	p.text(",")
	targets := []string{}
	for _, t := range c.Targets {
		targets = append(targets, p.r.raw(safe.Show(t)))
	}
	p.member("targets", targets)
	p.text(",\n")
	p.forecast(f)
	if !c.Remedy.IsEmpty() {
		p.text(",")
		p.member("remedy", c.Remedy)
	}
	if !c.Blocked.IsEmpty() {
		p.text(",")
		p.member("blocked", c.Blocked)
	}
	p.text(",")
	p.member("why", c.Why)
	p.text(",")
	p.member("id", c.ID)
	p.text(",")
	p.member("destroys", c.Destroys)
	p.text("}")
}
