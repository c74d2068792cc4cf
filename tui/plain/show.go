package plain

import (
	"strconv"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// show says one thing of a question in full.
func (s *session) show(q engine.Question, d *subject, which string) {
	which = strings.TrimSpace(which)
	what, n := "", 0
	switch p := q.Payload.(type) {
	case engine.Candidates:
		what, n = "commit", len(p.Items)
		if which == "others" {
			s.fetch(engine.Request{Question: q.ID, What: "others"}, nil)
			return
		}
	case engine.Review:
		what, n = "file", len(p.Files)
	case engine.PlanReview:
		what, n = "resource", len(p.Plan.Resources)
	case engine.CureReview:
		what, n = "cure", len(p.Cures)
	default:
		s.list(d.lines, nil)
		return
	}
	i, err := strconv.Atoi(which)
	if err != nil || i < 1 || i > n {
		s.say(safe.Sprintf("Say which: show 1 to show %d.", n))
		return
	}
	if p, ok := q.Payload.(engine.CureReview); ok {
		s.list(patchLines(p.Cures[i-1]), nil)
		return
	}
	r := engine.Request{Question: q.ID, What: what, Index: i - 1}
	if what != "file" {
		s.fetch(r, nil)
		return
	}
	seen := func() {
		d.files[i-1] = true
		s.say(safe.Sprintf("File %d was shown to its end.", i))
	}
	if f := d.review.Files[i-1]; !f.Unreviewable.IsEmpty() {
		s.say(safe.Sprintf("%s cannot be shown: %s", f.Path, f.Unreviewable))
		seen()
		return
	}
	s.fetch(r, seen)
}

// fetch gets a part of the payload and lists it.
func (s *session) fetch(r engine.Request, shown func()) {
	part, err := s.console.Fetch(s.ctx, r)
	if err != nil {
		s.say(safe.Sprintf("It could not be read: %s", safe.Show(err.Error())))
		return
	}
	s.list(partLines(part), shown)
}

func partLines(part engine.Part) []safe.Text {
	var out []safe.Text
	switch p := part.(type) {
	case engine.CommitDetail:
		out = append(out, p.Message...)
		for _, f := range p.Files {
			out = append(out, safe.Sprintf("touches %s", f))
		}
	case engine.Others:
		for _, c := range p.Items {
			out = append(out, safe.Sprintf("%s, %s, by %s", safe.Show(c.Short), c.Subject, c.Author))
		}
	case engine.FileDiff:
		if p.Coarse {
			out = append(out, safe.Lit("too different to compare line by line"))
		}
		for _, h := range p.Hunks {
			out = append(out, safe.Sprintf("lines %d to %d:", h.NewStart, h.NewStart+max(h.NewLines-1, 0)))
			for _, l := range h.Lines {
				out = append(out, safe.Sprintf("%s %s", opWord(l.Op), l.Text))
			}
		}
	case engine.ResourceDetail:
		for _, a := range p.Attributes {
			switch {
			case a.Same:
			case a.Sensitive:
				out = append(out, safe.Sprintf("%s: sensitive, changes", a.Path))
			case a.Unknown:
				out = append(out, safe.Sprintf("%s: from %s to a value known after apply%s", a.Path, value(a.Before), forces(a.Forces)))
			default:
				out = append(out, safe.Sprintf("%s: from %s to %s%s", a.Path, value(a.Before), value(a.After), forces(a.Forces)))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, safe.Lit("nothing to show"))
	}
	return out
}

// opWord says what a line of a diff is, in a word that can be heard.
func opWord(op byte) safe.Text {
	switch op {
	case '+':
		return safe.Lit("added:  ")
	case '-':
		return safe.Lit("removed:")
	case '\\':
		return safe.Lit("note:   ")
	}
	return safe.Lit("same:   ")
}

func value(lines []safe.Text) safe.Text {
	if lines == nil {
		return safe.Lit("nothing")
	}
	return safe.Join(lines, " / ")
}

func forces(f bool) safe.Text {
	if f {
		return safe.Lit(", which forces the replacement")
	}
	return safe.Text{}
}
