package planfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/redact"
)

// document returns the JSON of a plan with the given members of the top object.
func document(members ...string) string {
	return `{"format_version":"1.2","terraform_version":"1.11.4",` + strings.Join(append(members, `"applyable":true,"complete":true,"errored":false}`), ",")
}

func change(address, rest string) string {
	return fmt.Sprintf(`{"address":%q,"mode":"managed","type":"t","name":"n","provider_name":"registry.terraform.io/hashicorp/dns",%s}`, address, rest)
}

func readText(t *testing.T, text string, net *redact.Net) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(path, net, live.Shipped())
}

func mustRead(t *testing.T, text string, net *redact.Net) *File {
	t.Helper()
	f, err := readText(t, text, net)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRead_keepsWhatHappens(t *testing.T) {
	f := mustRead(t, document(
		`"resource_drift":[`+change("t.drift", `"change":{"actions":["update"],"before":{"a":1},"after":{"a":2}}`)+`]`,
		`"resource_changes":[`+strings.Join([]string{
			change("t.same", `"change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}`),
			change("t.moved", `"previous_address":"t.before","change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}`),
			change("t.imported", `"change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1},"importing":{"id":"x"}}`),
			change("t.cbd", `"action_reason":"replace_because_cannot_update","change":{"actions":["create","delete"],"before":{"a":1,"b":["x"]},"after":{"a":2,"b":["x"]},"replace_paths":[["a"],["b",0,"k y"]]}`),
			change("t.dbc", `"change":{"actions":["delete","create"],"before":{},"after":{}}`),
			change("t.gone", `"change":{"actions":["forget"],"before":{"a":1},"after":null}`),
			change("t.cbd", `"deposed":"abcd1234","change":{"actions":["delete"],"before":{"a":1},"after":null}`),
			change("data.t.check", `"action_reason":"read_because_check_nested","change":{"actions":["read"],"before":null,"after":{}}`),
			change("data.t.late", `"action_reason":"read_because_dependency_pending","change":{"actions":["read"],"before":null,"after":{}}`),
		}, ",")+`]`,
		`"output_changes":{"z":{"actions":["update"]},"a":{"actions":["create"]},"n":{"actions":["no-op"]}}`,
	), &redact.Net{})
	var got []string
	for i, r := range f.Model.Resources {
		if r.Index != i {
			t.Errorf("%s has index %d, not %d", r.Key(), r.Index, i)
		}
		got = append(got, r.Key()+" "+string(r.Action))
	}
	want := []string{
		"t.moved no-op", "t.imported no-op", "t.cbd create-delete", "t.dbc delete-create", "t.gone forget",
		"t.cbd deposed abcd1234 delete", "data.t.late read",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	cbd := f.Model.Resources[2]
	if cbd.Changed != 1 || !slices.Equal(cbd.Replaces, []string{"a", `b[0]["k y"]`}) || cbd.Reason.IsEmpty() || cbd.Provider.String() != "hashicorp/dns" {
		t.Errorf("%+v", cbd)
	}
	if f.Model.Resources[0].Previous.String() != "t.before" || f.Raw("t.before") != "t.before" {
		t.Errorf("%+v", f.Model.Resources[0])
	}
	if len(f.Model.Drift) != 1 || len(f.Model.Outputs) != 2 || f.Model.Outputs[0].String() != "a" {
		t.Errorf("drift %v, outputs %v", f.Model.Drift, f.Model.Outputs)
	}
	if !f.Model.Applyable || !f.Model.Complete || f.Model.Terraform != "1.11.4" || f.ChecksOnly {
		t.Errorf("%+v", f.Model)
	}
}

func TestAttributes_areFlatMaskedAndExact(t *testing.T) {
	net := &redact.Net{}
	f := mustRead(t, document(`"resource_changes":[`+change("t.a", `"change":{"actions":["update"],
		"before":{"id":"i-1","n":12345678901234567890,"list":[{"p":"old-pass","q":1}],"tags":{"a.b":"x"},"secret":{"k":"c4n4ry-1"},"j":"{\"x\":[1,2]}","gone":"g","empty":""},
		"after":{"n":12345678901234567891,"list":[{"p":"new-pass","q":1},{"p":"more-pass","q":2}],"tags":{"a.b":"x"},"secret":{"k":"c4n4ry-2"},"j":"{\"x\":[1,3]}","html":"<a&b>","empty":""},
		"after_unknown":{"id":true,"list":[{},{}],"deep":{"later":true}},
		"before_sensitive":{"list":[{"p":true}]},
		"after_sensitive":{"secret":true,"list":[{"p":true},{"p":true}]},
		"replace_paths":[["list"]]}`)+`]`), net)
	list, err := f.Attributes(0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%s %q→%q %s", a.Path, a.Before, a.After, flags(a))), " "))
	}
	want := []string{
		`deep.later []→[] unknown`,
		`empty [""]→[""] same`,
		`gone ["g"]→[]`,
		`html []→["<a&b>"]`,
		`id ["i-1"]→[] unknown`,
		`j ["{" " \"x\": [" " 1," " 2" " ]" "}"]→["{" " \"x\": [" " 1," " 3" " ]" "}"]`,
		`list[0].p ["‹sensitive›"]→["‹sensitive›"] sensitive forces`,
		`list[0].q ["1"]→["1"] forces same`,
		`list[1].p []→["‹sensitive›"] sensitive forces`,
		`list[1].q []→["2"] forces`,
		`n ["12345678901234567890"]→["12345678901234567891"]`,
		`secret ["‹sensitive›"]→["‹sensitive›"] sensitive`,
		`tags["a.b"] ["x"]→["x"] same`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f.Model.Resources[0].Changed != 10 {
		t.Errorf("%d attributes change", f.Model.Resources[0].Changed)
	}
	for _, secret := range []string{"c4n4ry-1", "c4n4ry-2", "old-pass", "new-pass", "more-pass"} {
		if clean := net.Clean("x " + secret); strings.Contains(clean, secret) {
			t.Errorf("the net does not know %q", secret)
		}
	}
	if _, err := f.Attributes(1); err == nil {
		t.Error("a resource that is not there has attributes")
	}
}

func flags(a plan.Attribute) string {
	var out []string
	for _, f := range []struct {
		on   bool
		name string
	}{{a.Unknown, "unknown"}, {a.Sensitive, "sensitive"}, {a.Forces, "forces"}, {a.Same, "same"}} {
		if f.on {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, " ")
}

func TestRead_learnsSecretsOfVariablesDataAndOutputs(t *testing.T) {
	net := &redact.Net{}
	mustRead(t, document(
		`"variables":{"open":{"value":"not-hidden"},"token":{"value":{"a":["c4n4ry-var"]}}}`,
		`"output_changes":{"o":{"actions":["create"],"before":null,"after":"c4n4ry-out","after_sensitive":true}}`,
		`"prior_state":{"format_version":"1.0","values":{"outputs":{},"root_module":{"resources":[],"child_modules":[{"address":"module.m","resources":[
			{"address":"data.x.y","mode":"data","values":{"p":"c4n4ry-data","q":"open-data"},"sensitive_values":{"p":true}}]}]}}}`,
		`"configuration":{"root_module":{"variables":{"open":{},"token":{"sensitive":true}}}}`,
	), net)
	if got, want := net.Clean("not-hidden c4n4ry-var c4n4ry-out c4n4ry-data open-data"), "not-hidden ‹sensitive› ‹sensitive› ‹sensitive› open-data"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestRead_refusesWhatIsNoPlan(t *testing.T) {
	good := document(`"resource_changes":[` + change("t.a", `"change":{"actions":["create"],"before":null,"after":{}}`) + `]`)
	if _, err := readText(t, good, &redact.Net{}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"text":            "Error: no",
		"list":            "[]",
		"null":            "null",
		"two documents":   good + good,
		"no version":      `{"resource_changes":[]}`,
		"a later version": strings.Replace(good, `"1.2"`, `"2.0"`, 1),
		"no members":      `{"format_version":"1.2"}`,
		"a state":         `{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{}}}`,
		"a state file":    `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"x","outputs":{},"resources":[]}`,
		"errored":         strings.Replace(good, `"errored":false`, `"errored":true`, 1),
		"unknown action":  strings.Replace(good, `["create"]`, `["explode"]`, 1),
		"no change":       document(`"resource_changes":[{"address":"t.a"}]`),
		"no address":      document(`"resource_changes":[{"change":{"actions":["create"]}}]`),
		"look-alikes":     document(`"resource_changes":[` + change("t.a", `"change":{"actions":["create"]}`) + "," + change("t.a", `"change":{"actions":["create"]}`) + `]`),
	} {
		if _, err := readText(t, text, &redact.Net{}); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	for n := range good {
		if _, err := readText(t, good[:n], &redact.Net{}); err == nil {
			t.Fatalf("cut after %d bytes it was read", n)
		}
	}
}

func TestGraph_readsWhatTerraformDraws(t *testing.T) {
	g, err := Graph(`digraph {
	compound = "true"
	newrank = "true"
	subgraph "root" {
		"[root] provider[\"terraform.io/builtin/terraform\"]" [label = "provider[\"terraform.io/builtin/terraform\"]", shape = "diamond"]
		"[root] terraform_data.a[\"\\\\\\\"\"]" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.a[\"$${q}\"]" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.a[\"a -> \\\"[root] b\\\"\"] (destroy deposed 0123abcd)" [label = "x", shape = "box"]
		"[root] terraform_data.a[\"\\\\\\\"\"]" -> "[root] terraform_data.a (expand)"
		"[root] terraform_data.a[\"a -> \\\"[root] b\\\"\"] (destroy deposed 0123abcd)" -> "[root] terraform_data.a[\"ünï\"]"
	}
}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`provider["terraform.io/builtin/terraform"]`, `terraform_data.a["\\\""]`, `terraform_data.a["$${q}"]`,
		`terraform_data.a["a -> \"[root] b\""] (destroy deposed 0123abcd)`, `terraform_data.a (expand)`, `terraform_data.a["ünï"]`,
	}
	if !slices.Equal(g.Nodes, want) {
		t.Errorf("got  %q\nwant %q", g.Nodes, want)
	}
	if e := g.Edges[want[1]]; len(e) != 1 || e[0] != want[4] {
		t.Errorf("edges %q", g.Edges)
	}
}

func TestGraph_refusesWhatItDoesNotUnderstand(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":      "",
		"no node":      "digraph { }",
		"no prefix":    `digraph { "a" -> "[root] b" }`,
		"bare name":    `digraph { a -> b }`,
		"undirected":   `graph { "[root] a" -- "[root] b" }`,
		"group":        `digraph { "[root] a" -> { "[root] b" } }`,
		"cut":          `digraph { "[root] a" -> `,
		"two graphs":   `digraph { "[root] a" } digraph { "[root] b" }`,
		"error report": "Error: Backend initialization required",
	} {
		if g, err := Graph(text); err == nil {
			t.Errorf("%s: read as %q", name, g.Nodes)
		}
	}
}
