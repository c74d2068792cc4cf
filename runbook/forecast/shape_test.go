package forecast

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A shape is a plan as a test writes it.
type shape struct {
	changes  []string // "ADDRESS ACTION [was=THING] [becomes=THING] [deposed=KEY] [from=ADDRESS] [sensitive]"
	standing []string // "ADDRESS THING"
	edges    []string // "A -> B": A waits for B; nodes as in Terraform's graph
	takes    string   // "ADDRESS.action=DURATION …"; others take 100ms, "?" is not known
}

// thingOf reads "KIND/NAME[,NAME…][/DATA[/MODE]]"; a name or data of "?" is known only
// after the apply.
func thingOf(s string) *plan.Thing {
	f := strings.Split(strings.ReplaceAll(s, ",", plan.Listed), "/")
	t := &plan.Thing{Kind: f[0], Name: safe.Show(f[1]), Delete: plan.DeleteOwnData, DNS: f[0] == "record", TTL: 300 * time.Second}
	t.Key = []plan.KeyPart{{Name: "zone", Value: safe.Show("example")}, {Name: "name", Value: safe.Show(f[1])}}
	if f[1] == "?" {
		t.Unknown, t.Key = []string{"name"}, t.Key[:1]
	}
	if len(f) > 2 && f[2] != "?" {
		t.Data = f[2]
	}
	if len(f) > 3 {
		t.Delete = plan.DeleteMode(f[3])
	}
	return t
}

func (s shape) build(t testing.TB) (*plan.Plan, *plan.Order, Options) {
	t.Helper()
	p, g := &plan.Plan{}, plan.Graph{Edges: map[string][]string{}}
	for i, c := range s.changes {
		f := strings.Fields(c)
		r := plan.ResourceChange{Index: i, Address: safe.Show(f[0]), Action: plan.Action(f[1])}
		r.Type = safe.Show(f[0][:strings.IndexByte(f[0], '.')])
		for _, extra := range f[2:] {
			key, value, _ := strings.Cut(extra, "=")
			switch key {
			case "was":
				r.Was = thingOf(value)
			case "becomes":
				r.Becomes = thingOf(value)
			case "deposed":
				r.Deposed = value
			case "from":
				r.Previous = safe.Show(value)
			case "sensitive":
				r.Sensitive = true
			default:
				t.Fatalf("what is %q?", extra)
			}
		}
		p.Resources = append(p.Resources, r)
	}
	for _, h := range s.standing {
		address, thing, _ := strings.Cut(h, " ")
		p.Standing = append(p.Standing, plan.Holder{Address: safe.Show(address), Thing: *thingOf(thing)})
	}
	add := func(n string) string {
		if n = strings.TrimSpace(n); !slices.Contains(g.Nodes, n) {
			g.Nodes = append(g.Nodes, n)
		}
		return n
	}
	for _, r := range p.Resources {
		up := r.Address.String()
		switch down := up + " (destroy)"; {
		case r.Deposed != "":
			add(up + " (destroy deposed " + r.Deposed + ")")
		case r.Action == plan.Forget:
			add(up + " (forget)")
		case r.Action == plan.Delete:
			add(down)
		case r.Action == plan.DeleteThenCreate:
			g.Edges[add(up)] = append(g.Edges[up], add(down))
		case r.Action == plan.CreateThenDelete:
			g.Edges[add(down)] = append(g.Edges[down], add(up))
		default:
			add(up)
		}
	}
	for _, l := range s.edges {
		from, to, _ := strings.Cut(l, "->")
		f := add(from)
		g.Edges[f] = append(g.Edges[f], add(to))
	}
	o, err := plan.NewOrder(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return p, o, Options{Durations: s.book(t, p)}
}

func (s shape) book(t testing.TB, p *plan.Plan) *durations.Book {
	given := map[string]time.Duration{}
	for _, r := range p.Resources {
		for _, a := range []plan.Action{plan.Create, plan.Update, plan.Delete, plan.Read} {
			given[r.Address.String()+"."+string(a)] = 100 * time.Millisecond
		}
	}
	for _, f := range strings.Fields(s.takes) {
		key, value, _ := strings.Cut(f, "=")
		if _, ok := given[key]; !ok {
			t.Fatalf("nothing takes %q", f)
		}
		if value == "?" {
			delete(given, key)
			continue
		}
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatal(err)
		}
		given[key] = d
	}
	return durations.NewBook(durations.Sources{Given: given})
}

func (s shape) atOnce(t testing.TB) Forecast {
	t.Helper()
	p, o, opt := s.build(t)
	return AtOnce(p, o, opt)
}

// told writes outages in short form: "VERDICT NAME LENGTH [by OPENER] [until CLOSER]
// [for WAITED] [handover] [unordered]".
func told(f Forecast) []string {
	out := []string{}
	for _, o := range f.Outages {
		text := fmt.Sprintf("%s %s", o.Verdict, o.Thing.Name)
		if o.Verdict == Window || o.Verdict == Swap {
			text += " " + o.Length.Typical.String()
		}
		if o.Length.Open && o.Verdict == Window {
			text += "+"
		}
		name := func(k int) string { return f.Actions[k].Address.String() }
		text += " by " + name(o.OpenedBy)
		if o.ClosedBy >= 0 {
			text += " until " + name(o.ClosedBy)
		}
		for _, k := range o.WaitingFor {
			text += " for " + name(k)
		}
		if o.Handover {
			text += " handover"
		}
		if o.Unordered {
			text += " unordered"
		}
		out = append(out, text)
	}
	return out
}

func codes(hs []plan.Hazard) []string {
	out := []string{}
	for _, h := range hs {
		text := h.Code
		if h.Accept {
			text += "!"
		}
		out = append(out, strings.TrimSpace(text+" "+h.Address.String()))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot  %q\nwant %q", what, got, want)
	}
}
