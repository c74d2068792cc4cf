package runbooks

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"lockstep/runbook"
	"lockstep/runbook/document"
	"lockstep/runbook/schema"
)

func TestFS_holdsRunbooksThatAreRightAndExplained(t *testing.T) {
	raw, err := schema.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(FS, "*.yaml")
	if err != nil || len(names) < 3 {
		t.Fatalf("runbooks %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, err := FS.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rb, err := runbook.Parse(name, data)
			if err != nil {
				t.Fatal(err)
			}
			if w := rb.Warnings(); len(w) > 0 {
				t.Errorf("warnings: %v", w)
			}
			if err := compiled.Validate(asJSON(t, data)); err != nil {
				t.Errorf("schema: %v", err)
			}
			explained(t, rb.Steps)
			for env := range rb.Environments {
				documented(t, rb, env)
			}
		})
	}
}

// explained fails for steps that do not say why they are there. An each_change
// is explained by its steps.
func explained(t *testing.T, steps []runbook.Step) {
	t.Helper()
	for i := range steps {
		if s := &steps[i]; s.Why == "" && s.Kind() != runbook.KindEachChange {
			t.Errorf("step %s (%s) does not say why", s.Position, s.Title())
		}
		explained(t, steps[i].EachChange)
	}
}

// documented fails when the document lacks a step, a probe or a channel.
func documented(t *testing.T, rb *runbook.Runbook, env string) {
	t.Helper()
	md := string(document.Markdown(rb, env))
	var want []string
	var each func([]runbook.Step)
	each = func(steps []runbook.Step) {
		for i := range steps {
			want = append(want, "# "+steps[i].Position+" "+steps[i].Title()+"\n")
			each(steps[i].EachChange)
		}
	}
	each(rb.Steps)
	for name := range rb.Probes {
		want = append(want, "### "+name+"\n")
	}
	for name := range rb.Channels {
		want = append(want, "- **"+name+"**: ")
	}
	for _, w := range want {
		if !strings.Contains(md, w) {
			t.Errorf("the document for %s lacks %q", env, w)
		}
	}
}

func asJSON(t *testing.T, data []byte) any {
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
