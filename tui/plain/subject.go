package plain

import (
	"fmt"
	"strconv"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// A subject is what a question is about, in lines.
type subject struct {
	lines    []safe.Text
	noun     safe.Text // of the items that can be taken
	items    []item
	acks     []ack
	files    []bool // of a review: shown to the end
	review   engine.Review
	text     string
	editable bool
	commands safe.Text // what else can be typed
	untold   bool      // the lines have to be told to their end first, and were not
	changes  int       // of a plan: the items are changes, and several can be taken
	parts    int       // of a plan: its resources
}

// An item is something an answer can name.
type item struct {
	id               string
	reason, disabled safe.Text
}

// An ack is something the operator says to have read or done.
type ack struct {
	noun, text safe.Text
	key        string
	code       string // that has to be typed, or ""
	done       bool
}

func describe(q engine.Question, now time.Time) *subject {
	d := &subject{}
	switch p := q.Payload.(type) {
	case engine.Candidates:
		d.candidates(p)
	case engine.Review:
		d.diff(p)
	case engine.PlanReview:
		d.plan(p, q.Kind)
	case engine.CureReview:
		d.cures(p)
	case engine.Message:
		d.message(p)
	case engine.PinReview:
		d.pin(p)
	case engine.Checklist:
		for i, t := range p.Items {
			d.acks = append(d.acks, ack{noun: safe.Lit("item"), text: t, key: fmt.Sprintf("item %d", i+1)})
		}
		d.commands = safe.Lit(", or tick and the number of an item that is done")
	case engine.Failure:
		d.failure(p)
	case engine.Settlement:
		d.settlement(p, now)
	}
	return d
}

func (d *subject) add(t safe.Text) { d.lines = append(d.lines, t) }

func (d *subject) candidates(p engine.Candidates) {
	d.noun, d.commands = safe.Lit("commit"), safe.Lit(", or show and the number of a commit, or show others")
	d.add(safe.Sprintf("%s is at %s, %s. %s is %d commits ahead; %d of them touch this environment.", p.Environment, safe.Show(p.Pin.Short), p.Pin.Subject, p.Branch, p.Ahead, len(p.Items)))
	for _, n := range p.Notes {
		d.add(safe.Sprintf("note: %s", n))
	}
	for i, c := range p.Items {
		parts := []safe.Text{safe.Sprintf("commit %d: %s, %s, by %s, %s", i+1, safe.Show(c.Short), c.Subject, c.Author, safe.Show(c.When.UTC().Format(time.DateOnly)))}
		if c.Recommended {
			parts = append(parts, safe.Lit("recommended"))
		}
		if c.Takes > 1 {
			parts = append(parts, safe.Sprintf("takes %d commits at once", c.Takes))
		}
		if !p.After.IsEmpty() && c.Verified.IsZero() {
			parts = append(parts, safe.Sprintf("not verified in %s", p.After))
		}
		for _, h := range c.Hazards {
			parts = append(parts, safe.Sprintf("hazard: %s", h))
		}
		if c.RevertedBy != "" {
			parts = append(parts, safe.Sprintf("reverted by %s", safe.Show(c.RevertedBy)))
		}
		if !c.Disabled.IsEmpty() {
			parts = append(parts, safe.Sprintf("cannot be taken: %s", c.Disabled))
		}
		d.add(safe.Join(parts, "; "))
		d.items = append(d.items, item{c.Hash, c.Reason, c.Disabled})
	}
}

func (d *subject) diff(p engine.Review) {
	d.review, d.files = p, make([]bool, len(p.Files))
	d.commands = safe.Lit(", or show and the number of a file, or ack and the number of a hazard you have read")
	d.add(safe.Sprintf("from %s to %s, %d commits, %d files", safe.Show(p.From.Short), safe.Show(p.To.Short), len(p.Commits), len(p.Files)))
	for i, f := range p.Files {
		t := safe.Sprintf("file %d: %s %s", i+1, status(f.Status), f.Path)
		if f.Added >= 0 {
			t = safe.Sprintf("%s, %d lines added, %d removed", t, f.Added, f.Removed)
		}
		if f.Input {
			t = safe.Sprintf("%s, an input from the head of the branch", t)
		}
		if !f.Unreviewable.IsEmpty() {
			t = safe.Sprintf("%s, cannot be shown: %s", t, f.Unreviewable)
		}
		d.add(t)
	}
	for i, h := range p.Hazards {
		d.acks = append(d.acks, ack{noun: safe.Lit("hazard"), text: h, key: fmt.Sprintf("hazard %d", i+1)})
	}
}

func status(s engine.FileStatus) safe.Text {
	switch s {
	case engine.FileAdded:
		return safe.Lit("added")
	case engine.FileDeleted:
		return safe.Lit("deleted")
	case engine.FileMode:
		return safe.Lit("mode changed")
	}
	return safe.Lit("changed")
}

func (d *subject) message(p engine.Message) {
	d.text, d.editable = p.Text, true
	d.commands = safe.Lit(", or edit to write the text anew")
	if !p.Muted.IsEmpty() {
		d.add(safe.Sprintf("Nothing will be sent: %s.", p.Muted))
	}
	for _, c := range p.Channels {
		d.add(safe.Sprintf("to %s, %s %s:", safe.Show(c.Name), safe.Show(c.Kind), c.Where))
		for _, t := range append(safe.Lines(p.Text), c.Footer...) {
			d.add(safe.Sprintf("| %s", t))
		}
	}
}

func (d *subject) pin(p engine.PinReview) {
	d.add(safe.Sprintf("%s: from %s, %s", p.Environment, safe.Show(p.From.Short), p.From.Subject))
	d.add(safe.Sprintf("to %s, %s", safe.Show(p.To.Short), p.To.Subject))
	d.add(safe.Sprintf("written to %s", p.Where))
	for _, c := range p.Checks {
		if c.OK {
			d.add(safe.Sprintf("ok: %s", c.Text))
		} else {
			d.add(safe.Sprintf("NOT ok: %s", c.Text))
		}
	}
}

func (d *subject) failure(p engine.Failure) {
	d.add(p.What)
	if !p.Hint.IsEmpty() {
		d.add(safe.Sprintf("what to do: %s", p.Hint))
	}
	d.lines = append(d.lines, p.Lines...)
	for _, r := range p.Rows {
		met := safe.Lit("not met")
		if r.Met {
			met = safe.Lit("met")
		}
		d.add(safe.Sprintf("probe %s: %s, %s %s", safe.Show(r.Probe), met, r.Word, r.Got))
	}
}

// settlement tells what was found out about an effect whose end nobody recorded.
func (d *subject) settlement(p engine.Settlement, now time.Time) {
	d.add(safe.Sprintf("started: %s", p.What))
	when := safe.Sprintf("%s ago, at %s", look.Short(now.Sub(p.Started)), safe.Show(p.Started.UTC().Format("2 Jan 2006 15:04:05 UTC")))
	if !p.By.IsEmpty() {
		when = safe.Sprintf("%s, by %s", when, p.By)
	}
	d.add(safe.Sprintf("when: %s, record %d", when, p.Intent))
	d.add(safe.Sprintf("found: %s", p.Found))
	d.add(safe.Sprintf("verdict: %s", safe.Show(p.Verdict)))
	for _, t := range p.Lines {
		d.add(safe.Sprintf("evidence, %s", t))
	}
}

// done lists what was acknowledged and viewed, as an answer says it.
func (d *subject) done() []string {
	var out []string
	for i, seen := range d.files {
		if seen {
			out = append(out, d.review.ViewedKey(i))
		}
	}
	for _, a := range d.acks {
		if a.done {
			out = append(out, a.key)
		}
	}
	return out
}

// missing says what has to be read or done first, or nothing.
func (d *subject) missing() safe.Text {
	var parts []safe.Text
	if d.untold {
		parts = append(parts, safe.Lit("the plan was not told to its end: type more"))
	}
	for i, seen := range d.files {
		if !seen {
			parts = append(parts, safe.Sprintf("file %d was not shown to its end", i+1))
		}
	}
	for i, a := range d.acks {
		if !a.done {
			parts = append(parts, safe.Sprintf("%s %d is not acknowledged", a.noun, i+1))
		}
	}
	if len(parts) > 5 {
		parts = append(parts[:5], safe.Sprintf("and %d more", len(parts)-5))
	}
	return safe.Join(parts, ", ")
}

// acknowledge notes what the operator says to have read or done. What has a code
// is acknowledged by typing that.
func (s *session) acknowledge(d *subject, which string) {
	n, _ := strconv.Atoi(which)
	found := false
	for i := range d.acks {
		a := &d.acks[i]
		if which != "all" && which != a.key && which != a.code && n != i+1 || which == "" {
			continue
		}
		found = true
		if a.code != "" && !a.done {
			text, err := s.line(safe.Sprintf("type %s to accept %s %d:", safe.Show(a.code), a.noun, i+1))
			if err != nil {
				return
			}
			if text != a.code {
				s.say(safe.Sprintf("%s %d is not accepted: that was not the code.", a.noun, i+1))
				continue
			}
		}
		a.done = true
		s.say(safe.Sprintf("%s %d acknowledged.", a.noun, i+1))
	}
	if !found {
		s.say(safe.Lit("There is nothing of that number to acknowledge."))
	}
}
