package forecast

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
)

// steps writes what each change of a sequence does, and then what lasts longer.
func steps(q Sequence) []string {
	out := []string{}
	for _, f := range q.Steps {
		var did []string
		for _, a := range f.Actions {
			did = append(did, a.Address.String()+"."+string(a.Action))
		}
		out = append(out, strings.TrimSpace(strings.Join(did, " ")+" | "+strings.Join(told(f), "; ")))
	}
	for _, o := range q.Outages {
		out = append(out, fmt.Sprintf("%s %s from %d to %d", o.Verdict, o.Thing.Name, o.OpenedBy, o.ClosedBy))
	}
	return out
}

func (s shape) oneAtATime(t *testing.T, changes ...plan.Change) Sequence {
	t.Helper()
	p, o, opt := s.build(t)
	if changes == nil {
		changes = plan.Split(p, o)
	}
	return OneAtATime(p, o, changes, opt)
}

func TestOneAtATime_theIncidentIsNotDark(t *testing.T) {
	q := incident().oneAtATime(t)
	same(t, "steps", steps(q), []string{
		"certificate.static.create distribution.static.update validation.static.create |",
		"record.weighted.create |",
		"record.static.delete | none static.example by record.static handover",
		"certificate.static.delete validation.static.delete |",
	})
	if q.Dark != (Span{}) {
		t.Errorf("dark %+v", q.Dark)
	}
	if got := q.Steps[0].Takes.Typical; got != 21100*time.Millisecond {
		t.Errorf("the first change takes %v", got)
	}
}

// The delete of the old address takes the new record along.
func TestOneAtATime_wholeNameIsGone(t *testing.T) {
	s := incident()
	s.changes[2] = strings.Replace(s.changes[2], "plain", "plain/whole-name", 1)
	q := s.oneAtATime(t)
	if got := told(q.Steps[2]); !slices.Equal(got, []string{"gone static.example by record.static handover"}) {
		t.Errorf("got %q", got)
	}
	if !q.Dark.Open {
		t.Errorf("dark %+v", q.Dark)
	}
	same(t, "hazards", codes(q.Steps[2].Hazards), []string{"NAME_HANDOVER record.static", "GONE! record.static"})
}

func TestOneAtATime_literalShapeStaysOneChange(t *testing.T) {
	s := shape{
		changes: []string{"c.x create-delete was=certificate/s/a becomes=certificate/s/b", "d.x update", "r.x create-delete was=" + name + "a becomes=" + name + "a"},
		edges: []string{
			"d.x -> c.x", "r.x -> d.x", "c.x (destroy) -> d.x", "d.x -> d.x (expand)", "c.x (destroy) -> r.x (destroy)",
		},
	}
	// T3: the certificate is not a target, so its old object is kept aside. T2: the
	// record is one, so its old object goes at once, and takes the name along.
	same(t, "steps", steps(s.oneAtATime(t)), []string{
		"c.x.create d.x.update |",
		"r.x.create r.x.delete | gone n by r.x",
		"c.x.delete | none s by c.x",
	})
}

func TestOneAtATime_fromOneChangeToALaterOne(t *testing.T) {
	s := shape{
		changes: []string{"a.x update", "r.new create becomes=" + name + "b", "r.old delete was=" + name + "a"},
		edges:   []string{"r.new"},
		takes:   "a.x.update=9s r.old.delete=2s r.new.create=3s",
	}
	q := s.oneAtATime(
		t, plan.Change{Targets: []string{"r.old"}, Members: []int{2}},
		plan.Change{Targets: []string{"a.x"}, Members: []int{0}}, plan.Change{},
	)
	same(t, "steps", steps(q), []string{"r.old.delete |", "a.x.update |", "r.new.create |", "window n from 0 to 2"})
	o := q.Outages[0]
	if !o.Length.Open || o.Length.Min != 12*time.Second || !q.Dark.Open || q.Dark.Min != 12*time.Second {
		t.Errorf("length %+v, dark %+v", o.Length, q.Dark)
	}
	if got := o.Why.String(); got != "change 1 takes r.old away and only change 3 brings it back, with r.new" {
		t.Errorf("why %q", got)
	}
	same(t, "hazards of the change that opens it", codes(q.Steps[0].Hazards), []string{"OUTAGE_WINDOW! r.old"})
}

func TestOneAtATime_unknownNameMayBringItBack(t *testing.T) {
	s := shape{changes: []string{"r.new create becomes=record/?/b", "r.old delete was=" + name + "a"}}
	q := s.oneAtATime(
		t, plan.Change{Targets: []string{"r.old"}, Members: []int{1}}, plan.Change{Targets: []string{"r.new"}, Members: []int{0}},
	)
	same(t, "steps", steps(q), []string{"r.old.delete | unknown n by r.old", "r.new.create |"})
}

func TestOneAtATime_oneChangeIsAllAtOnce(t *testing.T) {
	p, o, opt := incident().build(t)
	once, q := AtOnce(p, o, opt), OneAtATime(p, o, []plan.Change{{}}, opt)
	if got, want := fmt.Sprintf("%+v", q.Steps[0]), fmt.Sprintf("%+v", once); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if q.Dark != once.Dark {
		t.Errorf("dark %+v", q.Dark)
	}
}

func TestOneAtATime_targetsOfBlocksAndModules(t *testing.T) {
	targets := map[string]bool{"module.a": true, "t.x": true}
	for address, want := range map[string]bool{
		"module.a.t.y": true, `module.a["k"].t.y`: true, "t.x[0]": true, "t.x": true,
		"module.ab.t.y": false, "t.xy": false, "t.y": false,
	} {
		if targeted(address, targets) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}

// Whatever the changes, every action is done in one of them, in order, and
// nothing is absent in the end of which that was not said.
func TestOneAtATime_doesEverythingOnce(t *testing.T) {
	for seed := range uint64(600) {
		r, s := randomStudy(t, seed)
		given := map[string]time.Duration{}
		for _, it := range s.o.Items() {
			given[fmt.Sprintf("%s.%s", s.p.Resources[it.Resource].Address, it.Action)] = time.Duration(1 + r.Int64N(int64(time.Minute)))
		}
		s.opt.Durations = durations.NewBook(durations.Sources{Given: given})
		q := OneAtATime(s.p, s.o, plan.Split(s.p, s.o), s.opt)
		done, lost := map[string]int{}, map[string]bool{}
		all, end := &run{}, []time.Duration{}
		after := time.Duration(0)
		for _, f := range q.Steps {
			for _, o := range f.Outages {
				lost[o.Thing.ID()] = lost[o.Thing.ID()] || o.Verdict == Gone
			}
			for k, a := range f.Actions {
				done[fmt.Sprint(a.Resource, a.Action)]++
				all.actions, end = append(all.actions, a), append(end, after+a.End.Typical)
				for _, j := range a.WaitsFor {
					if f.Actions[j].End.Typical > a.Start.Typical || j == k {
						t.Fatalf("seed %d: %s starts before %s is over", seed, a.Address, f.Actions[j].Address)
					}
				}
			}
			after += f.Takes.Typical + 1
		}
		for id, gaps := range naive(s.p, all, end) {
			if gaps[len(gaps)-1][1] < 0 && !lost[id] {
				t.Fatalf("seed %d: %q is gone in the end, and nobody said so", seed, id)
			}
		}
		for _, it := range s.o.Items() {
			if n := done[fmt.Sprint(it.Resource, it.Action)]; n != 1 {
				t.Fatalf("seed %d: %s of %s is done %d times", seed, it.Action, s.p.Resources[it.Resource].Address, n)
			}
		}
	}
}
