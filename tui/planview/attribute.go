package planview

import (
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// state is how far the attributes of a resource are.
type state int

const (
	loading state = iota
	loaded
	failed
)

// A detail is the attributes of a resource.
type detail struct {
	state      state
	err        []safe.Text
	attributes []plan.Attribute
	lines      []string // as drawn for the present width, or nil
}

// indent is the column at which attributes begin.
const indent = 6

// maxValueLines is how many lines of one side of a value are shown. A value
// that is longer says how many there are.
const maxValueLines = 200

// detailLines draws the attributes of a resource.
func (v *View) detailLines(i, w int) []string {
	d := v.details[i]
	switch {
	case d == nil || d.state == loading:
		return []string{look.NewLine(w).To(indent).Add(v.st.Muted, safe.Lit("reading the attributes …")).String()}
	case d.lines != nil:
		return d.lines
	case d.state == failed:
		out := []string{look.NewLine(w).To(indent).Add(v.st.Danger, safe.Lit("the attributes could not be read; r tries again")).String()}
		for _, t := range d.err {
			out = v.value(out, w, ' ', v.st.Danger, t)
		}
		d.lines = out
		return out
	}
	r := v.review.Plan.Resources[i]
	out := make([]string, 0, len(d.attributes)+2)
	if room := v.addressWidth(); look.Width(v.name(r)) > room || v.name(r) != r.Address {
		out = v.value(out, w, ' ', v.st.Bold, r.Address) // it was cut above
	}
	if !r.Previous.IsEmpty() {
		out = append(out, look.NewLine(w).To(indent).Add(v.st.Changed, safe.Sprintf("moved here from %s", r.Previous)).String())
	}
	if r.Deposed != "" {
		out = append(out, look.NewLine(w).To(indent).Add(v.st.Changed, safe.Sprintf("an old object left over from an earlier replacement (%s)", r.Deposed)).String())
	}
	for _, p := range v.originPhrases(r, w) {
		out = append(out, look.NewLine(w).To(indent).Add(p.in, p.text).String())
	}
	path, unchanged := 0, 0
	for _, a := range d.attributes {
		if a.Same {
			unchanged++
		}
		if !a.Same || v.same {
			path = max(path, look.Width(a.Path))
		}
	}
	path = min(path, max(w/3, 10))
	for _, a := range d.attributes {
		if !a.Same {
			out = v.attribute(out, a, path, w)
		}
	}
	switch {
	case v.same:
		for _, a := range d.attributes {
			if a.Same {
				out = v.attribute(out, a, path, w)
			}
		}
	case unchanged > 0:
		out = append(out, look.NewLine(w).To(indent).Add(v.st.Muted, safe.Sprintf("  … %s not changed (z shows them)", count(unchanged, "attribute"))).String())
	case len(d.attributes) == 0:
		out = append(out, look.NewLine(w).To(indent).Add(v.st.Muted, safe.Lit("no attribute differs")).String())
	}
	d.lines = out
	return out
}

// attribute appends the lines of one attribute.
func (v *View) attribute(out []string, a plan.Attribute, path, w int) []string {
	sign, in := safe.Lit("~ "), v.st.Changed
	switch {
	case a.Same:
		sign, in = safe.Lit("  "), v.st.Muted
	case a.Before == nil && !a.Sensitive:
		sign, in = safe.Lit("+ "), v.st.Added
	case a.After == nil && !a.Unknown && !a.Sensitive:
		sign, in = safe.Lit("- "), v.st.Removed
	}
	l := look.NewLine(w).To(indent).Add(in, sign)
	name := v.st.Plain
	if a.Same {
		name = v.st.Muted
	}
	l.Cell(name, rows.Short(a.Path, path), path).Add(v.st.Plain, safe.Lit("  "))
	var forces rows.Bits
	if a.Forces {
		forces = forces.Add(v.st.Danger, safe.Lit("  ! forces replacement"))
	}
	if bits, ok := v.onOneLine(a); ok && l.Used()+bits.Width()+forces.Width() <= w {
		bits.Put(l)
		return append(out, forces.Put(l).String())
	}
	out = append(out, forces.Put(l).String())
	switch {
	case a.Sensitive: // never its value, however little room there is
		return v.value(out, w, ' ', in, safe.Lit("(sensitive)"))
	case a.Same:
		return v.values(out, w, ' ', v.st.Muted, a.Before)
	}
	before, after, above, below := differing(a.Before, a.After)
	if a.Unknown {
		before, above, below = a.Before, 0, 0
	}
	out = v.skipped(out, w, above)
	out = v.values(out, w, '-', v.st.Removed, before)
	if a.Unknown {
		out = append(out, look.NewLine(w).To(indent+2).Add(v.st.Accent, safe.Lit("+ known after apply")).String())
	} else {
		out = v.values(out, w, '+', v.st.Added, after)
	}
	return v.skipped(out, w, below)
}

// onOneLine writes a change of short values as before → after.
func (v *View) onOneLine(a plan.Attribute) (rows.Bits, bool) {
	var out rows.Bits
	switch {
	case a.Sensitive && a.Same:
		return out.Add(v.st.Muted, safe.Lit("(sensitive)")), true
	case a.Sensitive:
		return out.Add(v.st.Changed, safe.Lit("(sensitive) changes; its value is not shown")), true
	case len(a.Before) > 1 || len(a.After) > 1:
		return nil, false
	case a.Same:
		return out.Add(v.st.Muted, only(a.Before)), true
	}
	if a.Before != nil {
		out = out.Add(v.st.Removed, only(a.Before))
		if a.After != nil || a.Unknown {
			out = out.Add(v.st.Plain, safe.Lit(" → "))
		}
	}
	if a.Unknown {
		return out.Add(v.st.Accent, safe.Lit("known after apply")), true
	}
	if a.After != nil {
		out = out.Add(v.st.Added, only(a.After))
	}
	return out, true
}

func only(lines []safe.Text) safe.Text {
	if len(lines) == 0 || lines[0].IsEmpty() {
		return safe.Lit(`""`)
	}
	return lines[0]
}

// differing returns the lines of two values without those that begin and end
// both, and how many those are.
func differing(before, after []safe.Text) (b, a []safe.Text, above, below int) {
	for above < len(before) && above < len(after) && before[above] == after[above] {
		above++
	}
	for below < len(before)-above && below < len(after)-above && before[len(before)-1-below] == after[len(after)-1-below] {
		below++
	}
	return before[above : len(before)-below], after[above : len(after)-below], above, below
}

func (v *View) skipped(out []string, w, n int) []string {
	if n == 0 {
		return out
	}
	return append(out, look.NewLine(w).To(indent+4).Add(v.st.Muted, safe.Sprintf("… %s the same", count(n, "line"))).String())
}

// values appends the lines of a value.
func (v *View) values(out []string, w int, sign rune, in look.Style, value []safe.Text) []string {
	for i, t := range value {
		if i == maxValueLines {
			return append(out, look.NewLine(w).To(indent+4).Add(v.st.Warning, safe.Sprintf("… %s more", count(len(value)-i, "line"))).String())
		}
		out = v.value(out, w, sign, in, t)
	}
	return out
}

// value appends one line of a value, broken where it is too long.
func (v *View) value(out []string, w int, sign rune, in look.Style, t safe.Text) []string {
	starts := rows.Break(t, max(w-indent-5, 4))
	for k, from := range starts {
		to := len(t.String())
		if k+1 < len(starts) {
			to = starts[k+1]
		}
		l := look.NewLine(w).To(indent + 2)
		if k == 0 && sign != ' ' {
			l.Add(in, safe.Sprintf("%c ", sign))
		}
		l.To(indent + 4)
		rows.Paint(l, t, from, to, in, nil)
		out = append(out, l.String())
	}
	return out
}
