package board

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// An Apply is the board of an apply. It is made by [NewApply] and used by the
// screen's loop only.
type Apply struct {
	st            look.Styles
	width, height int

	outlines map[string]engine.ProbeOutline
	title    safe.Text
	items    []item
	counts   map[engine.ApplyState]int
	tracks   []*track
	start    time.Time // zero before the first apply
	end      time.Time // zero while it runs
	now      time.Time
	result   engine.Result
	step     string           // whose apply it is
	stopping engine.Interrupt // how the run is to end, or ""
	stopped  time.Time        // since when
	forced   engine.Interrupt // how the program was pressed last, or ""

	foreseen bool // there is a forecast
	outages  []forecast.Outage
	takes    forecast.Span
	late     int // running items that take longer than they ever did

	stack   rows.Stack
	cache   rows.Cache
	axis    axis
	widest  int  // address, in cells
	reach   int  // most lines the items took at this width
	follow  bool // keep what is running in the window
	stale   bool // heights have to be taken again
	running []int

	frame string // the last View, or empty
}

// An item is one action and how far it is.
type item struct {
	engine.ApplyItem
	state        engine.ApplyState
	begun, ended time.Time
	errors       []safe.Text
}

// NewApply returns a board that waits for an apply.
func NewApply(st look.Styles) *Apply {
	return &Apply{st: st, outlines: map[string]engine.ProbeOutline{}, counts: map[engine.ApplyState]int{}, follow: true}
}

var _ look.Pane = (*Apply)(nil)

// Event takes an event of the run, in order.
func (b *Apply) Event(e engine.Envelope) {
	if e.Time.After(b.now) {
		b.now = e.Time
	}
	switch ev := e.Event.(type) {
	case engine.RunStarted:
		for _, p := range ev.Probes {
			b.outlines[p.Name] = p
		}
	case engine.ApplyStarted:
		b.begin(ev, e.Time)
		b.step = e.Step
	case engine.ResourceMoved:
		b.moved(ev, e.Time)
	case engine.ApplyFinished:
		b.close(e.Time, ev.Result)
	case engine.StepFinished:
		if ev.ID != b.step || !b.UnderWay() {
			return
		}
		b.close(e.Time, ev.Result) // its step is over, and did not say how it ended
	case engine.StepStarted, engine.RunFinished:
		if !b.UnderWay() {
			return
		}
		b.close(e.Time, engine.Unknown)
	case engine.ProbeMeasured:
		for _, t := range b.tracks {
			if t.name == ev.Probe && !ev.At.Before(b.start) {
				t.take(ev, b.start)
			}
		}
	case engine.Interrupted:
		b.interrupted(ev.How, e.Time)
	default:
		return
	}
	b.frame = ""
}

// Tick says what time it is.
func (b *Apply) Tick(now time.Time) {
	if !now.After(b.now) {
		return
	}
	b.now = now
	if b.end.IsZero() {
		late := 0
		for _, i := range b.running {
			b.cache.Drop(i)
			if b.foreseen && !b.overrun(&b.items[i]).IsEmpty() {
				late++
			}
		}
		if late != b.late {
			b.late, b.stale = late, true // they say so in a line of their own
		}
		if b.foreseen { // what waits is expected later and later
			b.cache.Clear()
		}
		b.frame = ""
	}
}

func (b *Apply) begin(ev engine.ApplyStarted, at time.Time) {
	b.foreseen, b.outages, b.takes, b.late = hasForecast(ev), ev.Outages, ev.Takes, 0
	b.title, b.start, b.end, b.now, b.result, b.stopping, b.forced = ev.Title, at, time.Time{}, at, "", "", ""
	b.items = make([]item, len(ev.Items))
	b.counts = map[engine.ApplyState]int{engine.Waiting: len(ev.Items)}
	b.running, b.tracks, b.follow, b.widest, b.reach, b.axis = nil, nil, true, 12, 0, axis{}
	for i, it := range ev.Items {
		if !it.Name.IsEmpty() {
			it.Address = it.Name // what is shown; it tells them apart as well
		}
		b.items[i] = item{ApplyItem: it}
		if i < 1000 {
			b.widest = max(b.widest, look.Width(it.Address))
		}
	}
	for _, name := range ev.Watch {
		b.tracks = append(b.tracks, &track{name: name, every: b.outlines[name].Every})
	}
	b.stack = rows.Stack{}
	b.cache.Clear()
	b.stale = true
}

