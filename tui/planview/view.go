// Package planview shows a plan while it is being decided on: before a change
// is chosen, what the whole plan does and into which changes it is split; and
// before a saved plan is applied, exactly what that plan does.
//
// The pane is a list of sections, one below the other, each a run of blocks:
// headings, modules, resource changes, changes, hazards. What a resource's
// attributes are and which resource waits for which comes by a [look.Fetcher]
// when it is asked for or comes into sight.
package planview

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// A View is the pane. It is made by [New] and used by the screen's loop only.
type View struct {
	st     look.Styles
	q      engine.Question
	review engine.PlanReview
	fetch  look.Fetcher
	apply  bool // the question is whether to apply this plan

	width, height int
	groups        []group
	details       map[int]*detail   // of resources, by index
	open          map[block]bool    // resources and changes that show more
	same          bool              // attributes that stay the same are shown
	marks         map[block]bool    // what is taken together; see Item
	apart         map[int32]bool    // changes whose resources can be marked
	chart         *chart            // of the forecast, or nil
	allOutages    []forecast.Outage // of the sequence
	cols          columns

	// Words below the rows, wrapped for the present width.
	changeText, outageText, lastingText [][]phrase
	hazardText                          [][]safe.Text

	longest int         // widest address, 0 until it is known
	names   []safe.Text // by resource; see name

	blocks []block
	stack  rows.Stack
	cache  rows.Cache
	cursor int // index into blocks
	chosen int // index into review.Changes, -1 when there is none

	accepted []bool     // hazards
	sighted  []sighting // hazards
	unseen   int        // hazards that were not on the screen in full
	code     *code      // that is being typed, or nil
	seenEnd  bool
	opened   bool   // the last key opened what is under the cursor
	order    *order // shown instead, when not nil
	prompt   rows.Prompt
	note     safe.Text

	frame string // the last View, or empty
	head  []string
}

// openUpTo is how many resources a plan that is about to be applied may have for
// the attributes of all of them to be shown from the beginning; of a longer one
// those of what it destroys are.
const openUpTo = 12

// New returns the pane for a question about an [engine.PlanReview]. Nothing is
// fetched before Init or the first message.
func New(st look.Styles, q engine.Question, fetch look.Fetcher) *View {
	v := &View{st: st, q: q, fetch: fetch, apply: q.Kind == engine.AskApply, chosen: -1}
	v.review, _ = q.Payload.(engine.PlanReview)
	v.unseen = len(v.review.Hazards)
	v.accepted, v.sighted = make([]bool, v.unseen), make([]sighting, v.unseen)
	v.details, v.open = map[int]*detail{}, map[block]bool{}
	v.marks, v.apart = map[block]bool{}, map[int32]bool{}
	v.chart = newChart(&v.review.Plan, &v.review.Forecast, v.apply)
	v.groups = grouped(v.review.Plan.Resources, v.apply)
	if len(v.review.Changes) > 0 && !v.apply {
		v.chosen = 0
	}
	if v.apply {
		for i, r := range v.review.Plan.Resources {
			if r.Action.Destroys() || len(v.review.Plan.Resources) <= openUpTo {
				v.open[block{kind: resourceBlock, a: int32(i)}] = true
			}
		}
	}
	v.rewrap()
	v.build()
	v.cursor = v.first()
	return v
}

var (
	_ look.Pane   = (*View)(nil)
	_ look.Typist = (*View)(nil)
)

// Init asks for what is missing on the screen. Call it when the pane opens, and
// again after SetSize made more of the plan visible.
func (v *View) Init() tea.Cmd { return v.settle() }

// SetSize says how large the pane is.
func (v *View) SetSize(width, height int) {
	width, height = max(width, 0), max(height, 0)
	if width == v.width && height == v.height {
		return
	}
	fresh := v.height == 0
	if width != v.width {
		v.width = width
		v.rewrap()
		v.measure()
	}
	v.height = height
	v.stack.SetHeight(v.listHeight())
	if v.order != nil {
		v.order.layout(v)
	}
	if fresh {
		v.stack.ScrollTo(0)
		v.begin()
	}
	v.reveal()
	v.look()
	v.changed()
}

