package forecast

import (
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

const name = "record/n/"

func TestAtOnce_verdicts(t *testing.T) {
	rename := func(was, becomes string, edges ...string) shape {
		return shape{changes: []string{"r.new create becomes=" + becomes, "r.old delete was=" + was}, edges: edges}
	}
	const newFirst, oldFirst = "r.old (destroy) -> r.new", "r.new -> r.old (destroy)"
	for what, c := range map[string]struct {
		shape
		want string
		why  string
	}{
		"new first, its own data": {
			rename(name+"a", name+"b", newFirst), "none n by r.old until r.new handover", "r.new is there before r.old is deleted",
		},
		"new first, the same data": {
			rename(name+"a", name+"a", newFirst), "gone n by r.old handover", "r.new holds the same data, so deleting r.old takes that away",
		},
		"new first, whole name": {
			rename(name+"a/whole-name", name+"b/whole-name", newFirst), "gone n by r.old handover", "deleting r.old takes everything under the name along, r.new too",
		},
		"new first, nobody knows what a delete takes": {
			rename(name+"a/unknown", name+"b/unknown", newFirst), "gone n by r.old handover", "deleting r.old may take everything under the name along, r.new too",
		},
		"new first, its data not known yet": {
			rename(name+"a", name+"?", newFirst), "unknown n by r.old handover", "the data of r.new is known only after the apply: where it is the same, deleting r.old takes it away",
		},
		"old first": {
			rename(name+"a", name+"b", oldFirst), "swap n 100ms by r.old until r.new handover", "r.old is deleted before r.new takes its place",
		},
		"old first, whole name": {
			rename(name+"a/whole-name", name+"b/whole-name", oldFirst), "swap n 100ms by r.old until r.new handover", "",
		},
		"unordered, its own data": {
			rename(name+"a", name+"b"), "swap n 0s by r.old until r.new handover unordered", "r.old is deleted and r.new is made, and nothing says which comes first",
		},
		"unordered, whole name": {
			rename(name+"a/whole-name", name+"b/whole-name"), "gone n by r.old handover unordered",
			"nothing says whether r.old is deleted before r.new is made; if it comes last, the delete takes the whole name",
		},
		"unordered, the same data": {
			rename(name+"a", name+"a"), "gone n by r.old handover unordered",
			"nothing says whether r.old is deleted before r.new is made; both hold the same data, so if it comes last, the delete takes it away",
		},
		"unordered, and kept apart by what the new one waits for": {
			shape{
				changes: []string{"c.slow update", "r.new create becomes=" + name + "b", "r.old delete was=" + name + "a/whole-name"},
				edges:   []string{"r.new -> c.slow"}, takes: "c.slow.update=60s",
			},
			"window n 1m0s by r.old until r.new for c.slow handover unordered", "",
		},
		"removed": {
			shape{changes: []string{"r.old delete was=" + name + "a"}}, "gone n by r.old", "r.old is deleted and nothing brings it back",
		},
		"removed while another stands": {
			shape{changes: []string{"r.old delete was=" + name + "a"}, standing: []string{"r.other " + name + "b"}},
			"none n by r.old", "r.other stays while r.old is deleted",
		},
		"removed with another that goes along": {
			shape{changes: []string{"r.old delete was=" + name + "a/whole-name"}, standing: []string{"r.other " + name + "b"}},
			"gone n by r.old", "deleting r.old takes everything under the name along, r.other too",
		},
		"a deposed object": {
			shape{changes: []string{"r.x delete deposed=12345678 was=" + name + "a"}, standing: []string{"r.x " + name + "b"}},
			"none n by r.x", "another object of r.x stays",
		},
		"a deposed object that takes the name": {
			shape{changes: []string{"r.x delete deposed=12345678 was=" + name + "a/whole-name"}, standing: []string{"r.x " + name + "b"}},
			"gone n by r.x", "",
		},
		"replaced, old first": {
			shape{changes: []string{"r.x delete-create was=" + name + "a becomes=" + name + "b"}, takes: "r.x.create=30s"},
			"window n 30s by r.x until r.x", "r.x is replaced, the old object first",
		},
		"replaced, new first": {
			shape{changes: []string{"r.x create-delete was=" + name + "a becomes=" + name + "b"}}, "none n by r.x until r.x", "",
		},
		"replaced, new first, the same data": {
			shape{changes: []string{"r.x create-delete was=" + name + "a becomes=" + name + "a"}}, "gone n by r.x", "",
		},
		"replaced, and nobody knows how long": {
			shape{changes: []string{"r.x delete-create was=" + name + "a becomes=" + name + "b"}, takes: "r.x.create=?"},
			"window n 0s+ by r.x until r.x", "r.x is deleted, and nobody knows how long it takes until r.x is there",
		},
		"another name by an update": {
			shape{changes: []string{"r.x update was=" + name + "a becomes=record/m/a"}}, "gone n by r.x", "r.x gets another name and nothing brings it back",
		},
		"a name that is not known yet": {
			shape{changes: []string{"r.x delete-create was=" + name + "a becomes=record/?/a"}, takes: "r.x.create=5s"},
			"unknown n by r.x until r.x", "r.x is deleted; which name r.x gets is known only after the apply, and it may be this one",
		},
		"an unknown name of another kind": {
			shape{changes: []string{"r.x delete was=" + name + "a", "l.y create becomes=listener/?/a"}}, "gone n by r.x", "",
		},
		"deleted, and nobody knows which": {
			shape{changes: []string{"r.x delete was=record/?/a"}}, "unknown ? by r.x", "which name r.x holds cannot be told, and it loses it",
		},
		"moved":                 {shape{changes: []string{"r.x no-op from=r.old was=" + name + "a becomes=" + name + "a"}, edges: []string{"r.x"}}, "", ""},
		"moved and updated":     {shape{changes: []string{"r.x update from=r.old was=" + name + "a becomes=" + name + "b"}}, "", ""},
		"let go":                {shape{changes: []string{"r.new create becomes=" + name + "a", "r.old forget was=" + name + "a"}}, "", ""},
		"created":               {shape{changes: []string{"r.x create becomes=" + name + "a"}}, "", ""},
		"updated, name unknown": {shape{changes: []string{"r.x update was=record/?/a becomes=record/?/b"}}, "", ""},
		"let go, but deleted at another address": {
			shape{changes: []string{"r.old forget was=" + name + "a", "r.other delete was=" + name + "b"}}, "none n by r.other", "r.old stays while r.other is deleted",
		},
		"more names by an update": {
			shape{changes: []string{"d.x update was=distribution/a becomes=distribution/a,b"}}, "", "",
		},
		"fewer names by an update": {
			shape{changes: []string{"d.x update was=distribution/a,b becomes=distribution/a"}}, "gone a, b by d.x", "",
		},
		"more names by a replacement": {
			shape{changes: []string{"c.x create-delete was=certificate/a becomes=certificate/a,b"}}, "none a by c.x until c.x", "the new object of c.x is there before the old one is deleted",
		},
		"more names by a replacement, old first": {
			shape{changes: []string{"c.x delete-create was=certificate/a becomes=certificate/c,a"}, takes: "c.x.create=9s"}, "window a 9s by c.x until c.x", "",
		},
		"more names at another address": {
			shape{changes: []string{"c.new create becomes=certificate/a,b,c", "c.old delete was=certificate/a,c"}, edges: []string{"c.old (destroy) -> c.new"}},
			"none a, c by c.old until c.new handover", "",
		},
		"an update brings back what a delete took": {
			shape{
				changes: []string{"r.old delete was=" + name + "a/whole-name", "r.x update was=" + name + "b becomes=" + name + "c"},
				edges:   []string{"r.x -> r.old (destroy)"}, takes: "r.x.update=7s",
			},
			"window n 7s by r.old until r.x", "",
		},
	} {
		t.Run(what, func(t *testing.T) {
			f := c.atOnce(t)
			if got := strings.Join(told(f), "; "); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if c.why != "" && len(f.Outages) > 0 && f.Outages[0].Why.String() != c.why {
				t.Errorf("why  %q\nwant %q", f.Outages[0].Why, c.why)
			}
			if gone := strings.HasPrefix(c.want, "gone"); gone != (f.Dark.Open && f.Dark.Typical == 0 && f.Outages[0].Verdict == Gone) {
				t.Errorf("dark %+v", f.Dark)
			}
		})
	}
}

// What the table of terraform-order measured for the shapes of the incident.
func TestAtOnce_shapesOfTheIncident(t *testing.T) {
	whole := func(s shape) shape {
		for i, c := range s.changes {
			for _, data := range []string{"plain", "cloudfront"} {
				c = strings.ReplaceAll(c, static+data, static+data+"/whole-name")
			}
			s.changes[i] = c
		}
		return s
	}
	inState := func() shape { // create_before_destroy was applied earlier: the edge turns round
		s := incident()
		s.edges[4] = "record.static (destroy) -> distribution.static"
		return s
	}
	movedFirst := func(action string) shape {
		s := incident()
		s.changes[2] = "record.weighted " + action + " from=record.static was=" + static + "plain becomes=" + static + "cloudfront"
		s.changes = append(s.changes[:3], s.changes[4])
		s.edges = []string{
			"validation.static -> certificate.static", "distribution.static -> validation.static", "record.weighted -> distribution.static",
			"validation.static (destroy) -> distribution.static", "certificate.static (destroy) -> validation.static (destroy)",
		}
		if action == "delete-create" {
			s.edges = append(s.edges, "distribution.static -> record.weighted (destroy)")
		}
		return s
	}
	forget := func() shape {
		s := incident()
		s.changes[2] = "record.static forget was=" + static + "plain"
		s.edges[4] = "distribution.static -> record.static (forget)"
		return s
	}
	for what, c := range map[string]struct {
		shape
		want string
	}{
		"CBD in the state":                {inState(), "swap static.example 0s by record.static until record.weighted handover unordered"},
		"CBD in the state, whole name":    {whole(inState()), "gone static.example by record.static handover unordered"},
		"at once, whole name":             {whole(incident()), "window static.example 21.1s by record.static until record.weighted for validation.static handover"},
		"moved, replaced old first":       {movedFirst("delete-create"), "window static.example 21.1s by record.weighted until record.weighted for validation.static"},
		"moved and CBD":                   {movedFirst("create-delete"), "none static.example by record.weighted until record.weighted"},
		"moved and CBD, whole name":       {whole(movedFirst("create-delete")), "gone static.example by record.weighted"},
		"moved, updated in place":         {movedFirst("update"), ""},
		"forget of the old block":         {forget(), ""},
		"forget, though deletes take all": {whole(forget()), ""},
	} {
		if got := strings.Join(told(c.atOnce(t)), "; "); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", what, got, c.want)
		}
	}
}

