package runbook

import "fmt"

// An ordering is what the steps before a step have done.
type ordering struct {
	picked, planned, applied bool
	pinned                   *Step
}

// order checks that each step finds what it needs. When the kind of a step is
// not known, nothing can be said about those after it.
func (c *checker) order() {
	unknown := false
	everyStep(c.rb.Steps, "steps", func(s *Step, _ string) { unknown = unknown || s.Kind() == "" })
	if !unknown {
		c.orderOf(c.rb.Steps, "steps", &ordering{}, nil)
	}
}

func (c *checker) orderOf(steps []Step, path string, o *ordering, round *Step) {
	for i := range steps {
		s, at := &steps[i], fmt.Sprintf("%s[%d]", path, i)
		kind := at + "." + string(s.Kind())
		switch s.Kind() {
		case KindPickCommit:
			switch {
			case round != nil:
				c.must(kind, "move it before each_change", "pick_commit stands in each_change: a run is for one commit")
			case o.picked:
				c.must(kind, "remove one", "there is a second pick_commit: a run is for one commit")
			}
			o.picked = true
		case KindReviewDiff:
			c.needsCommit(kind, s, o)
		case KindPlan:
			c.needsCommit(kind, s, o)
			o.planned = true
		case KindApply:
			if !o.planned {
				c.must(kind, "put a plan before it in the same list", "%s has no plan of its own before it", stepWords(s))
			}
			o.planned, o.applied = false, true
		case KindRecordPin:
			c.pinOrder(kind, s, o, round)
		case KindEachChange:
			c.roundOrder(kind, s, o, round)
		}
	}
}

func (c *checker) needsCommit(at string, s *Step, o *ordering) {
	if !o.picked {
		c.must(at, "put pick_commit before it", "%s has no pick_commit before it", stepWords(s))
	}
}

func (c *checker) pinOrder(at string, s *Step, o *ordering, round *Step) {
	c.needsCommit(at, s, o)
	switch {
	case round != nil:
		c.must(at, "move it behind each_change", "record_pin stands in each_change: the pin moves when every change is applied")
	case o.pinned != nil:
		c.must(at, "remove one", "there is a second record_pin: the first is step %s", o.pinned.Position)
	case !o.applied:
		c.must(at, "put it after an apply or each_change", "%s has nothing applied before it", stepWords(s))
	}
	o.pinned = s
}

func (c *checker) roundOrder(at string, s *Step, o *ordering, round *Step) {
	applies := false
	for i := range s.EachChange {
		applies = applies || s.EachChange[i].Apply != nil
	}
	switch {
	case round != nil:
		c.must(at, "put its steps in the list around it", "each_change stands in another each_change")
	case c.doc.Broken(at):
		return
	case len(s.EachChange) == 0:
		c.must(at, "begin it with plan and apply", "each_change (step %s) has no steps", s.Position)
	case s.EachChange[0].Plan == nil:
		c.must(at+"[0]", "put a plan first: it finds the next change", "each_change (step %s) does not begin with a plan", s.Position)
	case !applies:
		c.must(at, "add an apply after the plan", "each_change (step %s) has no apply and would never end", s.Position)
	}
	begins := len(s.EachChange) > 0 && s.EachChange[0].Plan != nil
	inner := &ordering{picked: o.picked, planned: !begins, applied: o.applied, pinned: o.pinned}
	c.orderOf(s.EachChange, at, inner, s)
	o.picked, o.applied, o.pinned, o.planned = inner.picked, inner.applied, inner.pinned, false
}

// must reports a problem of the order, whatever else is wrong with the step.
func (c *checker) must(path, hint, format string, args ...any) {
	c.doc.Report(path, fmt.Sprintf(format, args...), hint)
}
