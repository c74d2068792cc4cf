package planview

import (
	"cmp"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// An order shows which resource waits for which, in the place of the plan: what
// starts at once first, then what waits for that, and so on.
type order struct {
	asked bool
	err   safe.Text
	known bool
	waits [][]int
	list  []int // resources, those with the fewest others before them first
	level []int // of each resource
	stack rows.Stack
	cache rows.Cache
}

func newOrder(v *View) *order {
	o := &order{}
	o.layout(v)
	return o
}

func (o *order) layout(v *View) {
	o.cache.Clear()
	o.stack.SetHeight(max(v.listHeight()-2, 0))
}

// request fetches the order once.
func (o *order) request(v *View) tea.Cmd {
	if o.asked || v.fetch == nil {
		return nil
	}
	o.asked = true
	return v.fetch(engine.Request{Question: v.q.ID, What: "order"})
}

func (o *order) take(v *View, msg look.FetchedMsg) {
	part, ok := msg.Part.(engine.Order)
	switch {
	case msg.Err != nil:
		o.err = safe.Show(msg.Err.Error())
		return
	case !ok:
		o.err = safe.Lit("the answer was not an order")
		return
	}
	n := len(v.review.Plan.Resources)
	o.known, o.waits, o.level = true, make([][]int, n), make([]int, n)
	for i := range min(n, len(part.WaitsFor)) {
		for _, j := range part.WaitsFor[i] {
			if j >= 0 && j < n && j != i {
				o.waits[i] = append(o.waits[i], j)
			}
		}
	}
	o.rank()
	o.list = make([]int, n)
	for i := range o.list {
		o.list[i] = i
	}
	slices.SortStableFunc(o.list, func(a, b int) int { return cmp.Compare(o.level[a], o.level[b]) })
	o.stack.Uniform(n)
	o.cache.Clear()
}

// rank gives each resource the length of the longest way to it. Terraform's
// order has no circles; the resources of one would stay at 0.
func (o *order) rank() {
	open := make([]int, len(o.waits)) // how many a resource still waits for
	users := make([][]int, len(o.waits))
	var ready []int
	for i, w := range o.waits {
		open[i] = len(w)
		if len(w) == 0 {
			ready = append(ready, i)
		}
		for _, j := range w {
			users[j] = append(users[j], i)
		}
	}
	for len(ready) > 0 {
		i := ready[0]
		ready = ready[1:]
		for _, u := range users[i] {
			o.level[u] = max(o.level[u], o.level[i]+1)
			if open[u]--; open[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
}

// draw draws the list with two lines of head.
func (o *order) draw(v *View) []string {
	w := v.width
	out := make([]string, 0, v.listHeight())
	out = append(out,
		look.NewLine(w).Add(v.st.Title, safe.Lit(" ORDER")).Add(v.st.Muted, safe.Lit("  which resource waits for which")).String(),
		rows.Blank(w))
	switch {
	case !o.err.IsEmpty():
		for _, t := range look.Wrap(safe.Sprintf("The order could not be read: %s", o.err), max(w-4, 8)) {
			out = append(out, look.NewLine(w).To(2).Add(v.st.Danger, t).String())
		}
	case !o.known:
		out = append(out, look.NewLine(w).To(2).Add(v.st.Muted, safe.Lit("reading the order …")).String())
	default:
		out = append(out, rows.Draw(&o.stack, &o.cache, rows.Blank(w), func(i int) []string { return []string{o.line(v, i, w)} })...)
	}
	for len(out) < v.listHeight() {
		out = append(out, rows.Blank(w))
	}
	return out[:v.listHeight()]
}

// line draws one resource and what it waits for.
func (o *order) line(v *View, i, w int) string {
	r := v.review.Plan.Resources[o.list[i]]
	level := o.level[o.list[i]]
	l := look.NewLine(w).Add(v.st.Plain, safe.Lit(" "))
	if i == 0 || o.level[o.list[i-1]] != level {
		l.Add(v.st.Bold, safe.Sprintf("%2d", level+1))
	}
	sign := safe.Show(r.Action.Sign())
	l.To(7-look.Width(sign)).Add(style(v.st, r.Action), sign).To(8)
	address := v.addressWidth()
	if w < 64 {
		address = max((w-8)*45/100, 8)
	}
	l.Cell(v.st.Plain, rows.Short(v.name(r), address), address).Add(v.st.Plain, safe.Lit("  "))
	waits := o.waits[o.list[i]]
	if len(waits) == 0 {
		return l.Add(v.st.Muted, safe.Lit("waits for nothing")).String()
	}
	l.Add(v.st.Muted, safe.Lit("waits for "))
	for k, j := range waits {
		name := v.name(v.review.Plan.Resources[j])
		switch {
		case k == 2 && len(waits) > 3:
			return l.Add(v.st.Muted, safe.Sprintf(" and %d more", len(waits)-k)).String()
		case k > 0 && k == len(waits)-1:
			l.Add(v.st.Muted, safe.Lit(" and "))
		case k > 0:
			l.Add(v.st.Muted, safe.Lit(", "))
		}
		l.Add(v.st.Plain, name)
	}
	return l.String()
}

// press takes a key.
func (o *order) press(v *View, key string) {
	page := max(o.stack.Height()-1, 1)
	switch key {
	case "j", "down":
		o.stack.Scroll(1)
	case "k", "up":
		o.stack.Scroll(-1)
	case "pgdown", "ctrl+f", " ":
		o.stack.Scroll(page)
	case "pgup", "ctrl+b":
		o.stack.Scroll(-page)
	case "g", "home":
		o.stack.ScrollTo(0)
	case "G", "end":
		o.stack.ScrollTo(o.stack.Lines())
	case "esc", "o":
		v.order = nil
	}
}