// Twelve updates of two seconds, as measured: 4 s with ten slots, 8 s with three;
// which of them comes last is left to chance.
// Absurd lengths make absurd forecasts, and none that goes back in time.
func TestAtOnce_lengthsDoNotOverflow(t *testing.T) {
	const n = 9000
	given := map[string]time.Duration{}
	for _, a := range []string{"create", "delete"} {
		given["t."+a] = durations.Longest
	}
	p, g := large(n)["chained, old first"]()
	for i := range p.Resources {
		p.Resources[i].Type = safe.Lit("t")
	}
	o, err := plan.NewOrder(p, g)
	if err != nil {
		t.Fatal(err)
	}
	for _, slots := range []int{1, 10} {
		f := AtOnce(p, o, Options{Durations: durations.NewBook(durations.Sources{Given: given}), Parallelism: slots})
		for _, a := range f.Actions {
			for _, s := range []Span{a.Start, a.End} {
				if s.Min < 0 || s.Typical < s.Min || s.Max < s.Typical {
					t.Fatalf("%d slots: %s %s: %+v to %+v", slots, a.Address, a.Action, a.Start, a.End)
				}
			}
		}
		for _, s := range []Span{f.Dark, f.Takes, f.Outages[0].Length, f.Outages[len(f.Outages)-1].Length} {
			if s.Min < 0 || s.Typical < s.Min || s.Max < s.Typical {
				t.Errorf("%d slots: %+v", slots, s)
			}
		}
	}
}

