package cure

import (
	"slices"

	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
)

// A swap is a live thing that goes with one object and comes with another.
type swap struct {
	thing    plan.Thing
	a, b     address // of the object that goes, and of the one that comes
	old, new plan.ResourceChange
	standing bool // the other object is there already, and new is empty
}

// A handover is all swaps between the same two blocks: what is written into the
// configuration about them is written once.
type handover []swap

// handovers finds the swaps behind the outages of a forecast, the worst first. A
// thing that goes and that nothing brings back is meant to go, so it is none.
func handovers(src Source, p *plan.Plan, f forecast.Forecast) []handover {
	var out []handover
	at := map[string]int{}
	for _, o := range f.Outages {
		s, ok := swapOf(src, p, f, o)
		if !ok {
			continue
		}
		key := s.a.declared() + " " + s.b.declared()
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key], out = i, append(out, nil)
		}
		out[i] = append(out[i], s)
	}
	return out
}

func swapOf(src Source, p *plan.Plan, f forecast.Forecast, o forecast.Outage) (swap, bool) {
	id := o.Thing.ID()
	harmful := o.Verdict == forecast.Window || o.Verdict == forecast.Gone || o.Verdict == forecast.Swap && o.Unordered
	if !harmful || id == "" || o.OpenedBy < 0 || o.OpenedBy >= len(f.Actions) {
		return swap{}, false
	}
	s := swap{thing: o.Thing, old: p.Resources[f.Actions[o.OpenedBy].Resource]}
	if s.old.Deposed != "" {
		return swap{}, false
	}
	next := ""
	if o.ClosedBy >= 0 && o.ClosedBy < len(f.Actions) {
		s.new = p.Resources[f.Actions[o.ClosedBy].Resource]
		next = s.new.Address.String()
	} else {
		next = s.find(p, id)
	}
	var err error
	if s.a, err = parse(src.raw(s.old.Address.String())); err != nil || next == "" {
		return swap{}, false
	}
	s.b, err = parse(src.raw(next))
	return s, err == nil
}

// find looks for what else holds the thing afterwards, and returns its address.
func (s *swap) find(p *plan.Plan, id string) string {
	holds := func(r plan.ResourceChange) bool {
		return r.Deposed == "" && r.Becomes != nil && r.Becomes.ID() == id
	}
	// Another address first: that is what the delete takes along.
	for _, same := range []bool{false, true} {
		i := slices.IndexFunc(p.Resources, func(r plan.ResourceChange) bool {
			return (r.Index == s.old.Index) == same && holds(r)
		})
		if i >= 0 {
			s.new = p.Resources[i]
			return s.new.Address.String()
		}
	}
	for _, h := range p.Standing {
		if h.Thing.ID() == id {
			s.standing = true
			return h.Address.String()
		}
	}
	return ""
}

// replaces reports whether one address has both objects.
func (s swap) replaces() bool { return !s.standing && s.old.Index == s.new.Index }

// deletes reports whether the old object is only deleted, and not replaced.
func (s swap) deletes() bool { return s.old.Action == plan.Delete }

// canMove reports whether Terraform could keep the one object for both addresses.
func (s swap) canMove() bool {
	return !s.standing && !s.replaces() && s.deletes() && s.new.Action == plan.Create &&
		s.old.Type == s.new.Type && s.old.Provider == s.new.Provider
}

// canCreateFirst reports whether old and new can stand beside each other without
// the delete of the old one taking the new one along, as far as the table of
// live things says.
func (s swap) canCreateFirst() bool {
	was, becomes := s.old.Was, s.new.Becomes
	if was == nil || becomes == nil || was.ID() != becomes.ID() {
		return true
	}
	return !was.Delete.TakesAll() && (was.Data == "" || was.Data != becomes.Data)
}

// things returns what is handed over, the worst first.
func (h handover) things() []plan.Thing {
	var out []plan.Thing
	for _, s := range h {
		if !slices.ContainsFunc(out, func(t plan.Thing) bool { return t.ID() == s.thing.ID() }) {
			out = append(out, s.thing)
		}
	}
	return out
}

func (h handover) every(ok func(swap) bool) bool {
	return !slices.ContainsFunc(h, func(s swap) bool { return !ok(s) })
}

// from names what goes: the instance, or the block when there are several.
func (h handover) from() string { return h.name(func(s swap) address { return s.a }) }

// to names what comes.
func (h handover) to() string { return h.name(func(s swap) address { return s.b }) }

func (h handover) name(of func(swap) address) string {
	first := of(h[0])
	if h.every(func(s swap) bool { return text(of(s).relative(0)) == text(first.relative(0)) }) {
		return text(first.relative(0))
	}
	return first.declared()
}
