package plain

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// ask puts the open question to the operator until it is closed.
func (s *session) ask(q engine.Question) {
	s.rest, s.shown = nil, nil
	d := describe(q, s.o.Now())
	s.put(q, d)
	for s.open != nil && s.open.ID == q.ID && s.asks() {
		text, err := s.line(safe.Lit("answer:"))
		if errors.Is(err, io.EOF) {
			s.stop(q)
			return
		}
		if err != nil {
			return
		}
		s.command(q, d, strings.TrimSpace(text))
	}
}

// put tells a question and its choices.
func (s *session) put(q engine.Question, d *subject) {
	s.say(safe.Sprintf("QUESTION: %s", q.Title))
	for _, t := range q.Body {
		s.say(safe.Sprintf("  %s", t))
	}
	s.list(d.lines, func() { d.untold = false })
	for i, t := range d.acks {
		s.say(safe.Sprintf("  %s %d: %s", t.noun, i+1, t.text))
	}
	for i, c := range q.Choices {
		t := safe.Sprintf("  %d. %s", i+1, c.Label)
		if !c.Consequence.IsEmpty() {
			t = safe.Sprintf("%s: %s", t, c.Consequence)
		}
		if c.Recommended {
			t = safe.Sprintf("%s (recommended)", t)
		}
		if !c.Disabled.IsEmpty() {
			t = safe.Sprintf("%s (not now: %s)", t, c.Disabled)
		}
		s.say(t)
	}
	more := d.commands
	if s.seat != "" {
		more = safe.Sprintf("%s, or detach to leave the run as it is", more)
	}
	s.say(safe.Sprintf("Type the number of a choice%s.", more))
}

// list says the first part of lines; "more" says the next. shown is called once
// the last line was said.
func (s *session) list(lines []safe.Text, shown func()) {
	n := min(len(lines), page)
	for _, t := range lines[:n] {
		s.say(safe.Sprintf("  %s", t))
	}
	s.rest, s.shown = lines[n:], shown
	switch {
	case len(s.rest) > 0:
		s.say(safe.Sprintf("  %d more lines: type more", len(s.rest)))
	case shown != nil:
		shown()
	}
}

// command does what a line at the prompt of a question says.
func (s *session) command(q engine.Question, d *subject, text string) {
	if s.leaves(q.Choices, text) {
		return
	}
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "":
		s.say(safe.Lit("Nothing was chosen."))
	case "again", "?":
		s.put(q, d)
	case "more":
		if len(s.rest) == 0 {
			s.say(safe.Lit("There is no more."))
			return
		}
		s.list(s.rest, s.shown)
	case "show":
		s.show(q, d, rest)
	case "ack", "tick":
		s.acknowledge(d, strings.TrimSpace(rest))
	case "edit":
		s.edit(d)
	default:
		if i := choose(q.Choices, text); i >= 0 {
			s.take(q, d, q.Choices[i])
			return
		}
		s.say(safe.Sprintf("There is no choice %q. Type again to hear the question again.", safe.Show(text)))
	}
}

// choose finds a choice by number, id or key, or returns -1.
func choose(choices []engine.Choice, text string) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(choices) {
		return n - 1
	}
	for i, c := range choices {
		if text == c.ID || text == c.Key {
			return i
		}
	}
	return -1
}

// take asks for what a choice needs and gives the answer.
func (s *session) take(q engine.Question, d *subject, c engine.Choice) {
	if !c.Disabled.IsEmpty() {
		s.say(safe.Sprintf("Not now: %s.", c.Disabled))
		return
	}
	a := engine.Answer{Question: q.ID, Choice: c.ID, Digest: q.Digest, Text: d.text, Acknowledge: d.done()}
	needsReason := c.NeedsReason
	if !c.Stops {
		if missing := d.missing(); !missing.IsEmpty() {
			s.say(safe.Sprintf("Not yet: %s.", missing))
			return
		}
		if c.NeedsItem {
			item, reason, ok := s.item(d)
			if !ok {
				return
			}
			a.Item = item
			if !reason.IsEmpty() {
				needsReason = true
				s.say(safe.Sprintf("This needs a reason: %s.", reason))
			}
		}
	}
	if needsReason {
		text, err := s.line(safe.Lit("reason, recorded:"))
		if err != nil || strings.TrimSpace(text) == "" {
			s.say(safe.Lit("Nothing was done: a reason is needed."))
			return
		}
		a.Reason = safe.Show(strings.TrimSpace(text)).String()
	}
	if !s.seal(c, &a) {
		return
	}
	s.send(a)
}

