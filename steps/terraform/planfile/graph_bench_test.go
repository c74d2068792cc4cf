package planfile

import (
	"fmt"
	"strings"
	"testing"
)

// drawn returns what Terraform draws of a plan that replaces a chain of n
// resources of 50 modules.
func drawn(n int) string {
	var nodes, edges strings.Builder
	provider := `[root] provider[\"registry.terraform.io/hashicorp/aws\"]`
	node := func(name, label, shape string) {
		fmt.Fprintf(&nodes, "\t\t\"%s\" [label = \"%s\", shape = \"%s\"]\n", name, label, shape)
	}
	edge := func(from, to string) { fmt.Fprintf(&edges, "\t\t\"%s\" -> \"%s\"\n", from, to) }
	node(provider, strings.TrimPrefix(provider, "[root] "), "diamond")
	for i := range n {
		block := fmt.Sprintf("module.m%d.aws_route53_record.record_%d", i%50, i)
		name := `[root] ` + block + `[\"static.crates.io\"]`
		for _, suffix := range []string{"", " (destroy)"} {
			node(name+suffix, block, "box")
		}
		node("[root] "+block+" (expand)", block, "box")
		edge(name, name+" (destroy)")
		edge(name, "[root] "+block+" (expand)")
		edge("[root] "+block+" (expand)", provider)
		edge(provider+" (close)", name)
		if i > 0 {
			before := fmt.Sprintf("module.m%d.aws_route53_record.record_%d", (i-1)%50, i-1)
			edge("[root] "+block+" (expand)", `[root] `+before+`[\"static.crates.io\"]`)
			edge(`[root] `+before+`[\"static.crates.io\"] (destroy)`, name+" (destroy)")
		}
	}
	return "digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n" + nodes.String() + edges.String() + "\t}\n}\n"
}

// BenchmarkGraph reads the graph of a plan that replaces 10,000 resources.
func BenchmarkGraph(b *testing.B) {
	text := drawn(10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Graph(text); err != nil {
			b.Fatal(err)
		}
	}
}
