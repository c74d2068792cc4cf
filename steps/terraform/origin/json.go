package origin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// decode reads a file that is one JSON object.
func decode(b []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v map[string]any
	if d.Decode(&v) != nil || v == nil {
		return nil, false
	}
	_, err := d.Token()
	return v, errors.Is(err, io.EOF)
}

func jsonValues(f *file, b []byte) bool {
	v, ok := decode(b)
	for name, x := range v {
		f.values[name] = digest(compact(x))
	}
	return ok
}

// jsonConfig reads the JSON syntax of Terraform, in which a block may be an
// object or a list of objects, and every string is a template.
func jsonConfig(f *file, b []byte) bool {
	v, ok := decode(b)
	if !ok {
		return false
	}
	for one := range bodies(v["resource"], 2) {
		f.add(resourceKey(one.label()), jsonResource(one.body))
	}
	for one := range bodies(v["data"], 2) {
		f.add(resourceKey("data."+one.label()), jsonResource(one.body))
	}
	for one := range bodies(v["module"], 1) {
		f.add(callKey(one.label()), jsonCall(one.body))
	}
	for one := range bodies(v["locals"], 0) {
		for name, x := range one.body {
			f.add(localKey(name), &object{all: jsonText(x)})
		}
	}
	for one := range bodies(v["variable"], 1) {
		kept := map[string]any{}
		for _, n := range []string{"default", "type", "nullable"} {
			if x, ok := one.body[n]; ok {
				kept[n] = x
			}
		}
		f.add(variableKey(one.label()), &object{all: text{sum: digest(compact(kept))}})
	}
	for one := range bodies(v["output"], 1) {
		f.add(outputKey(one.label()), &object{all: jsonText(one.body["value"])})
	}
	for one := range bodies(v["provider"], 1) {
		name := one.label()
		if alias, ok := one.body["alias"].(string); ok && alias != "" {
			name += "." + alias
		}
		f.add(providerKey(name), &object{all: jsonText(one.body)})
	}
	for one := range bodies(v["terraform"], 0) {
		for needed := range bodies(one.body["required_providers"], 0) {
			for name, x := range needed.body {
				f.add(neededKey(name), &object{all: jsonText(x)})
			}
		}
	}
	for _, k := range []string{"moved", "removed", "import"} {
		for one := range bodies(v[k], 0) {
			f.namings = append(f.namings, naming{
				kind: k, from: named(one.body["from"]), to: named(one.body["to"]), sum: digest(k, compact(one.body)),
			})
		}
	}
	return true
}

type labelled struct {
	labels []string
	body   map[string]any
}

func (l labelled) label() string { return strings.Join(l.labels, ".") }

// bodies goes through the blocks below a value that are reached by the given
// number of labels.
func bodies(v any, labels int) func(func(labelled) bool) {
	return func(yield func(labelled) bool) {
		var walk func(v any, at []string) bool
		walk = func(v any, at []string) bool {
			switch v := v.(type) {
			case []any:
				for _, x := range v {
					if !walk(x, at) {
						return false
					}
				}
			case map[string]any:
				if len(at) == labels {
					return yield(labelled{at, v})
				}
				for _, k := range slices.Sorted(maps.Keys(v)) {
					if k != "//" && !walk(v[k], append(slices.Clip(at), k)) {
						return false
					}
				}
			}
			return true
		}
		walk(v, nil)
	}
}

func jsonResource(b map[string]any) *object {
	o := jsonBlock(b, "depends_on", "provider")
	if p, ok := b["provider"].(string); ok {
		o.provider = strings.Join(named(p), ".")
	}
	return o
}

func jsonCall(b map[string]any) *object {
	o := jsonBlock(b, "depends_on", "providers")
	o.source, _ = b["source"].(string)
	if m, ok := b["providers"].(map[string]any); ok {
		o.passed = map[string]string{}
		for k, v := range m {
			o.passed[k] = strings.Join(named(v), ".")
		}
	}
	return o
}

// jsonBlock reads what resources and module calls have in common. What skip
// names is left out of the references.
func jsonBlock(b map[string]any, skip ...string) *object {
	o := &object{all: text{sum: digest(compact(b))}, parts: map[string]text{}}
	for name, x := range b {
		if name == "//" {
			continue
		}
		t := jsonText(x)
		o.parts[name] = t
		if !slices.Contains(skip, name) {
			o.all.refs = append(o.all.refs, t.refs...)
		}
	}
	for life := range bodies(b["lifecycle"], 0) {
		o.all.refs = append(o.all.refs, plainRefs(life.body["replace_triggered_by"])...)
	}
	o.all.refs = unique(o.all.refs)
	o.meta = o.parts["count"].plus(o.parts["for_each"])
	o.waits = plainRefs(b["depends_on"])
	return o
}

// plainRefs reads a list of references that are not in templates.
func plainRefs(v any) []ref {
	var out []ref
	list, _ := v.([]any)
	for _, x := range list {
		if r, ok := reference(named(x)); ok {
			out = append(out, r)
		}
	}
	return out
}

// jsonText returns the text of a value: all templates in it.
func jsonText(v any) text {
	t := text{sum: digest(compact(v))}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			t.refs = append(t.refs, templateRefs(v)...)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for k, x := range v {
				if k != "//" {
					t.refs = append(t.refs, templateRefs(k)...)
					walk(x)
				}
			}
		}
	}
	walk(v)
	t.refs = unique(t.refs)
	return t
}

func templateRefs(s string) []ref {
	if !strings.Contains(s, "${") && !strings.Contains(s, "%{") {
		return nil
	}
	start := hcl.Pos{Line: 1, Column: 1}
	tokens, _ := hclsyntax.LexTemplate([]byte(s), "", start)
	if tooDeep(tokens) {
		return nil
	}
	e, diags := hclsyntax.ParseTemplate([]byte(s), "", start)
	if diags.HasErrors() || e == nil {
		return nil
	}
	return refs(e)
}

// named returns the address that a string of a moved, removed or import block,
// or of depends_on, names.
func named(v any) []string {
	s, _ := v.(string)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "${"), "}")
	parts, ok := segments(s)
	if !ok {
		return nil
	}
	return parts
}

// compact returns the one way to write a JSON value, without the members called
// "//", which are comments.
func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(uncomment(v)); err != nil {
		return err.Error()
	}
	return b.String()
}

func uncomment(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			if k != "//" {
				out[k] = uncomment(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = uncomment(x)
		}
		return out
	}
	return v
}
