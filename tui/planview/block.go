package planview

import (
	"lockstep/runbook/plan"
	"lockstep/tui/look"
	"lockstep/tui/words"
)

// kind is what a block shows.
type kind uint8

const (
	blankBlock    kind = iota
	headingBlock       // a: section
	groupBlock         // a: group
	moreBlock          // a: group; how many resources are folded away
	resourceBlock      // a: resource
	changeBlock        // a: change
	memberBlock        // a: resource, b: change
	hazardBlock        // a: hazard
	driftBlock         // a: index into Plan.Drift
	outputBlock        // a: index into Plan.Outputs
	outageBlock        // a: index into the forecast's outages
	lastingBlock       // a: index into the sequence's outages
	quietBlock         // the resources that a forecast folds into one line
	fineBlock          // says that things stay, or that nothing goes dark
	noneBlock          // says that a section has nothing in it
	endBlock
)

// A block is one thing in the list. It is also the key of what is open.
type block struct {
	kind kind
	a, b int32
}

// selectable reports whether the cursor can stand on a block.
func (b block) selectable() bool {
	switch b.kind {
	case groupBlock, moreBlock, resourceBlock, changeBlock, memberBlock, hazardBlock, driftBlock, quietBlock:
		return true
	}
	return false
}

// A section is a part of the list with a heading. Its place in the list of
// sections is its place on the screen.
type section int32

const (
	everything section = iota
	oneByOne
	hazards
	drift
	outputs
	exactly // for a plan that is about to be applied
)

// build makes the blocks again after something was opened, closed or folded.
func (v *View) build() {
	var at block
	if v.cursor < len(v.blocks) {
		at = v.blocks[v.cursor]
	}
	v.blocks = v.blocks[:0]
	order := []section{everything, oneByOne, hazards, drift, outputs}
	if v.apply {
		order = []section{exactly, hazards, drift, outputs}
	}
	for _, s := range order {
		v.section(s)
	}
	if v.apply {
		v.add(endBlock, 0)
	}
	v.measure()
	for i, b := range v.blocks {
		if b == at && b.selectable() {
			v.cursor = i
			return
		}
	}
	v.cursor = min(v.cursor, len(v.blocks)-1)
}

func (v *View) add(k kind, a int) { v.blocks = append(v.blocks, block{kind: k, a: int32(a)}) }

// section appends the blocks of a section, unless it has nothing to say.
func (v *View) section(s section) {
	p := &v.review.Plan
	n := map[section]int{hazards: len(v.review.Hazards), drift: len(p.Drift), outputs: len(p.Outputs)}
	if c, optional := n[s]; optional && c == 0 {
		return
	}
	if len(v.blocks) > 0 {
		v.add(blankBlock, 0)
	}
	v.add(headingBlock, int(s))
	switch s {
	case everything:
		v.resources()
		v.outages()
	case exactly:
		if v.chart != nil {
			v.outages()
			v.add(blankBlock, 0)
		}
		v.resources()
	case oneByOne:
		for i, c := range v.review.Changes {
			v.add(changeBlock, i)
			if v.open[block{kind: changeBlock, a: int32(i)}] || v.apart[int32(i)] {
				for _, m := range v.members(c) {
					v.blocks = append(v.blocks, block{memberBlock, m, int32(i)})
				}
			}
		}
		if len(v.review.Changes) == 0 {
			v.add(noneBlock, 0)
		}
		for i := range v.review.Sequence.Outages {
			v.add(lastingBlock, i)
		}
	case hazards:
		for i := range v.review.Hazards {
			v.add(hazardBlock, i)
		}
	case drift:
		for i := range p.Drift {
			v.add(driftBlock, i)
		}
	case outputs:
		for i := range p.Outputs {
			v.add(outputBlock, i)
		}
	}
}

// resources appends the resource changes by module.
func (v *View) resources() {
	if v.chart != nil {
		v.charted()
		return
	}
	for g, gr := range v.groups {
		if len(v.groups) > 1 || gr.folded {
			v.add(groupBlock, g)
		}
		list := gr.resources
		if gr.folded {
			list = list[:gr.destroys]
		}
		for _, i := range list {
			v.blocks = append(v.blocks, block{kind: resourceBlock, a: i})
		}
		if gr.folded && gr.destroys < len(gr.resources) {
			v.add(moreBlock, g)
		}
	}
	if len(v.groups) == 0 {
		v.add(noneBlock, 0)
	}
}

