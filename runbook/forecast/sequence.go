package forecast

import (
	"slices"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// OneAtATime says what applying these changes one after the other is expected to
// do, each with what the earlier ones did. The order is that of the whole plan p.
//
// The old object of a create-first replacement goes with its change only where
// the replacement is a target itself; otherwise Terraform keeps it aside, and the
// change without targets deletes it.
func OneAtATime(p *plan.Plan, o *plan.Order, changes []plan.Change, opt Options) Sequence {
	s := newStudy(p, o, opt)
	q := Sequence{Steps: make([]Forecast, len(changes)), Outages: []Outage{}}
	runs, outs := make([]*run, len(changes)), make([][]Outage, len(changes))
	var addresses []safe.Text      // of what opens the outages of q
	absent := map[string]absence{} // thing → what took it away
	for k, items := range s.turns(changes) {
		r := s.run(items)
		runs[k], outs[k] = r, r.outages()
		for _, b := range r.backs {
			if a, ok := absent[b.thing]; ok {
				delete(absent, b.thing)
				outs[a.step] = slices.DeleteFunc(outs[a.step], func(o Outage) bool { return o.OpenedBy == a.outage.OpenedBy && o.Thing.ID() == b.thing })
				addresses = append(addresses, runs[a.step].actions[a.outage.OpenedBy].Address)
				q.Outages = append(q.Outages, s.lasting(a, k, r.actions[b.action], runs))
			}
		}
		for _, o := range outs[k] {
			if t := s.world.known[o.Thing.ID()]; t != nil && t.there == 0 && (o.Verdict == Gone || o.Verdict == Unknown) {
				absent[t.id] = absence{k, o}
			}
		}
	}
	for k, r := range runs {
		q.Steps[k] = r.forecast(outs[k], s.hazards(r, outs[k], false))
		q.Dark = q.Dark.Plus(q.Steps[k].Dark)
	}
	for n, o := range q.Outages {
		step := &q.Steps[o.OpenedBy]
		step.Hazards = append(step.Hazards, plan.Hazard{
			Code: plan.OutageWindow, Address: addresses[n], Accept: true,
			Text: safe.Sprintf("%s is absent until change %d is applied: %s", o.Thing.Name, o.ClosedBy+1, o.Why),
		})
		q.Dark = q.Dark.Plus(o.Length)
	}
	worst(q.Outages)
	return q
}

// An absence is a thing that a change took away, and a later one may bring back.
type absence struct {
	step   int
	outage Outage
}

// A back is a thing that was absent when a run began and that it brings back.
type back struct {
	thing  string
	action int
}

// lasting is an outage from one change to a later one. Its length is open, since
// it is the operator who goes on; the rest is what the applies take.
func (s *study) lasting(a absence, k int, closer Action, runs []*run) Outage {
	o := a.outage
	opener := runs[a.step].actions[o.OpenedBy]
	o.Verdict, o.To, o.OpenedBy, o.ClosedBy, o.WaitingFor = Window, closer.End, a.step, k, []int{}
	o.Length = Span{Open: true}
	rest := runs[a.step].length()
	o.Length.Min = max(0, rest.Min-o.From.Max)
	o.Length.Typical = max(0, rest.Typical-o.From.Typical)
	o.Length.Max = max(0, rest.Max-o.From.Min)
	for _, r := range runs[a.step+1 : k] {
		o.Length = o.Length.Plus(r.length())
	}
	o.Length = o.Length.Plus(closer.End)
	o.Why = safe.Sprintf("change %d takes %s away and only change %d brings it back, with %s", a.step+1, opener.Name, k+1, closer.Name)
	s.seen(&o)
	return o
}

// turns returns the items that each change does.
func (s *study) turns(changes []plan.Change) [][]int {
	items := s.o.Items()
	of := make([][]int, len(s.p.Resources)) // resource → its items
	for i, it := range items {
		if it.Action != plan.NoOp {
			of[it.Resource] = append(of[it.Resource], i)
		}
	}
	done := make([]bool, len(items))
	out := make([][]int, len(changes))
	take := func(k, i int) {
		if !done[i] {
			done[i] = true
			out[k] = append(out[k], i)
		}
	}
	for k, c := range changes {
		if c.Targets == nil {
			for i, it := range items {
				if it.Action != plan.NoOp {
					take(k, i)
				}
			}
			continue
		}
		targets := map[string]bool{}
		for _, t := range c.Targets {
			targets[t] = true
		}
		for _, m := range c.Members {
			r := s.p.Resources[m]
			for _, i := range of[m] {
				if items[i].Action == plan.Delete && r.Action == plan.CreateThenDelete && !targeted(r.Address.String(), targets) {
					continue
				}
				take(k, i)
			}
		}
		slices.Sort(out[k])
	}
	return out
}

// targeted reports whether an address, its block or a module around it is a target.
func targeted(address string, targets map[string]bool) bool {
	if targets[address] {
		return true
	}
	for i, c := range address {
		if (c == '.' || c == '[') && targets[address[:i]] {
			return true
		}
	}
	return false
}
