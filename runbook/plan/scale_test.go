package plan

import (
	"fmt"
	"testing"

	"lockstep/runbook/safe"
)

// shapes are plans of n resources that are large in different ways.
func shapes(n int) map[string]func() (*Plan, Graph) {
	build := func(address func(i int) string, action Action, uses func(i int) []int) func() (*Plan, Graph) {
		return func() (*Plan, Graph) {
			p, g := &Plan{}, Graph{Edges: map[string][]string{}}
			suffix := ""
			if action == Delete {
				suffix = " (destroy)"
			}
			for i := range n {
				name := address(i) + suffix
				p.Resources = append(p.Resources, ResourceChange{Index: i, Address: safe.Show(address(i)), Action: action})
				g.Nodes = append(g.Nodes, name)
				if action.IsReplace() {
					g.Nodes = append(g.Nodes, name+" (destroy)")
					g.Edges[name+" (destroy)"] = []string{name}
				}
				g.Edges[name] = append(g.Edges[name], "provider")
				for _, j := range uses(i) {
					g.Edges[name] = append(g.Edges[name], address(j)+suffix)
				}
			}
			g.Nodes = append(g.Nodes, "provider")
			return p, g
		}
	}
	none := func(int) []int { return nil }
	before := func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{i - 1}
	}
	distinct := func(i int) string { return fmt.Sprintf("module.m%d.aws_thing.r%d", i%50, i) }
	counted := func(i int) string { return fmt.Sprintf("aws_thing.r[%d]", i) }
	joined := func() (*Plan, Graph) { // every instance of one module waits for every one of another
		p, g := &Plan{}, Graph{Edges: map[string][]string{}}
		for i := range n {
			address := fmt.Sprintf("module.a.aws_thing.r[%d]", i)
			if i < n/2 {
				g.Edges["module.a (close)"] = append(g.Edges["module.a (close)"], address)
			} else {
				address = fmt.Sprintf("module.b.aws_thing.r[%d]", i)
				g.Edges[address] = []string{"module.a (close)"}
			}
			p.Resources = append(p.Resources, ResourceChange{Index: i, Address: safe.Show(address), Action: Update})
			g.Nodes = append(g.Nodes, address)
		}
		return p, g
	}
	zone := func() (*Plan, Graph) { // that is replaced with all its records; n actions
		p, g := &Plan{}, Graph{Edges: map[string][]string{}}
		add := func(address string, waits ...string) {
			p.Resources = append(p.Resources, ResourceChange{Index: len(p.Resources), Address: safe.Show(address), Action: DeleteThenCreate})
			g.Nodes = append(g.Nodes, address, address+" (destroy)")
			g.Edges[address] = append(waits, address+" (destroy)")
		}
		add("aws_zone.z")
		for i := range n / 2 {
			address := fmt.Sprintf("aws_record.r[%d]", i)
			add(address, "aws_zone.z")
			g.Edges["aws_zone.z (destroy)"] = append(g.Edges["aws_zone.z (destroy)"], address+" (destroy)")
		}
		return p, g
	}
	return map[string]func() (*Plan, Graph){
		"a zone with records": zone,
		"module after module": joined,
		"creates":             build(distinct, Create, none),
		"updates":             build(distinct, Update, none),
		"a chain of updates":  build(distinct, Update, before),
		"instances":           build(counted, Update, none),
		"deletes":             build(distinct, Delete, none),
		"chained replacement": build(distinct, CreateThenDelete, before),
		"groups of four creates": build(distinct, Create, func(i int) []int {
			if i%4 == 0 {
				return nil
			}
			return []int{i - 1}
		}),
	}
}

func BenchmarkSplit(b *testing.B) {
	for name, make := range shapes(10_000) {
		p, g := make()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o, err := NewOrder(p, g)
				if err != nil {
					b.Fatal(err)
				}
				if got := Split(p, o); len(got) == 0 {
					b.Fatal("nothing to do")
				}
			}
		})
	}
}