// charted appends the resource changes as they start.
func (v *View) charted() {
	for _, i := range v.chart.rows {
		v.blocks = append(v.blocks, block{kind: resourceBlock, a: i})
	}
	if len(v.chart.quiet) == 0 {
		return
	}
	if !v.chart.folded {
		for _, i := range v.chart.quiet {
			v.blocks = append(v.blocks, block{kind: resourceBlock, a: i})
		}
	}
	v.add(quietBlock, 0)
}

// outages appends what becomes of live things.
func (v *View) outages() {
	if v.chart == nil {
		return
	}
	for _, i := range v.chart.harmed {
		v.blocks = append(v.blocks, block{kind: outageBlock, a: i})
	}
	if len(v.chart.fine) > 0 || len(v.chart.harmed) == 0 {
		v.add(fineBlock, 0)
	}
}

// members returns the resources of a change that the plan has.
func (v *View) members(c plan.Change) []int32 {
	out := make([]int32, 0, len(c.Members))
	for _, m := range c.Members {
		if m >= 0 && m < len(v.review.Plan.Resources) {
			out = append(out, int32(m))
		}
	}
	return out
}

// expanded returns the resource whose attributes a block shows.
func (v *View) expanded(b block) (resource int, ok bool) {
	if (b.kind == resourceBlock || b.kind == memberBlock) && v.open[b] {
		return int(b.a), true
	}
	return 0, false
}

// measure takes the heights of all blocks again.
func (v *View) measure() {
	v.cache.Clear()
	v.stack.Reset(len(v.blocks), v.blockHeight)
}

// blockHeight returns how many lines a block has.
func (v *View) blockHeight(i int) int {
	b := v.blocks[i]
	switch b.kind {
	case changeBlock:
		if int(b.a) < len(v.changeText) {
			n := 1 + len(v.changeText[b.a])
			if t, _ := v.impact(int(b.a)); v.width < axisFrom && !t.IsEmpty() {
				n++
			}
			return n
		}
	case outageBlock:
		return 1 + len(v.outageText[b.a])
	case lastingBlock:
		return 1 + len(v.lastingText[b.a])
	case hazardBlock:
		return 1 + len(v.hazardText[b.a])
	case resourceBlock, memberBlock:
		if r, ok := v.expanded(b); ok {
			return 1 + len(v.detailLines(r, v.width))
		}
	}
	return 1
}

// rewrap breaks the texts that take several lines for a new width.
func (v *View) rewrap() {
	w := v.width
	v.changeText, v.hazardText, v.outageText, v.lastingText = nil, nil, nil, nil
	for i := range v.review.Changes {
		v.changeText = append(v.changeText, v.changePhrases(i, w))
	}
	for _, h := range v.review.Hazards {
		v.hazardText = append(v.hazardText, look.Wrap(h.Text, max(w-9, 8)))
	}
	if v.chart != nil {
		for i := range v.chart.f.Outages {
			v.outageText = append(v.outageText, v.outagePhrases(&v.chart.f.Outages[i], w))
		}
	}
	for _, o := range v.review.Sequence.Outages {
		text := phrases(nil, v.st.Danger, words.Lasting(o), w-indent-1)
		v.lastingText = append(v.lastingText, phrases(text, v.st.Plain, o.Why, w-indent-1))
	}
	v.measureChanges()
	for _, d := range v.details {
		d.lines = nil
	}
}

// first returns the block the cursor begins on: the recommended change, or the
// first that can be selected.
func (v *View) first() int {
	for i, b := range v.blocks {
		if b.kind == changeBlock {
			return i
		}
	}
	return max(v.next(-1, 1), 0)
}

// next returns the next selectable block after one, in a direction, or -1.
func (v *View) next(from, by int) int {
	for i := from + by; i >= 0 && i < len(v.blocks); i += by {
		if v.blocks[i].selectable() {
			return i
		}
	}
	return -1
}
