package planview

import (
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
	"lockstep/tui/words"
)

// drawBlock draws a block.
func (v *View) drawBlock(i int) []string {
	b, w := v.blocks[i], v.width
	at := i == v.cursor
	switch b.kind {
	case headingBlock:
		return []string{v.heading(section(b.a), w)}
	case groupBlock:
		return []string{v.groupLine(v.groups[b.a], at, w)}
	case moreBlock:
		g := v.groups[b.a]
		rest := tally{}
		for a, n := range g.tally {
			if !a.Destroys() {
				rest[a] = n
			}
		}
		l := v.start(at, w).To(indent).Add(v.text(at, v.st.Muted), safe.Sprintf("… %d more: ", len(g.resources)-g.destroys))
		rest.bits(v.st, true).Put(l)
		return []string{l.Add(v.st.Muted, safe.Lit("  (x shows them)")).String()}
	case resourceBlock, memberBlock:
		out := []string{v.resourceLine(v.resource(b.a), b, at, w)}
		if r, ok := v.expanded(b); ok {
			out = append(out, v.detailLines(r, w)...)
		}
		return out
	case changeBlock:
		return v.changeLines(int(b.a), at, w)
	case hazardBlock:
		return v.hazardLines(b.a, w)
	case driftBlock:
		return []string{v.resourceLine(v.review.Plan.Drift[b.a], b, at, w)}
	case outageBlock:
		return v.outageLines(b.a, w)
	case lastingBlock:
		return v.lastingLines(b.a, w)
	case quietBlock:
		return []string{v.quietLine(at, w)}
	case fineBlock:
		return []string{v.fineLine(w)}
	case outputBlock:
		return []string{look.NewLine(w).To(4).Add(v.st.Changed, safe.Lit("~ ")).Add(v.st.Plain, v.review.Plan.Outputs[b.a]).String()}
	case noneBlock:
		return []string{look.NewLine(w).To(4).Add(v.st.Muted, safe.Lit("nothing")).String()}
	case endBlock:
		return []string{look.RuleLine(v.st, w, safe.Lit("end of the plan"), v.st.Muted)}
	}
	return []string{rows.Blank(w)}
}

func (v *View) heading(s section, w int) string {
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" "))
	n := len(v.review.Plan.Resources)
	switch s {
	case everything:
		l.Add(v.st.Title, safe.Lit("IF EVERYTHING IS APPLIED AT ONCE"))
		if !v.ticks(l, w) {
			l.Right(v.st.Muted, safe.Sprintf("  %s ", count(n, "resource")))
		}
	case oneByOne:
		right := rows.Bits{}.Add(v.st.Muted, safe.Sprintf("  %s ", count(len(v.review.Changes), "change")))
		if len(v.review.Sequence.Steps) > 0 {
			t, in := v.whole()
			dark := safe.Lit("  dark: ")
			if v.blocked() || v.goneForGood() {
				dark = safe.Lit("  ") // that is no length of time
			}
			right = rows.Bits{}.Add(v.st.Muted, dark).Add(in, safe.Sprintf("%s ", t))
		}
		l.Add(v.st.Title, safe.Lit("ONE CHANGE AT A TIME"))
		if t := safe.Lit("  (recommended)"); !v.blocked() && (len(v.review.Sequence.Steps) == 0 || l.Used()+look.Width(t)+right.Width() <= w) {
			l.Add(v.st.Good, t)
		}
		right.Right(l, w)
	case hazards:
		l.Add(v.st.Title, safe.Lit("HAZARDS"))
		if n := v.unaccepted(); n > 0 {
			if v.apply {
				l.Add(v.st.Warning, safe.Sprintf("  %d to accept, each by typing its code", n))
			} else {
				l.Add(v.st.Muted, safe.Sprintf("  %d to accept before an apply", n))
			}
		}
	case drift:
		l.Add(v.st.Title, safe.Lit("CHANGED OUTSIDE TERRAFORM")).Add(v.st.Muted, safe.Lit("  since the last apply"))
	case outputs:
		l.Add(v.st.Title, safe.Lit("OUTPUTS THAT CHANGE"))
	case exactly:
		l.Add(v.st.Title, safe.Lit("EXACTLY THIS WILL BE APPLIED"))
		if !v.ticks(l, w) {
			l.Right(v.st.Muted, safe.Sprintf("  %s ", count(n, "resource")))
		}
	}
	return l.String()
}

