package cureview

import (
	"strings"

	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// wide is the width from which a cure has its kind and its effect in columns.
const wide = 64

// title says how many ways there are.
func (v *View) title() string {
	l := look.NewLine(v.width).Add(v.st.Plain, safe.Lit(" ")).Add(v.st.Title, safe.Lit("WAYS ROUND THE OUTAGE"))
	proved := 0
	for _, c := range v.review.Cures {
		if c.Proved {
			proved++
		}
	}
	switch n := len(v.review.Cures); {
	case n == 0:
		l.Add(v.st.Warning, safe.Lit("  none was found"))
	case v.width < wide:
		l.Add(v.st.Muted, safe.Sprintf("  %d of %d proved", proved, n))
	default:
		l.Add(v.st.Muted, safe.Sprintf("  %d tried in a scratch checkout, %d proved by planning", n, proved))
	}
	return l.Right(v.st.Muted, safe.Sprintf("  commit %s ", safe.Show(v.review.Commit.Short))).String()
}

// row draws one cure of the list.
func (v *View) row(i int) string {
	c, w := &v.review.Cures[i], v.width
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" "))
	in := v.st.Plain
	if i == v.cursor {
		l.Add(v.st.Accent, safe.Lit("▸"))
		in = v.st.Selected
	}
	l.To(3)
	if c.Proved {
		l.Add(v.st.Good, safe.Lit("✓ "))
	} else {
		l.Add(v.st.Danger, safe.Lit("✗ "))
	}
	right := v.effect(c)
	if w < wide {
		right = v.after(rows.Bits{}.Add(v.st.Plain, safe.Lit("→ ")), c)
	}
	right = right.Add(v.st.Plain, safe.Lit(" "))
	l.Add(in, rows.Short(v.label(i), max(w-l.Used()-right.Width()-2, 8)))
	return right.Right(l, w).String()
}

// label names a cure in the list: what it is made of and for what, in few words,
// or by its title where that would name another one, too.
func (v *View) label(i int) safe.Text {
	c := &v.review.Cures[i]
	for k := range v.review.Cures {
		if o := &v.review.Cures[k]; k != i && o.Kind == c.Kind && o.Thing.Name == c.Thing.Name {
			return c.Title
		}
	}
	if v.width < wide || c.Thing.Name.IsEmpty() {
		return words.Cure(c.Kind)
	}
	return safe.Sprintf("%s for %s", words.Cure(c.Kind), c.Thing.Name)
}

// effect writes what the cure does to the windows of everything at once.
func (v *View) effect(c *forecast.Cure) rows.Bits {
	var out rows.Bits
	return v.after(v.side(out, c.Before).Add(v.st.Plain, safe.Lit(" → ")), c)
}

// after writes what is left of the windows. What was not planned is not known.
func (v *View) after(out rows.Bits, c *forecast.Cure) rows.Bits {
	if !c.Proved && len(c.After) == 0 {
		return out.Add(v.st.Warning, safe.Lit("not known"))
	}
	return v.side(out, c.After)
}

func (v *View) side(out rows.Bits, outages []forecast.Outage) rows.Bits {
	in := v.st.Good
	if w := words.Worst(outages); w != nil && words.Harm(w.Verdict) > 1 {
		in = v.st.Danger
	}
	return out.Add(in, words.Impact(forecast.Forecast{Outages: outages}, true))
}

// detail draws a cure: what it is, its proof, and the patch.
func (v *View) detail(c *forecast.Cure, w int) []string {
	var out []string
	say := func(in look.Style, t safe.Text) {
		for _, part := range look.Wrap(t, max(w-2, 8)) {
			out = append(out, look.NewLine(w).To(1).Add(in, part).String())
		}
	}
	names := 16
	if w < wide {
		names = 14
	}
	field := func(name safe.Text, bits rows.Bits) {
		out = append(out, bits.Put(look.NewLine(w).To(1).Cell(v.st.Muted, name, names)).String())
	}
	say(v.st.Bold, c.Title)
	if c.Proved {
		say(v.st.Good, safe.Lit("✓ proved by planning it in a scratch checkout"))
	} else {
		say(v.st.Danger, safe.Lit("✗ not proved"))
	}
	say(v.st.Danger, c.Problem)
	field(safe.Lit("all at once"), v.effect(c))
	if c.Proved {
		in := v.st.Good
		if c.Dark != (forecast.Span{}) {
			in = v.st.Danger
		}
		field(safe.Lit("one at a time"), rows.Bits{}.Add(v.st.Plain, safe.Lit("dark: ")).Add(in, words.Sum(c.Dark, nil)))
	}
	say(v.st.Plain, c.Why)
	field(safe.Lit("live thing"), rows.Bits{}.Add(v.st.Plain, c.Thing.Name))
	for i, f := range c.Files {
		name := safe.Text{}
		if i == 0 {
			name = safe.Lit("changes")
		}
		field(name, rows.Bits{}.Add(v.st.Plain, f))
	}
	out = append(out, rows.Blank(w))
	for _, t := range c.Patch {
		out = append(out, v.patchLines(t, w)...)
	}
	return out
}

// patchLines draws one line of a patch, broken where it is too long.
func (v *View) patchLines(t safe.Text, w int) []string {
	text, in := t.String(), v.st.Plain
	switch {
	case strings.HasPrefix(text, "+++ "), strings.HasPrefix(text, "--- "), strings.HasPrefix(text, "diff "):
		in = v.st.Bold
	case strings.HasPrefix(text, "+"):
		in = v.st.Added
	case strings.HasPrefix(text, "-"):
		in = v.st.Removed
	case strings.HasPrefix(text, "@@"):
		in = v.st.Accent
	}
	var out []string
	starts := rows.Break(t, max(w-4, 4))
	for i, from := range starts {
		to := len(text)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		bar := safe.Lit(" │ ")
		if i > 0 {
			bar = safe.Lit(" ┊ ")
		}
		l := look.NewLine(w).Add(v.st.Rule, bar)
		rows.Paint(l, t, from, to, in, nil)
		out = append(out, l.String())
	}
	return out
}
