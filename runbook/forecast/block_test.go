package forecast

import (
	"strings"
	"testing"

	"lockstep/runbook/plan"
)

// blocked forecasts a shape as it is split, and returns what is held back.
func (s shape) blocked(t *testing.T) (held []plan.Change) {
	t.Helper()
	p, o, opt := s.build(t)
	changes := plan.Split(p, o)
	Block(p, changes, OneAtATime(p, o, changes, opt))
	for _, c := range changes {
		if !c.Blocked.IsEmpty() {
			held = append(held, c)
		}
	}
	return held
}

func TestBlock_holdsBackWhatTakesAWantedThingForGood(t *testing.T) {
	const name = "record/n/"
	for what, c := range map[string]struct {
		shape  shape
		held   string // the title, or ""
		remedy string
	}{
		"a rename": {
			shape{changes: []string{"r.new create becomes=" + name + "b/whole-name", "r.old delete was=" + name + "a/whole-name"}},
			"delete r.old", "a moved block",
		},
		"a rename of which the new object stands already": {
			shape{changes: []string{"r.old delete was=" + name + "a/whole-name"}, standing: []string{"r.new " + name + "b/whole-name"}},
			"delete r.old", "let go of the old object",
		},
		"a replacement that comes first": {
			shape{changes: []string{"r.x create-delete was=" + name + "a/whole-name becomes=" + name + "b/whole-name"}, edges: []string{"r.x (destroy) -> r.x"}},
			"replace r.x", "take create_before_destroy off",
		},
		"removed on purpose": {shape{changes: []string{"r.old delete was=" + name + "a/whole-name"}}, "", ""},
		"own data":           {shape{changes: []string{"r.new create becomes=" + name + "b", "r.old delete was=" + name + "a"}}, "", ""},
	} {
		t.Run(what, func(t *testing.T) {
			held := c.shape.blocked(t)
			switch {
			case c.held == "" && len(held) > 0:
				t.Errorf("%q is held back: %s", held[0].Title, held[0].Blocked)
			case c.held != "" && (len(held) != 1 || held[0].Title.String() != c.held || !strings.Contains(held[0].Remedy.String(), c.remedy)):
				t.Errorf("held back: %+v", held)
			}
		})
	}
}

// What is left over of a certificate that was replaced by one with more names is
// not missed by anybody.
func TestAtOnce_leftoverOfWhatServesMoreIsNoLoss(t *testing.T) {
	f := shape{
		changes:  []string{"c.x delete deposed=12345678 was=certificate/one"},
		standing: []string{"c.x certificate/one,two"},
	}.atOnce(t)
	if len(f.Outages) != 1 || f.Outages[0].Verdict != None {
		t.Errorf("%+v", f.Outages)
	}
	f = shape{
		changes: []string{"d.wide delete was=distribution/one,two", "d.narrow delete was=distribution/one"},
		edges:   []string{"d.narrow (destroy) -> d.wide (destroy)"},
	}.atOnce(t)
	for _, o := range f.Outages {
		if o.Verdict != Gone {
			t.Errorf("%s is %s", o.Thing.Name, o.Verdict)
		}
	}
}
