package schema

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"lockstep/runbook"
	"lockstep/runbook/strict"
)

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("lockstep.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("lockstep.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads YAML as an editor would before it looks at the schema.
func value(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const good = `lockstep: 1
title: t
environments: { e: { pin: { file: f }, terraform: { vars: { a: "${A}", b: "$1 {x}" } } } }
identities: { aws_lb: { key: [name], delete: own-data }, aws_eip: { delete: unknown } }
probes:
  p: { http: { url: "https://h/", headers: { A: "${A}" } }, every: 1h30m }
  n: { no_changes: }
channels: { c: { service: "file:/run/secret" } }
steps:
  - pick_commit:
  - review_diff: {}
  - each_change:
      - plan:
      - apply: { watch: [p] }
      - verify: { probes: [p], within: 15m, for: 0.5s }
  - record_pin:
    on_failure: stop
  - announce: { to: [c], template: done }
  - wait: { for: 1h }
`

func TestJSON_acceptsWhatTheLoaderAccepts(t *testing.T) {
	s := compile(t)
	files, err := filepath.Glob("../../runbooks/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("runbooks %v, %v", files, err)
	}
	docs := map[string][]byte{"good": []byte(good)}
	for _, f := range files {
		if docs[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range docs {
		if _, err := runbook.Parse(name, data); err != nil {
			t.Errorf("the loader refuses %v", err)
		}
		if err := s.Validate(value(t, data)); err != nil {
			t.Errorf("the schema refuses %s: %v", name, err)
		}
	}
}

// What an editor can see while one types, it must see like the loader.
func TestJSON_refusesWhatTheLoaderRefuses(t *testing.T) {
	s := compile(t)
	for _, tt := range []struct{ name, old, new string }{
		{"version", "lockstep: 1", "lockstep: 2"},
		{"no version", "lockstep: 1\n", ""},
		{"unknown key", "title: t", "title: t\nextra: 1"},
		{"title of another type", "title: t", "title: 5"},
		{"empty title", "title: t", "title: ''"},
		{"no environments", "{ e: { pin: { file: f }, terraform: { vars: { a: \"${A}\", b: \"$1 {x}\" } } } }", "{}"},
		{"name of an environment", "{ e:", "{ 'a/b':"},
		{"no pin", "pin: { file: f }", "branch: x"},
		{"two pins", "pin: { file: f }", "pin: { file: f, ref: refs/heads/x }"},
		{"empty pin", "pin: { file: f }", "pin:"},
		{"parallelism", "terraform: {", "terraform: { parallelism: 257,"},
		{"number as variable", `a: "${A}"`, "a: 5"},
		{"variable in text", `a: "${A}"`, `a: "x${A}"`},
		{"variable elsewhere", "terraform: {", "terraform: { workspace: '${X}',"},
		{"many destroys", "terraform: {", "many_destroys: 0, terraform: {"},
		{"negative TTL", "terraform: {", "negative_ttl: 60, terraform: {"},
		{"length of an action", "terraform: {", "durations: { aws_lb.create: long }, terraform: {"},
		{"what a delete takes", "delete: own-data", "delete: all"},
		{"resource type", "aws_lb:", "'aws lb':"},
		{"unknown key of an identity", "key: [name]", "keys: [name]"},
		{"key as text", "key: [name]", "key: name"},
		{"no kind of probe", "no_changes:", "every: 1s"},
		{"two kinds of probe", "no_changes:", "no_changes: {}, tcp: { address: 'h:1' }"},
		{"probe without address", `url: "https://h/", `, ""},
		{"method", `url: "https://h/"`, `url: "https://h/", method: POST`},
		{"status", `url: "https://h/"`, `url: "https://h/", status: 99`},
		{"duration", "every: 1h30m", "every: soon"},
		{"negative duration", "every: 1h30m", "every: -1h"},
		{"number as duration", "every: 1h30m", "every: 5"},
		{"secret in the open", "file:/run/secret", "https://hooks.example.org"},
		{"bare step", "- pick_commit:", "- pick_commit"},
		{"unknown step", "- pick_commit:", "- pick:"},
		{"step without kind", "- pick_commit:", "- name: x"},
		{"two kinds of step", "- pick_commit:", "- pick_commit:\n    plan:"},
		{"empty round", "watch: [p] }\n      - verify: { probes: [p], within: 15m, for: 0.5s }", "watch: p }"},
		{"no probes", "probes: [p]", "probes: []"},
		{"on_failure", "on_failure: stop", "on_failure: retry"},
		{"template", "template: done", "template: over"},
		{"no time to wait", "wait: { for: 1h }", "wait:"},
		{"attempts", "within: 15m", "attempts: 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := strings.Replace(good, tt.old, tt.new, 1)
			if bad == good {
				t.Fatal("nothing was replaced")
			}
			if _, err := runbook.Parse("r", []byte(bad)); err == nil {
				t.Errorf("the loader accepts\n%s", bad)
			}
			if err := s.Validate(value(t, []byte(bad))); err == nil {
				t.Errorf("the schema accepts\n%s", bad)
			}
		})
	}
}

// Every key of the format is in the schema with its description and default.
func TestJSON_describesEveryKey(t *testing.T) {
	raw, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties           map[string]map[string]any
		Required             []string
		AdditionalProperties *bool
	}
	var root struct {
		object
		Schema string            `json:"$schema"`
		Defs   map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	if root.Schema != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema is %q", root.Schema)
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type, object)
	visit = func(typ reflect.Type, o object) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if o.AdditionalProperties == nil || *o.AdditionalProperties {
			t.Errorf("%s takes unknown keys", typ)
		}
		fields := strict.Fields(typ)
		if len(fields) != len(o.Properties) {
			t.Errorf("%s has %d keys, and %d in the schema", typ, len(fields), len(o.Properties))
		}
		for _, f := range fields {
			p := o.Properties[f.Key]
			if p["description"] != f.Doc || f.Doc == "" {
				t.Errorf("%s.%s is described by %q", typ, f.Key, p["description"])
			}
			if _, ok := p["default"]; ok != (f.Default != "") {
				t.Errorf("%s.%s has the default %v", typ, f.Key, p["default"])
			}
			if slices.Contains(o.Required, f.Key) != f.Required {
				t.Errorf("%s.%s is required: %t", typ, f.Key, !f.Required)
			}
			if in := innermost(f.Type); in.Kind() == reflect.Struct {
				visit(in, root.Defs[in.Name()])
			}
		}
	}
	visit(reflect.TypeFor[runbook.Runbook](), root.object)
	if len(seen) != len(root.Defs)+1 {
		t.Errorf("%d types and %d definitions", len(seen), len(root.Defs))
	}
}
