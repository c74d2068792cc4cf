package planview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// Typing reports whether the operator is writing the words of a search, or the
// code of a hazard.
func (v *View) Typing() bool { return v.prompt.Open || v.code != nil }

// Keys lists the keys that work now.
func (v *View) Keys() []look.Hint {
	if v.prompt.Open {
		return []look.Hint{{Key: "enter", Label: "next match"}, {Key: "↑", Label: "previous"}, {Key: "esc", Label: "leave search"}}
	}
	if v.code != nil {
		return []look.Hint{{Key: "enter", Label: "accept the hazard"}, {Key: "esc", Label: "leave"}}
	}
	if v.order != nil {
		return []look.Hint{{Key: "j/k", Label: "scroll"}, {Key: "esc", Label: "back to the plan"}}
	}
	var out []look.Hint
	add := func(key, label string) { out = append(out, look.Hint{Key: key, Label: label}) }
	need := func(key, label string) { out = append(out, look.Hint{Key: key, Label: label, Needed: true}) }
	at := v.at()
	if at.kind == hazardBlock && v.review.Hazards[at.a].Accept && v.apply {
		if v.accepted[at.a] {
			add("space", "not accepted")
		} else {
			need("enter", "type its code to accept")
		}
	}
	switch {
	case v.apply && v.unread() > 0, v.apply && v.unaccepted() > 0, v.apply && v.unseen > 0:
		need("h", "next hazard")
	case len(v.review.Hazards) > 0:
		add("h", "hazards")
	}
	if v.unread() > 0 {
		need("r", "read again")
	}
	switch at.kind {
	case resourceBlock, memberBlock, changeBlock:
		if v.open[at] {
			add("x", "close")
		} else {
			add("x", "attributes")
		}
	case groupBlock, moreBlock, quietBlock:
		add("x", "fold, unfold")
	}
	if !v.apply && len(v.review.Changes) > 0 {
		if at.kind == changeBlock || at.kind == memberBlock && v.apart[at.b] {
			add("space", "mark")
		}
		if at.kind == changeBlock && len(v.members(v.review.Changes[at.a])) > 1 || at.kind == memberBlock && v.apart[at.b] {
			add("u", "ungroup")
		}
	}
	add("j/k", "move")
	if len(v.review.Plan.Resources) > 1 {
		add("o", "order")
	}
	add("/", "search")
	if len(v.open) > 0 {
		if v.same {
			add("z", "hide unchanged")
		} else {
			add("z", "show unchanged")
		}
	}
	return out
}

// at returns the block under the cursor.
func (v *View) at() block {
	if v.cursor < 0 || v.cursor >= len(v.blocks) {
		return block{}
	}
	return v.blocks[v.cursor]
}

// press takes a key.
func (v *View) press(k tea.KeyMsg) {
	v.frame = ""
	if v.prompt.Open {
		v.search(k)
		return
	}
	if v.code != nil {
		v.typeCode(k)
		return
	}
	v.note, v.opened = safe.Text{}, false
	key := k.String()
	if v.order != nil {
		v.order.press(v, key)
		return
	}
	if v.scroll(key) {
		return
	}
	v.changed()
	switch key {
	case "x":
		v.toggle()
	case "z":
		v.same = !v.same
		for _, d := range v.details {
			d.lines = nil
		}
		v.measure()
		v.reveal()
	case "o":
		if len(v.review.Plan.Resources) > 0 {
			v.order = newOrder(v)
		}
	case "h":
		v.toHazard()
	case " ":
		if v.apply || v.at().kind == hazardBlock {
			v.askCode()
		} else {
			v.mark()
		}
	case "enter":
		v.askCode()
	case "u":
		if !v.apply {
			v.takeApart()
		}
	case "r":
		for i, d := range v.details {
			if d.state == failed {
				delete(v.details, i)
			}
		}
		v.measure()
	case "/":
		v.unfold()
		v.prompt.Start(v.cursor)
		v.cache.Clear()
	}
}

// scroll moves the cursor or the window and reports whether the key was one for that.
func (v *View) scroll(key string) bool {
	page := max(v.stack.Height()-2, 1)
	switch key {
	case "j", "down":
		v.move(1)
	case "k", "up":
		v.move(-1)
	case "pgdown", "ctrl+f":
		v.page(page)
	case "pgup", "ctrl+b":
		v.page(-page)
	case "g", "home":
		v.page(-v.stack.Lines())
	case "G", "end":
		v.page(v.stack.Lines())
	default:
		return false
	}
	return true
}

// move puts the cursor on the next block in a direction that it can stand on,
// or scrolls where what is on the way is taller than the window.
func (v *View) move(by int) {
	next := v.next(v.cursor, by)
	if next < 0 {
		v.stack.Scroll(by)
		return
	}
	start, end := v.stack.Start(next), v.stack.Start(next+1)
	switch {
	case by > 0 && start >= v.stack.Top()+v.stack.Height()+1, by < 0 && end < v.stack.Top():
		v.stack.Scroll(by) // a line at a time through tall blocks
		return
	}
	v.to(next)
}

