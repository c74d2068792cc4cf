package cure

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Case is what cures are proved against.
type Case struct {
	Plan   *plan.Plan // without any cure
	Before forecast.Forecast
	// Try plans the commit with the edits of a proposal, or, when that is an Earlier
	// one, with the state that deploying it leaves. The order is nil when the
	// plan is empty.
	Try func(context.Context, Proposal) (*plan.Plan, *plan.Order, error)
	// Look forecasts a plan: everything at once, and one change at a time.
	Look func(*plan.Plan, *plan.Order) (forecast.Forecast, forecast.Sequence)
	// Tell is told which proposal is next, and how many of how many are done. It
	// may be nil.
	Tell func(p Proposal, done, total int)
}

// Prove plans every draft and says what it is worth, the best first. A draft
// that cannot be planned or does not help is kept and says so. The only error is
// that ctx ended.
func (c Case) Prove(ctx context.Context, drafts []Proposal) ([]Proposal, error) {
	out := slices.Clone(drafts)
	// What is only tried when nothing else does has to wait for the others.
	slices.SortStableFunc(out, func(a, b Proposal) int { return compare(a.last, b.last) })
	cured := map[int]bool{}
	kept := out[:0]
	for i, p := range out {
		if p.last && cured[p.handover] {
			continue
		}
		if c.Tell != nil {
			c.Tell(p, i, len(out))
		}
		if len(p.Edits) > 0 {
			c.prove(ctx, &p)
		} else {
			p.Cure.Before = c.about(c.Before.Outages, p, nil)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		cured[p.handover] = cured[p.handover] || p.helps()
		kept = append(kept, p)
	}
	Sort(kept)
	return kept, nil
}

// Sort puts cures in the order in which they are preferred: by outage, the worst
// first, then what leaves least of it, then what leaves nothing to clean up.
func Sort(all []Proposal) {
	slices.SortStableFunc(all, func(a, b Proposal) int {
		return cmp.Or(
			cmp.Compare(a.handover, b.handover), compare(!a.Cure.Proved, !b.Cure.Proved),
			rest(a).compare(rest(b)), compare(a.leaves, b.leaves), cmp.Compare(rank(a.Cure.Kind), rank(b.Cure.Kind)),
		)
	})
}

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// rank is the place of a kind in the order in which cures are preferred.
func rank(k forecast.CureKind) int {
	return slices.Index([]forecast.CureKind{
		forecast.CureMoved, forecast.CureForget, forecast.CureCreateFirst, forecast.CureDeployBefore,
	}, k)
}

func (c Case) prove(ctx context.Context, p *Proposal) {
	with, order, err := c.Try(ctx, *p)
	if err != nil {
		p.Cure.Before = c.about(c.Before.Outages, *p, nil)
		p.Cure.Problem = firstLine(err)
		return
	}
	var after forecast.Forecast
	var single forecast.Sequence
	if order != nil {
		after, single = c.Look(with, order)
	}
	changed := differ(c.Before.Outages, after.Outages)
	p.Cure.Before = c.about(c.Before.Outages, *p, changed)
	p.Cure.After = c.about(after.Outages, *p, changed)
	for i := range p.Cure.After {
		// The actions of that forecast are not part of a cure.
		o := &p.Cure.After[i]
		o.OpenedBy, o.ClosedBy, o.WaitingFor = -1, -1, nil
	}
	p.Cure.Dark = single.Dark
	p.Cure.Problem = c.fault(*p, with, after)
	p.Cure.Proved = p.Cure.Problem.IsEmpty()
}

// about keeps the outages of the things that a cure is for, and of those that it
// changes something about.
func (c Case) about(all []forecast.Outage, p Proposal, changed map[string]bool) []forecast.Outage {
	var out []forecast.Outage
	for _, o := range all {
		id := o.Thing.ID()
		if id != "" && (changed[id] || slices.ContainsFunc(p.Things, func(t plan.Thing) bool { return t.ID() == id })) {
			out = append(out, o)
		}
	}
	return out
}

// fault says why a cure is none, or is empty.
func (c Case) fault(p Proposal, with *plan.Plan, after forecast.Forecast) safe.Text {
	for _, t := range p.Things {
		if was, is := worst(c.Before.Outages, t.ID()), worst(after.Outages, t.ID()); is.compare(was) >= 0 {
			return safe.Sprintf("with it %s %s all the same%s", t.Name, is.words(), because(p, with))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(differ(c.Before.Outages, after.Outages))) {
		if was, is := worst(c.Before.Outages, id), worst(after.Outages, id); is.compare(was) > 0 {
			return safe.Sprintf("with it %s %s, which it does not without", is.thing.Name, is.words())
		}
	}
	known := map[string]bool{}
	for _, r := range c.Plan.Resources {
		known[r.Key()] = true
	}
	for _, r := range with.Resources {
		moved := !r.Previous.IsEmpty() && known[r.Previous.String()]
		if !known[r.Key()] && !moved && r.Action != plan.Read && r.Action != plan.NoOp {
			return safe.Sprintf("with it the plan changes %s as well (%s)", r.Key(), r.Action)
		}
	}
	return safe.Text{}
}

// because names what makes a moved object a new one.
func because(p Proposal, with *plan.Plan) string {
	if p.Cure.Kind != forecast.CureMoved {
		return ""
	}
	for _, r := range with.Resources {
		if !r.Previous.IsEmpty() && r.Action.IsReplace() && len(r.Replaces) > 0 && holds(r, p.Things) {
			return ": " + r.Address.String() + " cannot be changed in place because of " + strings.Join(r.Replaces, ", ")
		}
	}
	return ""
}

func holds(r plan.ResourceChange, things []plan.Thing) bool {
	return r.Was != nil && slices.ContainsFunc(things, func(t plan.Thing) bool { return t.ID() == r.Was.ID() })
}

// How bad it gets.
const (
	swapped = iota + 1
	unordered
	untold
	absent
	gone
)

// A harm is how bad it gets for one thing.
type harm struct {
	level  int // 0 when nothing happens to it
	length time.Duration
	open   bool
	thing  plan.Thing
}

// worst returns the worst that happens to a thing.
func worst(all []forecast.Outage, id string) harm {
	var out harm
	for _, o := range all {
		if h := harmOf(o); o.Thing.ID() == id && h.compare(out) > 0 {
			out = h
		}
	}
	return out
}

func harmOf(o forecast.Outage) harm {
	h := harm{thing: o.Thing}
	switch o.Verdict {
	case forecast.Gone:
		h.level = gone
	case forecast.Window:
		h.level, h.length, h.open = absent, o.Length.Typical, o.Length.Open
	case forecast.Unknown:
		h.level = untold
	case forecast.Swap:
		if h.level = swapped; o.Unordered {
			h.level = unordered
		}
	case forecast.None:
	}
	return h
}

// compare is above 0 when h is worse.
func (h harm) compare(o harm) int {
	return cmp.Or(cmp.Compare(h.level, o.level), compare(h.open, o.open), cmp.Compare(h.length, o.length))
}

// rest is the worst that a cure leaves of what it is for.
func rest(p Proposal) harm {
	var out harm
	for _, o := range p.Cure.After {
		if h := harmOf(o); h.compare(out) > 0 {
			out = h
		}
	}
	return out
}

func (h harm) words() string {
	switch h.level {
	case gone:
		return "is gone for good"
	case absent:
		if h.open {
			return "is absent for nobody knows how long"
		}
		return "is absent for " + h.length.Round(100*time.Millisecond).String()
	case untold:
		return "may be absent: what becomes of it cannot be told"
	case unordered:
		return "is swapped in no certain order"
	}
	return "is swapped"
}

// differ returns the ids of the things that two forecasts disagree about.
func differ(a, b []forecast.Outage) map[string]bool {
	out := map[string]bool{}
	for _, all := range [][]forecast.Outage{a, b} {
		for _, o := range all {
			if id := o.Thing.ID(); id != "" && worst(a, id).compare(worst(b, id)) != 0 {
				out[id] = true
			}
		}
	}
	return out
}

// firstLine returns the first line of what Terraform says, or of the error.
func firstLine(err error) safe.Text {
	var p *engine.Problem
	if errors.As(err, &p) {
		for _, l := range p.Lines {
			if !l.IsEmpty() {
				return l
			}
		}
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return safe.Show(line)
}
