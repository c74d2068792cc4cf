package terraform

import (
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/redact"
)

// A board turns what Terraform prints during an apply into the state of each
// action. Terraform says nothing about forgetting and moving; those are done
// when the apply has ended well.
type board struct {
	op    engine.Operator
	net   *redact.Net
	items []engine.ApplyItem
	state []engine.ApplyState
	began []time.Time
	took  []time.Duration    // -1 where Terraform told no end: of two objects of one address it tells one
	byKey map[boardKey][]int // several deposed objects of one address share a key
	done  int64

	outages []forecast.Outage // that were forecast, by item
}

type boardKey struct {
	address string
	action  plan.Action
}

func newBoard(op engine.Operator, net *redact.Net, p *saved, ahead forecast.Forecast) *board {
	b := &board{op: op, net: net, byKey: map[boardKey][]int{}}
	var itemOf []int // action of the forecast → item: a forecast leaves out moves
	if p.order != nil {
		names := p.model.Names()
		for i, it := range p.order.Items() {
			r := p.model.Resources[it.Resource]
			item := engine.ApplyItem{Address: r.Address, Name: names[it.Resource], Action: it.Action, WaitsFor: it.WaitsFor}
			if k := len(itemOf); it.Action != plan.NoOp && k < len(ahead.Actions) {
				item.Start, item.End, item.Takes = ahead.Actions[k].Start, ahead.Actions[k].End, ahead.Actions[k].Takes
				itemOf = append(itemOf, i)
			}
			b.items = append(b.items, item)
			k := boardKey{r.Address.String(), it.Action}
			b.byKey[k] = append(b.byKey[k], i)
		}
	}
	b.outages = byItem(ahead.Outages, itemOf)
	b.state = make([]engine.ApplyState, len(b.items))
	b.began = make([]time.Time, len(b.items))
	b.took = slices.Repeat([]time.Duration{-1}, len(b.items))
	return b
}

// byItem returns outages whose actions are given as items of the board.
func byItem(outages []forecast.Outage, itemOf []int) []forecast.Outage {
	at := func(action int) int {
		if action < 0 || action >= len(itemOf) {
			return -1
		}
		return itemOf[action]
	}
	out := slices.Clone(outages)
	for i := range out {
		o := &out[i]
		o.OpenedBy, o.ClosedBy, o.WaitingFor = at(o.OpenedBy), at(o.ClosedBy), slices.Clone(o.WaitingFor)
		for k := range o.WaitingFor {
			o.WaitingFor[k] = at(o.WaitingFor[k])
		}
	}
	return out
}

// take handles one message. Messages come one at a time.
func (b *board) take(m cli.Message) {
	switch m.Type {
	case cli.TypeApplyStart:
		if i := b.find(m.Hook, engine.Waiting); i >= 0 {
			b.began[i] = m.Time
			b.move(i, engine.Running, nil)
		}
	case cli.TypeApplyComplete:
		b.end(m, engine.Done)
	case cli.TypeApplyErrored:
		b.end(m, engine.Errored)
	case cli.TypeProvisionOutput:
		lines := b.net.Lines(m.Hook.Output)
		for i, l := range lines {
			lines[i] = safe.Sprintf("%s: %s", safe.Show(m.Hook.Resource.Address), l)
		}
		b.op.Tell(engine.OutputWritten{Lines: lines})
	case cli.TypeDiagnostic:
		b.diagnose(m)
	}
}

func (b *board) end(m cli.Message, to engine.ApplyState) {
	i := b.find(m.Hook, engine.Running)
	if i < 0 {
		return
	}
	// The time stamps are exact; elapsed_seconds is in whole seconds.
	b.took[i] = m.Time.Sub(b.began[i])
	b.move(i, to, nil)
	if to == engine.Done {
		b.done++
		b.op.Tell(engine.Progressed{What: safe.Lit("applying"), Done: b.done, Total: int64(len(b.items))})
	}
}

// diagnose gives an error to the action that failed at its address.
func (b *board) diagnose(m cli.Message) {
	if m.Diagnostic == nil {
		return
	}
	lines := cli.Describe(m.Diagnostic, b.net)
	if m.Diagnostic.Severity != "error" {
		// Terraform warns of every use of -target; here it is what was asked for.
		if !strings.Contains(m.Diagnostic.Summary, "Applied changes may be incomplete") {
			b.op.Tell(engine.Warned{Text: safe.Join(lines, " ")})
		}
		return
	}
	address := safe.Show(m.Diagnostic.Address)
	for i, it := range b.items {
		if it.Address == address && b.state[i] == engine.Errored {
			b.move(i, engine.Errored, lines)
			return
		}
	}
	b.op.Tell(engine.OutputWritten{Lines: lines})
}

// find returns the item that a hook is about and that is in a state, or -1.
func (b *board) find(h cli.Hook, in engine.ApplyState) int {
	k := boardKey{safe.Show(h.Resource.Address).String(), actionOfHook(h.Action)}
	i := slices.IndexFunc(b.byKey[k], func(i int) bool { return b.state[i] == in })
	if i < 0 {
		return -1
	}
	return b.byKey[k][i]
}

func actionOfHook(a string) plan.Action {
	if a == "noop" {
		return plan.NoOp
	}
	return plan.Action(a)
}

func (b *board) move(i int, to engine.ApplyState, lines []safe.Text) {
	b.state[i] = to
	b.op.Tell(engine.ResourceMoved{Item: i, State: to, Error: lines})
}

// finish settles what has no end yet.
func (b *board) finish(well bool) {
	for i, s := range b.state {
		switch {
		case s == engine.Done, s == engine.Errored:
		case well:
			b.move(i, engine.Done, nil)
		case s == engine.Running:
			b.move(i, engine.Errored, nil)
		default:
			b.move(i, engine.NotStarted, nil)
		}
	}
}

// outcome lists how each action ended, for the journal.
func (b *board) outcome() []map[string]any {
	out := make([]map[string]any, len(b.items))
	for i, it := range b.items {
		out[i] = map[string]any{"address": it.Address, "action": string(it.Action), "state": string(b.state[i])}
		if b.took[i] >= 0 {
			out[i]["took_ms"] = b.took[i].Milliseconds()
		}
	}
	return out
}
