package export

// trust says how far the journal can be believed.
func (r *report) trust(d *document) {
	d.heading(2, "The journal")
	var items []inline
	for _, s := range r.verdict.Sentences() {
		items = append(items, inline{}.text(s))
	}
	d.list(items)
	items = nil
	for _, f := range r.verdict.Faults {
		items = append(items, say("line %d: ", f.Line).text(f.What))
	}
	if len(items) > 0 {
		d.add(notice{say("The journal does not verify.")})
		d.list(items)
	}
	items = nil
	for _, n := range r.verdict.Notes {
		items = append(items, say("line %d: ", n.Line).text(n.What))
	}
	if len(items) > 0 {
		d.add(paragraph{say("Worth knowing:")})
		d.list(items)
	}
}