// ticks labels the axis of the forecast, if there is one.
func (v *View) ticks(l *look.Line, w int) bool {
	a := v.axis(w)
	if a.Cells == 0 || l.Used() > v.axisAt() {
		return false
	}
	if v.chart.f.Takes.Open && v.chart.f.Takes.Typical < barsFrom {
		l.To(v.axisAt()).Add(v.st.Muted, safe.Lit("how long is not known"))
		return true
	}
	a.Ticks(v.st, l, v.axisAt())
	return true
}

// start begins a line with the cursor's mark, if it is there.
func (v *View) start(at bool, w int) *look.Line {
	l := look.NewLine(w)
	if at {
		return l.Add(v.st.Accent, safe.Lit(" ▸ "))
	}
	return l.Add(v.st.Plain, safe.Lit("   "))
}

// text returns the style of a row's main words.
func (v *View) text(at bool, other look.Style) look.Style {
	if at {
		return v.st.Selected
	}
	return other
}

func (v *View) groupLine(g group, at bool, w int) string {
	name, sign := g.module, safe.Lit("▾ ")
	if name.IsEmpty() {
		name = safe.Lit("root module")
	}
	if g.folded {
		sign = safe.Lit("▸ ")
	}
	right := g.tally.bits(v.st, w >= 70).Add(v.st.Plain, safe.Lit(" "))
	l := v.start(at, w).Add(v.st.Muted, sign)
	l.Add(v.text(at, v.st.Accent), rows.Short(name, max(w-l.Used()-right.Width()-2, 8))).Add(v.st.Plain, safe.Lit("  "))
	return right.Right(l, w).String()
}

// resourceLine draws one resource change: sign, address, what happens, why.
func (v *View) resourceLine(r plan.ResourceChange, b block, at bool, w int) string {
	l := look.NewLine(w)
	mark := safe.Lit(" ")
	if at {
		mark = safe.Lit("▸")
	}
	l.Add(v.st.Plain, safe.Lit(" ")).Add(v.st.Accent, mark).To(2)
	sign := r.Action.Sign()
	l.To(indent-1-look.Width(safe.Show(sign))).Add(style(v.st, r.Action), safe.Show(sign)).To(indent)
	switch {
	case b.kind == memberBlock && v.marks[b]:
		l.Add(v.st.Key, safe.Lit("[x] "))
	case b.kind == memberBlock && v.apart[b.b]:
		l.Add(v.st.Key, safe.Lit("[ ] "))
	case b.kind == memberBlock:
		l.Add(v.st.Muted, safe.Lit("· "))
	}
	address := v.addressWidth()
	t := rows.Short(v.name(r), address-l.Used()+indent)
	in := v.text(at, v.st.Plain)
	if spans := rows.Marks(t, v.prompt.Query(), v.st.Warning); len(spans) > 0 {
		rows.Paint(l, t, 0, len(t.String()), in, spans)
	} else {
		l.Add(in, t)
	}
	l.To(indent + address + 2)
	l.Cell(style(v.st, r.Action), safe.Show(word(r.Action)), 7)
	if v.chart != nil && b.kind == resourceBlock {
		takes := words.Brief(v.chart.takes(b.a))
		l.To(l.Used()+1+takesWide-look.Width(takes)).Add(v.st.Plain, takes)
		if a := v.axis(w); a.Cells > 0 {
			return v.bar(b.a, a).Put(l.To(v.axisAt())).String()
		}
	}
	if w < axisFrom {
		return l.String()
	}
	l.Add(v.st.Plain, safe.Lit("  "))
	return v.why(r).Put(l).String()
}