// begin puts the cursor where the plan is shown from its top, when it has
// something to say there that is not to be scrolled away.
func (v *View) begin() {
	if v.chart == nil || v.apply || len(v.chart.harmed) == 0 || v.stack.Start(v.cursor+1) <= v.stack.Bottom() {
		return
	}
	if i := v.next(-1, 1); i >= 0 && v.stack.Start(i+1) <= v.stack.Bottom() {
		v.cursor = i
	}
}

// Update takes a key, or a part of the plan that was fetched.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		v.press(msg)
	case look.FetchedMsg:
		if msg.Request.Question != v.q.ID {
			return nil
		}
		v.fetched(msg)
	}
	return v.settle()
}

// settle asks for what is missing on the screen.
func (v *View) settle() tea.Cmd {
	var cmds []tea.Cmd
	if v.order != nil {
		cmds = append(cmds, v.order.request(v))
	} else {
		b, _ := v.stack.At(v.stack.Top())
		end := v.stack.Bottom() + max(v.stack.Height(), ahead)
		for ; b < len(v.blocks) && v.stack.Start(b) < end; b++ {
			if i, ok := v.expanded(v.blocks[b]); ok {
				cmds = append(cmds, v.request(i))
			}
		}
	}
	v.look()
	return tea.Batch(cmds...)
}

// ahead is how many lines after the last visible one are fetched at least.
const ahead = 20

// request fetches the attributes of a resource that were not fetched yet.
func (v *View) request(i int) tea.Cmd {
	if v.details[i] != nil || v.fetch == nil {
		return nil
	}
	v.details[i] = &detail{state: loading}
	return v.fetch(engine.Request{Question: v.q.ID, What: "resource", Index: i})
}

func (v *View) fetched(msg look.FetchedMsg) {
	i := msg.Request.Index
	switch msg.Request.What {
	case "order":
		if v.order != nil {
			v.order.take(v, msg)
		}
	case "resource":
		if i < 0 || i >= len(v.review.Plan.Resources) {
			return
		}
		d := &detail{state: loaded}
		part, ok := msg.Part.(engine.ResourceDetail)
		switch {
		case msg.Err != nil:
			d.state, d.err = failed, safe.Lines(msg.Err.Error())
		case !ok:
			d.state, d.err = failed, []safe.Text{safe.Lit("the answer was not a resource")}
		default:
			d.attributes = part.Attributes
		}
		v.details[i] = d
		v.measure()
		if v.opened {
			v.reveal()
		}
	default:
		return
	}
	v.changed()
}

// look notes whether the end is on the screen. What is still being read there
// may push it out again, so it does not count before.
func (v *View) look() {
	v.watch()
	if v.seenEnd || v.order != nil || !v.stack.AtEnd() {
		return
	}
	b, _ := v.stack.At(v.stack.Top())
	for ; b < len(v.blocks); b++ {
		if i, ok := v.expanded(v.blocks[b]); ok && (v.details[i] == nil || v.details[i].state == loading) {
			return
		}
	}
	v.seenEnd = true
	v.changed()
}

// reveal keeps the cursor in the window, and with it what was just opened there.
func (v *View) reveal() {
	if v.cursor < 0 || v.cursor >= len(v.blocks) || v.stack.Height() == 0 {
		return
	}
	last := v.cursor
	if v.opened && v.at().kind == changeBlock {
		for last+1 < len(v.blocks) && v.blocks[last+1].kind == memberBlock {
			last++
		}
	}
	if v.opened {
		v.stack.RevealAll(v.cursor, last, 0)
		return
	}
	v.stack.Reveal(v.cursor, 2)
}

func (v *View) changed() { v.frame, v.head = "", nil }

// listHeight returns how many lines the blocks have: not those of the header and
// the one at the end.
func (v *View) listHeight() int { return max(v.height-v.headLines()-1, 0) }

// headLines returns how many lines the header has; a tall pane has a blank one.
func (v *View) headLines() int {
	if v.height >= 30 {
		return 3
	}
	return 2
}

// resource returns the change of a resource by its index.
func (v *View) resource(i int32) plan.ResourceChange { return v.review.Plan.Resources[i] }