// What gets its first name of its own is still there under the one it had.
func TestAtOnce_aFirstNameTakesNothingAway(t *testing.T) {
	p, o, opt := shape{changes: []string{"cdn.d update was=distribution/d1.cdn becomes=distribution/static"}}.build(t)
	p.Resources[0].Was.Spare = true
	same(t, "first name", told(AtOnce(p, o, opt)), []string{})
	p.Resources[0].Becomes.Spare = true
	same(t, "another spare name", told(AtOnce(p, o, opt)), []string{"gone d1.cdn by cdn.d"})
	p.Resources[0].Was.Spare = false
	same(t, "the name is taken off", told(AtOnce(p, o, opt)), []string{"gone d1.cdn by cdn.d"})
}

// Two actions of half a minute each that nothing orders: most likely they end
// together, and at worst the one is over long before the other.
func TestAtOnce_aSwapThatMayTakeLongSaysSo(t *testing.T) {
	const d, c = "aws_route53_record.old", "aws_route53_record.new"
	f := shape{
		changes: []string{d + " delete was=record/n/a", c + " create becomes=record/n/b"},
		takes:   d + ".delete=? " + c + ".create=?",
	}.atOnce(t)
	same(t, "outages", told(f), []string{"swap n 0s by " + d + " until " + c + " handover unordered"})
	same(t, "hazards", codes(f.Hazards), []string{"NAME_HANDOVER " + d, "UNORDERED_SWAP! " + d})
	worst := Length(f.Outages[0].Length.Max)
	if o := f.Outages[0]; !o.Slow() || o.Words().String() != "n swapped, dark for up to "+worst || !strings.HasSuffix(f.Hazards[1].Text.String(), "absent for up to "+worst) {
		t.Errorf("%+v: %s; %s", o.Length, o.Words(), f.Hazards[1].Text)
	}
	if quick := (shape{changes: []string{d + " delete was=record/n/a", c + " create becomes=record/n/b"}}).atOnce(t); quick.Outages[0].Slow() {
		t.Errorf("%+v is slow", quick.Outages[0].Length)
	}
}