func (b *Apply) moved(ev engine.ResourceMoved, at time.Time) {
	if ev.Item < 0 || ev.Item >= len(b.items) {
		return
	}
	it := &b.items[ev.Item]
	switch ev.State {
	case engine.Running:
		it.begun = at
	case engine.Done, engine.Errored:
		if it.begun.IsZero() {
			it.begun = at
		}
		it.ended = at
	}
	if len(ev.Error) > 0 {
		it.errors = ev.Error
	}
	b.set(ev.Item, ev.State)
	b.cache.Clear() // others may have waited for it
	b.stale = true
	b.frame = ""
}

// set changes the state of an item, and the counts with it.
func (b *Apply) set(i int, s engine.ApplyState) {
	it := &b.items[i]
	b.counts[it.state]--
	b.counts[s]++
	if it.state == engine.Running {
		for k, r := range b.running {
			if r == i {
				b.running = append(b.running[:k], b.running[k+1:]...)
				break
			}
		}
	}
	if s == engine.Running {
		b.running = append(b.running, i)
	}
	it.state = s
	b.stale = true
}

// elapsed returns how long the apply has taken, or took.
func (b *Apply) elapsed() time.Duration {
	if b.end.IsZero() {
		return max(b.now.Sub(b.start), 0)
	}
	return b.end.Sub(b.start)
}

// SetSize says how large the board is.
func (b *Apply) SetSize(width, height int) {
	width, height = max(width, 0), max(height, 0)
	if width == b.width && height == b.height {
		return
	}
	b.width, b.height, b.reach = width, height, 0
	b.cache.Clear()
	b.stale = true
	b.frame = ""
}

// Update takes a key.
func (b *Apply) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	page := max(b.stack.Height()-1, 1)
	key := k.String()
	switch key {
	case "j", "down":
		b.stack.Scroll(1)
	case "k", "up":
		b.stack.Scroll(-1)
	case "pgdown", "ctrl+f", " ":
		b.stack.Scroll(page)
	case "pgup", "ctrl+b":
		b.stack.Scroll(-page)
	case "home", "g":
		b.stack.ScrollTo(0)
	case "end", "G":
		b.stack.ScrollTo(b.stack.Lines())
	case "f", "e":
	default:
		return nil
	}
	b.follow = key == "f"
	if key == "e" {
		b.toError()
	}
	b.stale = b.stale || b.follow
	b.frame = ""
	return nil
}

// toError scrolls to the next item that failed.
func (b *Apply) toError() {
	at, _ := b.stack.At(b.stack.Top())
	i := rows.Find(len(b.items), at+1, true, func(i int) bool { return b.items[i].state == engine.Errored })
	if i >= 0 {
		b.stack.ScrollTo(b.stack.Start(i))
	}
}

// Keys lists the keys that work now.
func (b *Apply) Keys() []look.Hint {
	var out []look.Hint
	if b.counts[engine.Errored] > 0 {
		out = append(out, look.Hint{Key: "e", Label: "next error"})
	}
	if b.stack.Lines() > b.stack.Height() {
		out = append(out, look.Hint{Key: "j/k", Label: "scroll"})
		if !b.follow {
			out = append(out, look.Hint{Key: "f", Label: "follow"})
		}
	}
	return out
}

// deletes reports whether an item makes an object go away.
func (it item) deletes() bool { return it.Action == plan.Delete }
