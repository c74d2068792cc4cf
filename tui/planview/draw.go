package planview

import (
	"strings"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// View returns the pane as it is now. It joins lines that were drawn before.
func (v *View) View() string {
	if v.frame == "" && v.width > 0 && v.height > 0 {
		v.frame = v.draw()
	}
	return v.frame
}

func (v *View) draw() string {
	if v.head == nil {
		v.head = []string{v.title(), v.facts(), rows.Blank(v.width)}[:v.headLines()]
	}
	lines := make([]string, 0, v.height+2)
	lines = append(lines, v.head...)
	if v.order != nil {
		lines = append(lines, v.order.draw(v)...)
	} else {
		lines = append(lines, rows.Draw(&v.stack, &v.cache, rows.Blank(v.width), v.drawBlock)...)
	}
	lines = append(lines, v.status())
	return strings.Join(lines[:v.height], "\n")
}

// title is the first line: what this is, and how much of what.
func (v *View) title() string {
	p := &v.review.Plan
	all := tally{}
	for _, g := range v.groups {
		for a, n := range g.tally {
			all[a] += n
		}
	}
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" "))
	if v.apply {
		right := all.bits(v.st, true).Add(v.st.Plain, safe.Lit(" "))
		if 8+right.Width()+look.Width(v.review.Chosen.Title) > v.width {
			right = all.bits(v.st, false).Add(v.st.Plain, safe.Lit(" "))
		}
		l.Add(v.st.Muted, safe.Lit("Apply  "))
		l.Add(v.st.Title, rows.Short(v.review.Chosen.Title, max(v.width-l.Used()-right.Width()-2, 10)))
		return right.Right(l, v.width).String()
	}
	l.Add(v.st.Title, safe.Sprintf("Plan for %s", v.review.Commit.Short))
	if len(p.Resources) == 0 {
		return l.Add(v.st.Good, safe.Lit(" · nothing to do")).String()
	}
	if words := all.bits(v.st, true); l.Used()+3+words.Width() <= v.width {
		words.Put(l.Add(v.st.Rule, safe.Lit(" · ")))
	} else {
		all.bits(v.st, false).Put(l.Add(v.st.Rule, safe.Lit(" ·")))
	}
	return l.Right(v.st.Muted, safe.Sprintf("  serial %d ", p.Serial)).String()
}

// facts is the second line: what has to be read first, and which plan this is.
// What there is no room for is left out, the least important first.
func (v *View) facts() string {
	p := &v.review.Plan
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" "))
	v.alarm(l)
	whole := v.apply && v.which(l)
	var right rows.Bits
	if len(p.Targets) > 0 && !v.apply {
		right = right.Add(v.st.Warning, safe.Sprintf("  limited to %s", count(len(p.Targets), "target")))
	} else if !p.Complete && !v.apply {
		right = right.Add(v.st.Warning, safe.Lit("  Terraform calls it incomplete"))
	}
	if whole {
		right = right.Add(v.st.Muted, safe.Sprintf("  serial %d", p.Serial))
	} else if v.review.Round > 0 && !v.apply {
		right = right.Add(v.st.Muted, safe.Sprintf("  change %d of this run", v.review.Round))
	}
	return right.Add(v.st.Plain, safe.Lit(" ")).Right(l, v.width).String()
}

// alarm says what the plan does to live things, and how many hazards it has.
func (v *View) alarm(l *look.Line) {
	full, brief := safe.Text{}, safe.Text{}
	n := v.unaccepted()
	switch {
	case n > 0 && v.apply:
		full = safe.Sprintf("! %s to accept: h", count(n, "hazard"))
		brief = full
	case len(v.review.Hazards) > 0 && !v.apply:
		n = len(v.review.Hazards)
		full, brief = safe.Sprintf("! %s: h", count(n, "hazard")), safe.Sprintf("! %d: h", n)
	}
	put := func(f rows.Bits, hazards safe.Text) {
		if f.Put(l); len(f) > 0 && !hazards.IsEmpty() {
			l.Add(v.st.Plain, safe.Lit("  "))
		}
		l.Add(v.st.Warning, hazards)
	}
	fits := func(f rows.Bits, hazards safe.Text) bool {
		return l.Used()+f.Width()+2+look.Width(hazards) <= v.width
	}
	forms := v.outlook()
	least := rows.Bits{}
	if n := len(forms) - 1; n >= 0 {
		forms, least = forms[:n], forms[n]
	}
	for _, hazards := range []safe.Text{full, brief} {
		for _, f := range forms {
			if fits(f, hazards) {
				put(f, hazards)
				return
			}
		}
	}
	if fits(least, full) {
		brief = full
	}
	put(least, brief)
}

// which says which plan is about to be applied, and reports whether there was
// room for all of it.
func (v *View) which(l *look.Line) bool {
	digest := v.review.Plan.Digest
	saved := safe.Lit("saved plan ")
	if l.Used() > 1 {
		saved = safe.Lit("  saved plan ")
	}
	parts := []rows.Bits{
		rows.Bits{}.Add(v.st.Muted, saved).Add(v.st.Accent, safe.Show(digest[:min(len(digest), 12)])),
		rows.Bits{}.Add(v.st.Muted, safe.Sprintf(" · commit %s", v.review.Commit.Short)),
	}
	if v.review.Round > 0 {
		parts = append(parts, rows.Bits{}.Add(v.st.Muted, safe.Sprintf(" · change %d of this run", v.review.Round)))
	}
	for _, b := range parts {
		if l.Used()+b.Width() > v.width {
			return false
		}
		b.Put(l)
	}
	return true
}

// status is the last line: what is searched, what was refused, or where in the
// list the operator is.
func (v *View) status() string {
	if v.prompt.Open {
		return v.prompt.Line(v.st, v.width)
	}
	if v.code != nil {
		return v.code.line(v)
	}
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" "))
	if !v.note.IsEmpty() {
		return l.Add(v.st.Warning, v.note).String()
	}
	s := &v.stack
	if v.order != nil {
		s = &v.order.stack
	}
	if s.Lines() <= s.Height() {
		return l.String()
	}
	l.Add(v.st.Muted, safe.Sprintf("lines %d–%d of %d", s.Top()+1, s.Bottom(), s.Lines()))
	if !s.AtEnd() {
		l.Add(v.st.Warning, safe.Lit(" · more below"))
	}
	return l.String()
}
