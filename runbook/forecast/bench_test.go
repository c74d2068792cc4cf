package forecast

import (
	"fmt"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// large are plans of n resources that are large in different ways. Each holds a
// live thing, so that deletes and replacements all have to be judged.
func large(n int) map[string]func() (*plan.Plan, plan.Graph) {
	thing := func(i int, data string) *plan.Thing {
		return &plan.Thing{
			Kind: "record", Name: safe.Sprintf("r%d", i), Key: []plan.KeyPart{{Name: "name", Value: safe.Sprintf("r%d", i)}},
			Data: data, Delete: plan.DeleteOwnData, DNS: true,
		}
	}
	build := func(action plan.Action, uses func(i int) []int, name func(i int) int) func() (*plan.Plan, plan.Graph) {
		return func() (*plan.Plan, plan.Graph) {
			p, g := &plan.Plan{}, plan.Graph{Edges: map[string][]string{}}
			node := func(i int) string {
				address := fmt.Sprintf("module.m%d.aws_thing.r%d", i%50, i)
				if action == plan.Delete {
					address += " (destroy)"
				}
				return address
			}
			for i := range n {
				up := node(i)
				r := plan.ResourceChange{Index: i, Address: safe.Sprintf("module.m%d.aws_thing.r%d", i%50, i), Type: safe.Lit("aws_thing"), Action: action}
				if action != plan.Create {
					r.Was = thing(name(i), "old")
				}
				if action != plan.Delete {
					r.Becomes = thing(name(i), "new")
				}
				p.Resources = append(p.Resources, r)
				g.Nodes = append(g.Nodes, up)
				down := up + " (destroy)"
				switch action {
				case plan.CreateThenDelete:
					g.Nodes = append(g.Nodes, down)
					g.Edges[down] = []string{up}
				case plan.DeleteThenCreate:
					g.Nodes = append(g.Nodes, down)
					g.Edges[up] = append(g.Edges[up], down)
				}
				g.Edges[up] = append(g.Edges[up], "provider")
				for _, j := range uses(i) {
					g.Edges[up] = append(g.Edges[up], node(j))
					if action == plan.DeleteThenCreate {
						g.Edges[node(j)+" (destroy)"] = append(g.Edges[node(j)+" (destroy)"], down)
					}
				}
			}
			g.Nodes = append(g.Nodes, "provider")
			return p, g
		}
	}
	// joined are n actions: a zone that is replaced with all its records, or two
	// modules of which one waits for the other as a whole.
	joined := func(zone bool) func() (*plan.Plan, plan.Graph) {
		return func() (*plan.Plan, plan.Graph) {
			p, g := &plan.Plan{}, plan.Graph{Edges: map[string][]string{}}
			add := func(address string, action plan.Action, waits ...string) {
				i := len(p.Resources)
				r := plan.ResourceChange{Index: i, Address: safe.Show(address), Type: safe.Lit("aws_thing"), Action: action, Becomes: thing(i, "new")}
				r.Was = thing(i, "old")
				p.Resources = append(p.Resources, r)
				g.Nodes = append(g.Nodes, address)
				g.Edges[address] = append(g.Edges[address], waits...)
			}
			if zone {
				add("aws_zone.z", plan.DeleteThenCreate, "aws_zone.z (destroy)")
				g.Nodes = append(g.Nodes, "aws_zone.z (destroy)")
			}
			for i := range n / 2 {
				if !zone {
					add(fmt.Sprintf("module.a.aws_thing.r[%d]", i), plan.Update)
					add(fmt.Sprintf("module.b.aws_thing.r[%d]", i), plan.Update, "module.a (close)")
					g.Edges["module.a (close)"] = append(g.Edges["module.a (close)"], fmt.Sprintf("module.a.aws_thing.r[%d]", i))
					continue
				}
				up := fmt.Sprintf("aws_record.r[%d]", i)
				down := up + " (destroy)"
				add(up, plan.DeleteThenCreate, down, "aws_zone.z")
				g.Nodes = append(g.Nodes, down)
				g.Edges["aws_zone.z (destroy)"] = append(g.Edges["aws_zone.z (destroy)"], down)
			}
			return p, g
		}
	}
	own := func(i int) int { return i }
	none := func(int) []int { return nil }
	before := func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{i - 1}
	}
	return map[string]func() (*plan.Plan, plan.Graph){
		"creates":              build(plan.Create, none, own),
		"updates":              build(plan.Update, none, own),
		"a chain of updates":   build(plan.Update, before, own),
		"deletes":              build(plan.Delete, none, own),
		"replacements":         build(plan.DeleteThenCreate, none, own),
		"chained, old first":   build(plan.DeleteThenCreate, before, own),
		"chained, new first":   build(plan.CreateThenDelete, before, own),
		"a zone with records":  joined(true),
		"module after module":  joined(false),
		"one name of them all": build(plan.DeleteThenCreate, none, func(int) int { return 0 }),
		"groups of four": build(plan.DeleteThenCreate, func(i int) []int {
			if i%4 == 0 {
				return nil
			}
			return []int{i - 1}
		}, own),
	}
}

// BenchmarkForecast is everything that a plan of 10,000 changes takes once it is
// read: its order, the forecast of all at once, and that of one change at a time.
func BenchmarkForecast(b *testing.B) {
	opt := Options{Durations: durations.NewBook(durations.Sources{Given: map[string]time.Duration{
		"aws_thing.create": 3 * time.Second, "aws_thing.delete": time.Second, "aws_thing.update": 2 * time.Second,
	}})}
	for name, make := range large(10_000) {
		p, g := make()
		o, err := plan.NewOrder(p, g)
		if err != nil {
			b.Fatal(err)
		}
		changes := plan.Split(p, o)
		b.Run(name, func(b *testing.B) {
			b.Run("at once", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					o, err := plan.NewOrder(p, g)
					if err != nil {
						b.Fatal(err)
					}
					if f := AtOnce(p, o, opt); len(f.Actions) < len(p.Resources) {
						b.Fatal("actions are missing")
					}
				}
			})
			b.Run("at once, nothing known", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if f := AtOnce(p, o, Options{}); f.Unknown != len(f.Actions) {
						b.Fatal("something is known")
					}
				}
			})
			b.Run("one at a time", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if s := OneAtATime(p, o, changes, opt); len(s.Steps) != len(changes) {
						b.Fatal("steps are missing")
					}
				}
			})
		})
	}
}