// to puts the cursor on a block.
func (v *View) to(i int) {
	if i < 0 || i >= len(v.blocks) {
		return
	}
	v.cache.Drop(v.cursor)
	v.cursor = i
	v.cache.Drop(i)
	v.stack.Reveal(i, 2)
	v.choose(i)
}

// choose makes a change the chosen one when the cursor is on it.
func (v *View) choose(i int) {
	if b := v.blocks[i]; b.kind == changeBlock && int(b.a) != v.chosen {
		v.chosen = int(b.a)
		for k := i - 1; k >= 0 && v.blocks[k].kind != headingBlock; k-- {
			v.cache.Drop(k)
		}
		for k := i + 1; k < len(v.blocks) && v.blocks[k].kind != headingBlock; k++ {
			v.cache.Drop(k)
		}
	}
}

// page scrolls, and takes the cursor along when it left the window.
func (v *View) page(by int) {
	v.stack.Scroll(by)
	if v.cursor < 0 || v.stack.Shown(v.cursor) && by != v.stack.Lines() && by != -v.stack.Lines() {
		return
	}
	first, _ := v.stack.At(v.stack.Top())
	last, _ := v.stack.At(v.stack.Bottom() - 1)
	i := v.next(first-1, 1)
	if by == v.stack.Lines() {
		i = v.next(last+1, -1)
	}
	if i < first || i > last {
		return
	}
	v.cache.Drop(v.cursor)
	v.cursor = i
	v.cache.Drop(i)
	v.choose(i)
}

// toggle opens or closes what is under the cursor.
func (v *View) toggle() {
	b := v.at()
	switch b.kind {
	case groupBlock, moreBlock:
		v.groups[b.a].folded = !v.groups[b.a].folded
	case quietBlock:
		v.chart.folded = !v.chart.folded
	case resourceBlock, memberBlock:
		v.flip(b)
	case changeBlock:
		v.flip(b)
		if v.open[b] {
			members := v.members(v.review.Changes[b.a])
			for _, m := range members {
				if key := (block{memberBlock, m, b.a}); len(members) <= 10 || v.resource(m).Action.Destroys() {
					v.open[key] = true
				}
			}
		}
	default:
		v.note = safe.Lit("x shows the attributes of a resource or of a change")
		return
	}
	v.build()
	v.opened = v.open[b]
	v.reveal()
}

func (v *View) flip(b block) {
	if v.open[b] {
		delete(v.open, b)
		return
	}
	v.open[b] = true
}

// unfold lists every resource, so that a search finds it.
func (v *View) unfold() {
	folded := v.chart != nil && v.chart.folded
	if folded {
		v.chart.folded = false
	}
	for g := range v.groups {
		folded = folded || v.groups[g].folded
		v.groups[g].folded = false
	}
	if folded {
		v.build()
		v.reveal()
	}
}

// toHazard goes to the next hazard that has to be read or accepted, or just to
// the next one.
func (v *View) toHazard() {
	done := !v.apply || v.unseen == 0 && v.unaccepted() == 0
	is := func(b block) bool {
		return b.kind == hazardBlock && (done || !v.sighted[b.a].whole() || v.review.Hazards[b.a].Accept && !v.accepted[b.a])
	}
	if i := rows.Find(len(v.blocks), v.cursor+1, true, func(i int) bool { return is(v.blocks[i]) }); i >= 0 {
		v.to(i)
		return
	}
	v.note = safe.Lit("there is no hazard")
}

// search takes a key while the words of a search are being written.
func (v *View) search(k tea.KeyMsg) {
	v.cache.Clear()
	from, forwards := v.prompt.Origin(), true
	switch v.prompt.Key(k) {
	case rows.Closed, rows.Ignored:
		return
	case rows.Next:
		from = v.cursor + 1
	case rows.Prev:
		from, forwards = v.cursor-1, false
	}
	query := v.prompt.Query()
	if query == "" {
		v.prompt.Missed = false
		return
	}
	i := rows.Find(len(v.blocks), from, forwards, func(i int) bool { return v.matches(v.blocks[i], query) })
	v.prompt.Missed = i < 0
	v.to(i)
}

// matches reports whether the words stand in a block.
func (v *View) matches(b block, query string) bool {
	in := func(t safe.Text) bool { return len(rows.Matches(t, query)) > 0 }
	switch b.kind {
	case resourceBlock, memberBlock:
		return in(v.resource(b.a).Address)
	case driftBlock:
		return in(v.review.Plan.Drift[b.a].Address)
	case changeBlock:
		return in(v.review.Changes[b.a].Title)
	case hazardBlock:
		return in(v.review.Hazards[b.a].Text) || in(v.review.Hazards[b.a].Address)
	}
	return false
}