// seal asks for the word of a choice that cannot be undone.
func (s *session) seal(c engine.Choice, a *engine.Answer) bool {
	word := c.Typed
	if word == "" && c.Irreversible {
		word = "yes"
	}
	if word == "" {
		return true
	}
	text, err := s.line(safe.Sprintf("type %s to %s:", safe.Show(word), c.Label))
	if err != nil || strings.TrimSpace(text) != word {
		s.say(safe.Sprintf("Nothing was done: that was not the word %s.", safe.Show(word)))
		return false
	}
	if c.Typed != "" {
		a.Typed = word
	}
	return true
}

// item asks which one.
func (s *session) item(d *subject) (id string, reason safe.Text, ok bool) {
	prompt := safe.Sprintf("which %s, by number:", d.noun)
	if d.changes > 1 {
		prompt = safe.Lit("which change, by number; several as 1+2; only with numbers of resources for a part, as only 1,4:")
	}
	text, err := s.line(prompt)
	if err != nil {
		return "", safe.Text{}, false
	}
	if d.changes > 0 {
		if id, ok := s.several(d, strings.TrimSpace(text)); ok || id != "" {
			return id, safe.Text{}, ok
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > len(d.items) {
		s.say(safe.Sprintf("There is no such %s; nothing was done.", d.noun))
		return "", safe.Text{}, false
	}
	it := d.items[n-1]
	if !it.disabled.IsEmpty() {
		s.say(safe.Sprintf("%d cannot be taken: %s.", n, it.disabled))
		return "", safe.Text{}, false
	}
	return it.id, it.reason, true
}

// several reads what names more than one change, or a part of one. id is not empty
// and ok is false when that was meant and is wrong.
func (s *session) several(d *subject, text string) (id string, ok bool) {
	list, only := strings.CutPrefix(text, "only")
	separator, most := "+", len(d.items)
	if only {
		separator, most = ",", d.parts
	} else if !strings.Contains(text, "+") {
		return "", false
	}
	var out []string
	for _, part := range strings.Split(list, separator) {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > most {
			s.say(safe.Sprintf("There is no number %q; nothing was done.", safe.Show(strings.TrimSpace(part))))
			return text, false
		}
		if only {
			out = append(out, strconv.Itoa(n-1))
			continue
		}
		if it := d.items[n-1]; !it.disabled.IsEmpty() {
			s.say(safe.Sprintf("%d cannot be taken: %s.", n, it.disabled))
			return text, false
		}
		out = append(out, d.items[n-1].id)
	}
	if only {
		return "only:" + strings.Join(out, ","), true
	}
	return strings.Join(out, "+"), true
}

// send gives the answer. One that is refused leaves the question open.
func (s *session) send(a engine.Answer) {
	err := s.console.Answer(a)
	switch {
	case err == nil, errors.Is(err, engine.ErrAnswered):
		s.open = nil
	default:
		s.say(safe.Sprintf("The answer was refused: %s.", safe.Show(err.Error())))
	}
}

// stop ends the run when nobody is there to answer.
func (s *session) stop(q engine.Question) {
	if s.seat != "" && !s.o.EndStops {
		s.detach()
		return
	}
	s.say(safe.Lit("The input has ended: stopping."))
	for _, c := range q.Choices {
		if c.Stops && c.Typed == "" && !c.NeedsReason && !c.Irreversible && c.Disabled.IsEmpty() {
			if s.send(engine.Answer{Question: q.ID, Choice: c.ID, Digest: q.Digest}); s.open == nil {
				return
			}
		}
	}
	s.open = nil
	s.console.Interrupt(engine.CancelNow)
}

// edit reads the text of an announcement, to a line with a dot alone.
func (s *session) edit(d *subject) {
	if !d.editable {
		s.say(safe.Lit("There is nothing to edit here."))
		return
	}
	s.say(safe.Lit("Write the text; a line with a dot alone ends it."))
	var lines []string
	for {
		text, err := s.line(safe.Lit("|"))
		if err != nil {
			return
		}
		if text == "." {
			break
		}
		lines = append(lines, safe.Show(text).String())
	}
	d.text = strings.Join(lines, "\n")
	s.say(safe.Sprintf("The text has %d lines now.", len(lines)))
}
