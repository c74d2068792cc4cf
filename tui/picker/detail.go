package picker

import (
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/list"
	"lockstep/tui/look"
)

// detail is the whole of one candidate.
type detail struct {
	index int
	asked bool
	part  *engine.CommitDetail
	err   safe.Text
	text  []string
	rows  *list.List
}

func (d *detail) open(i int) {
	if d.index != i || !d.asked {
		d.index, d.asked, d.part, d.err = i, true, nil, safe.Text{}
		d.rows.Select(0)
	}
}

func (d *detail) got(msg look.FetchedMsg) {
	if msg.Err != nil {
		d.err = safe.Show(msg.Err.Error())
		return
	}
	if part, ok := msg.Part.(engine.CommitDetail); ok {
		d.part = &part
	}
}

func (d *detail) layout(p *Picker) {
	if !d.asked || d.index >= len(p.c.Items) {
		return
	}
	c, st, w := p.c.Items[d.index], p.st, p.width
	d.text = d.text[:0]
	add := func(in look.Style, column int, t safe.Text) {
		for _, part := range look.Wrap(t, w-column-1) {
			d.text = append(d.text, look.NewLine(w).To(column).Add(in, part).String())
		}
	}
	add(st.Accent, 1, safe.Show(c.Hash))
	add(st.Plain, 1, safe.Sprintf("%s <%s>  %s", c.Author, c.Email, safe.Show(c.When.UTC().Format("2006-01-02 15:04 UTC"))))
	if !c.Signature.IsEmpty() {
		add(st.Muted, 1, safe.Sprintf("signature: %s", c.Signature))
	}
	for _, n := range notes(c) {
		add(st.Warning, 1, n)
	}
	d.text = append(d.text, look.Blank(w))
	switch {
	case !d.err.IsEmpty():
		add(st.Danger, 1, safe.Sprintf("the commit could not be read: %s", d.err))
	case d.part == nil:
		add(st.Muted, 1, safe.Lit("reading the commit …"))
	default:
		for _, t := range d.part.Message {
			if t.IsEmpty() {
				d.text = append(d.text, look.Blank(w))
			}
			add(st.Plain, 3, t)
		}
		d.text = append(d.text, look.Blank(w))
		add(st.Muted, 1, safe.Sprintf("%s in this environment", count(len(d.part.Files), "file")))
		for _, t := range d.part.Files {
			add(st.Plain, 3, t)
		}
	}
}

// lines draws as much of the details as there is room for.
func (d *detail) lines(p *Picker, width, height int) []string {
	d.rows.SetLen(len(d.text))
	d.rows.SetHeight(height - 1)
	title := safe.Sprintf("commit %d of %d", d.index+1, len(p.c.Items))
	first, end := d.rows.Visible()
	return append([]string{look.RuleLine(p.st, width, title, p.st.Title)}, d.text[first:end]...)
}

// others are the commits that do not touch the environment.
type others struct {
	items []engine.Candidate
	err   safe.Text
	rows  *list.List
}

func (o *others) got(msg look.FetchedMsg) {
	if msg.Err != nil {
		o.err = safe.Show(msg.Err.Error())
		return
	}
	if part, ok := msg.Part.(engine.Others); ok {
		o.items, o.err = part.Items, safe.Text{}
	}
}

func (o *others) layout(p *Picker) {
	o.rows.SetLen(len(o.items))
	o.rows.SetHeight(p.height - 2)
}

func (o *others) lines(p *Picker) []string {
	st, w := p.st, p.width
	title := safe.Lit("reading the commits that do not touch this environment …")
	if o.items != nil {
		title = safe.Sprintf("%s of %s after the pin not touching this environment", count(len(o.items), "commit"), p.c.Branch)
	}
	out := []string{look.NewLine(w).To(1).Add(st.Title, title).String(), look.Blank(w)}
	if !o.err.IsEmpty() {
		out = append(out, look.NewLine(w).To(1).Add(st.Danger, o.err).String())
	}
	first, end := o.rows.Visible()
	for _, c := range o.items[first:end] {
		out = append(out, look.NewLine(w).To(3).
			Cell(st.Accent, safe.Show(c.Short), 9).
			Cell(st.Muted, age(p.now(), c.When), 6).
			Cell(st.Plain, c.Author, 12).Add(st.Plain, safe.Lit(" ")).
			Add(st.Plain, c.Subject).String())
	}
	return out
}
