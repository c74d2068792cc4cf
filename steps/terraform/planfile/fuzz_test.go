package planfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/redact"
)

func FuzzGraph(f *testing.F) {
	f.Add(drawn(2))
	f.Add(`digraph { "[root] a" -> "[root] b" -> "[root] c" }`)
	f.Add(`digraph { "[root] a[\"\\\"\"]" [label = "a", shape = "box"] }`)
	f.Add("digraph G {\n  rankdir = \"RL\";\n  \"terraform_data.a\" [label=\"a\"];\n}")
	f.Add("digraph { subgraph \"root\" { } }")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Graph(text)
		if err != nil {
			if len(g.Nodes) > 0 || len(g.Edges) > 0 {
				t.Fatalf("%v, and half a graph: %q", err, g)
			}
			return
		}
		if len(g.Nodes) == 0 {
			t.Fatal("a graph of nothing")
		}
		known := map[string]bool{}
		for _, n := range g.Nodes {
			if known[n] {
				t.Fatalf("%q is there twice", n)
			}
			known[n] = true
		}
		for from, to := range g.Edges {
			if !known[from] || slices.ContainsFunc(to, func(n string) bool { return !known[n] }) {
				t.Fatalf("an edge from %q to %q, not all of them nodes", from, to)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(document(`"resource_changes":[` + change("t.a", `"change":{"actions":["delete","create"],"before":{"a":[1,{"b":"c"}]},"after":{"a":null},"after_unknown":{"a":[true]},"before_sensitive":{"a":[false,{"b":true}]},"replace_paths":[["a",0]]}`) + `]`))
	f.Add(document(`"resource_changes":[` + change("t.moved", `"previous_address":"t.before","change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}`) + `]`))
	f.Add(document(`"resource_changes":[{"address":"d.r","mode":"managed","type":"sandbox_dns_record","deposed":"ab","change":{"actions":["delete"],"before":{"zone":"z","name":"n","type":"A","ttl":5}}}]`))
	f.Add(`{"format_version":"1.0","values":{"root_module":{}}}`)
	f.Add(`{"format_version":"1.2","variables":{"x":{"value":1}},"configuration":{"root_module":{"variables":{"x":{"sensitive":true}}}},"prior_state":{"values":{"root_module":{"resources":[{"mode":"data","values":{"p":"secret-1"},"sensitive_values":{"p":true}}]}}}}`)
	path := filepath.Join(f.TempDir(), "plan.json")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Read(path, &redact.Net{}, live.Shipped())
		if err != nil {
			return
		}
		for i, r := range p.Model.Resources {
			if r.Index != i || r.Address.IsEmpty() || r.Action == "" {
				t.Fatalf("resource %d is %+v", i, r)
			}
			if _, err := p.Attributes(i); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := plan.NewOrder(&p.Model, plan.Graph{}); err == nil {
			for _, r := range p.Model.Resources {
				if r.Action != plan.NoOp {
					t.Fatalf("%s has an order without a graph", r.Key())
				}
			}
		}
	})
}

func TestGraph_saysThatThereIsNothing(t *testing.T) {
	if _, err := Graph("digraph { subgraph \"root\" { } }"); !errors.Is(err, ErrNoNode) {
		t.Error(err)
	}
}