func TestAtOnce_moreActionsThanSlots(t *testing.T) {
	var s shape
	for i := range 12 {
		at := string(rune('a'+i)) + ".x"
		s.changes = append(s.changes, at+" update")
		s.takes += " " + at + ".update=2s"
	}
	p, o, opt := s.build(t)
	for slots, want := range map[int]time.Duration{0: 4 * time.Second, 3: 8 * time.Second, 12: 2 * time.Second} {
		opt.Parallelism = slots
		f := AtOnce(p, o, opt)
		if f.Takes.Typical != want {
			t.Errorf("%d slots: takes %+v, want %v", slots, f.Takes, want)
		}
		end := f.Actions[0].End
		if end.Min != 2*time.Second || slots == 12 && end.Max != 2*time.Second || end.Max < want {
			t.Errorf("%d slots: the first one ends %+v", slots, end)
		}
	}
}

func TestAtOnce_unknownIsNeverNothing(t *testing.T) {
	s := incident()
	s.takes = "validation.static.create=?"
	f := s.atOnce(t)
	same(t, "outages", told(f), []string{"window static.example 200ms+ by record.static until record.weighted for validation.static handover"})
	same(t, "hazards", codes(f.Hazards), []string{
		"NAME_HANDOVER record.static", "OUTAGE_WINDOW! record.static", "SLOW_BETWEEN validation.static", "UNKNOWN_DURATION validation.static",
	})
	if !f.Dark.Open || !f.Takes.Open || f.Unknown != 1 {
		t.Errorf("dark %+v, takes %+v, %d unknown", f.Dark, f.Takes, f.Unknown)
	}
	for _, a := range f.Actions {
		later := a.Address.String() != "record.static" && (a.Address.String() != "certificate.static" || a.Action == plan.Delete)
		if a.End.Open != later {
			t.Errorf("%s %s ends %+v", a.Address, a.Action, a.End)
		}
	}
}
