package plan

import (
	"slices"
	"testing"

	"lockstep/runbook/safe"
)

// record returns the live thing that a DNS record of a name is.
func record(name string) *Thing {
	return &Thing{Kind: "DNS record", Name: safe.Show(name), Key: []KeyPart{{Name: "name", Value: safe.Show(name)}}, Delete: DeleteOwnData}
}

func TestTogether_bringsAlongWhatTheChosenNeed(t *testing.T) {
	p, g := incident(t)
	o, err := NewOrder(p, g)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Together(p, o, []int{2, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"distribution.static", "record.static"}; !slices.Equal(c.Targets, want) {
		t.Errorf("targets %q, want %q", c.Targets, want)
	}
	if want := []int{0, 1, 2, 4}; !slices.Equal(c.Members, want) || !c.Destroys || c.ID == "" {
		t.Errorf("%+v, want members %v", c, want)
	}
	whole, err := Together(p, o, []int{0, 1, 2, 3, 4})
	if err != nil || whole.Targets != nil {
		t.Errorf("the whole plan has targets %q, %v", whole.Targets, err)
	}
}

func TestTogether_refusesWhatCannotBeATarget(t *testing.T) {
	p := planOf(t, "a.x delete deposed=11111111", "b.y update")
	o, err := NewOrder(p, graphOf("a.x (destroy deposed 11111111)", "b.y"))
	if err != nil {
		t.Fatal(err)
	}
	for _, targets := range [][]int{nil, {2}, {-1}, {0}, {1, 0}} {
		if c, err := Together(p, o, targets); err == nil {
			t.Errorf("%v: got %+v", targets, c)
		}
	}
}

func TestSplit_doesNotHideAHandoverAmongAdditions(t *testing.T) {
	p := planOf(t, "a.other create", "r.new create", "r.old delete", "a.third create")
	p.Resources[1].Becomes, p.Resources[2].Was = record("static.test"), record("static.test")
	got := titles(split(t, p, graphOf("a.other", "a.third -> a.other", "r.new", "r.old (destroy)")))
	if want := []string{"create a.other, create a.third", "create r.new", "delete r.old"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlan_holdsWhatATargetedPlanDoesNotMention(t *testing.T) {
	full := planOf(t, "r.old delete", "r.other update", "r.elsewhere update")
	full.Resources[0].Was = record("static.test")
	full.Resources[1].Was, full.Resources[1].Becomes = record("static.test"), record("static.test")
	full.Resources[2].Was, full.Resources[2].Becomes = record("www.test"), record("www.test")
	full.Standing = []Holder{{Address: safe.Show("r.new"), Thing: *record("static.test")}}
	p := planOf(t, "r.old delete")
	p.Resources[0].Was = record("static.test")
	p.Hold(full)
	p.Hold(full)
	var got []string
	for _, h := range p.Standing {
		got = append(got, h.Address.String())
	}
	if want := []string{"r.new", "r.other"}; !slices.Equal(got, want) {
		t.Errorf("standing: %q, want %q", got, want)
	}
}