// why says what more there is to an action, in a few words.
func (v *View) why(r plan.ResourceChange) rows.Bits {
	var out rows.Bits
	add := func(s look.Style, t safe.Text) {
		if len(out) > 0 {
			out = out.Add(v.st.Rule, safe.Lit(" · "))
		}
		out = out.Add(s, t)
	}
	switch r.Action {
	case plan.DeleteThenCreate:
		add(v.st.Danger, safe.Lit("delete first"))
	case plan.CreateThenDelete:
		add(v.st.Changed, safe.Lit("create first"))
	}
	if r.Action.IsReplace() && len(r.Replaces) > 0 {
		t := safe.Sprintf("%s forces replacement", r.Replaces[0])
		if n := len(r.Replaces) - 1; n > 0 {
			t = safe.Sprintf("%s and %d more force replacement", r.Replaces[0], n)
		}
		add(v.st.Danger, t)
	} else if !r.Reason.IsEmpty() {
		add(v.st.Muted, r.Reason)
	}
	if r.Deposed != "" {
		add(v.st.Changed, safe.Lit("old object left over"))
	}
	if !r.Previous.IsEmpty() {
		add(v.st.Changed, safe.Sprintf("moved from %s", r.Previous))
	}
	if r.Action == plan.Update && r.Changed > 0 {
		add(v.st.Muted, safe.Show(count(r.Changed, "attribute")))
	}
	return out
}

// addressWidth returns how wide the column of addresses is: as wide as the
// widest of them, as far as there is room.
func (v *View) addressWidth() int {
	room := v.width - indent - 2 - actionWide - 1
	switch {
	case v.chart != nil && v.width < axisFrom:
		room -= 1 + takesWide
	case v.chart != nil:
		room = max(min(v.width-indent-2-actionWide-1-takesWide-2-leastAxis-1, v.width*36/100), 16)
	case v.width >= axisFrom:
		room = max((v.width-indent-9)*45/100, 24)
	}
	return max(min(v.widest(), room), 8)
}

// name returns what tells r apart from the others of the plan; its module stands
// above it.
func (v *View) name(r plan.ResourceChange) safe.Text {
	if v.names == nil {
		v.names = v.review.Plan.Names()
	}
	if i := r.Index; i < len(v.names) && v.review.Plan.Resources[i].Key() == r.Key() {
		return v.names[i]
	}
	return r.Address
}

// widest returns the width of the widest address among the first thousand.
func (v *View) widest() int {
	if v.longest == 0 {
		v.longest = 12
		for i, r := range v.review.Plan.Resources {
			if i == 1000 {
				break
			}
			v.longest = max(v.longest, look.Width(v.name(r))+2)
		}
		for i, o := range v.review.Forecast.Outages {
			if i < 20 && v.chart != nil {
				v.longest = max(v.longest, look.Width(o.Thing.Name))
			}
		}
	}
	return v.longest
}

// hazardLines draws one hazard.
func (v *View) hazardLines(i int32, w int) []string {
	h := v.review.Hazards[i]
	at := v.cursor < len(v.blocks) && v.blocks[v.cursor] == block{kind: hazardBlock, a: i}
	l := v.start(at, w)
	in := v.st.Warning
	switch {
	case h.Accept && v.accepted[i]:
		l.Add(v.st.Good, safe.Lit("[✓] "))
		in = v.st.Plain
	case h.Accept && v.apply:
		l.Add(v.st.Key, safe.Lit("[ ] "))
	default:
		l.Add(v.st.Warning, safe.Lit(" !  "))
	}
	l.Add(v.text(at, v.st.Bold), rows.Short(h.Address, max(w-l.Used()-len(h.Code)-4, 8)))
	l.Add(v.st.Muted, safe.Sprintf("  %s", h.Code))
	out := []string{l.String()}
	for _, t := range v.hazardText[i] {
		out = append(out, look.NewLine(w).To(7).Add(in, t).String())
	}
	return out
}
