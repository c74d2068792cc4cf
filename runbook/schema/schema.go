// Package schema describes the format of runbooks as JSON Schema, draft
// 2020-12, for editors that complete and check while one types.
//
// The schema is made from the Go types and their tags, which are the format:
// keys, descriptions, defaults, limits and what is required cannot differ from
// what [runbook.Load] reads. A document that Load accepts is valid; the other way
// round does not hold, because a schema cannot say that a probe exists, that a
// plan comes before its apply, or that a key is there twice.
package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/invopop/jsonschema"

	"lockstep/runbook"
	"lockstep/runbook/strict"
)

// patterns are how values that are read by their UnmarshalText are written.
var patterns = map[reflect.Type]string{
	reflect.TypeFor[runbook.Duration](): `^\+?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`,
	reflect.TypeFor[runbook.Secret]():   `^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+)$`,
}

// keys are how the keys of mappings to these types are written.
var keys = map[reflect.Type]string{
	reflect.TypeFor[runbook.Identity](): runbook.TypePattern,
}

// JSON returns the schema, indented and with a line feed at its end.
func JSON() ([]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, FieldNameTag: "yaml",
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if p, ok := patterns[t]; ok {
				return &jsonschema.Schema{Type: "string", Pattern: p}
			}
			return nil
		},
	}
	root := r.Reflect(&runbook.Runbook{})
	root.Title = "Lockstep runbook"
	root.Description = "A deployment that an operator is walked through, step by step."
	seen := map[reflect.Type]bool{}
	if err := decorate(root, root, reflect.TypeFor[runbook.Runbook](), seen); err != nil {
		return nil, err
	}
	version, _ := root.Properties.Get("lockstep")
	version.Const = runbook.Version
	delete(root.Definitions, "Runbook")
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(out, '\n'), nil
}

// decorate adds to the schema of a struct type, and of those it is made of, what
// the tags say. The library knows only tags of its own.
func decorate(root, s *jsonschema.Schema, t reflect.Type, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	for _, f := range strict.Fields(t) {
		p, ok := s.Properties.Get(f.Key)
		if !ok {
			return fmt.Errorf("schema: %s has no property %q", t, f.Key)
		}
		if f.Required {
			s.Required = append(s.Required, f.Key)
		}
		if inner := innermost(f.Type); inner.Kind() == reflect.Struct {
			if err := decorate(root, root.Definitions[inner.Name()], inner, seen); err != nil {
				return err
			}
			if isMapping(f.Type) && !needsKeys(inner) {
				p = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{p, {Type: "null"}}}
			}
		}
		if err := decorateField(p, f); err != nil {
			return err
		}
		s.Properties.Set(f.Key, p)
	}
	for _, kind := range strict.Kinds(t) {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{kind}})
	}
	return nil
}

func decorateField(p *jsonschema.Schema, f strict.Field) error {
	p.Description = f.Doc
	value := p // that the limits are about: the items of a list, the values of a map
	one := uint64(1)
	switch kind := f.Type.Kind(); {
	case kind == reflect.Slice:
		value = p.Items
		if f.Required || f.Kind {
			p.MinItems = &one
		}
	case kind == reflect.Map:
		value = p.AdditionalProperties
		if f.Required {
			p.MinProperties = &one
		}
		if in := innermost(f.Type); in.Kind() == reflect.Struct {
			p.PropertyNames = &jsonschema.Schema{Pattern: cmp.Or(keys[in], runbook.NamePattern)}
		}
	case kind == reflect.String && !strict.IsText(f.Type) && (f.Required || f.Default != "" || f.Kind):
		p.MinLength = &one
	}
	for _, e := range f.Enum {
		value.Enum = append(value.Enum, e)
	}
	if f.Min != nil {
		value.Minimum = json.Number(strconv.Itoa(*f.Min))
	}
	if f.Max != nil {
		value.Maximum = json.Number(strconv.Itoa(*f.Max))
	}
	if value.Type == "string" && value.Pattern == "" && value.Enum == nil {
		plain := &jsonschema.Schema{Pattern: `\$\{`}
		if f.Env {
			value.AnyOf = []*jsonschema.Schema{{Pattern: `^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`}, {Not: plain}}
		} else {
			value.Not = plain
		}
	}
	if f.Default == "" {
		return nil
	}
	return setDefault(p, f)
}

func setDefault(p *jsonschema.Schema, f strict.Field) (err error) {
	switch f.Type.Kind() {
	case reflect.Bool:
		p.Default, err = strconv.ParseBool(f.Default)
	case reflect.Int:
		p.Default, err = strconv.Atoi(f.Default)
	default:
		p.Default = f.Default
	}
	if err != nil {
		return fmt.Errorf("schema: default of %q: %w", f.Key, err)
	}
	return nil
}

// innermost returns what a type is a pointer to, a list of or a map to.
func innermost(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// isMapping reports whether a field's value is a mapping with known keys.
func isMapping(t reflect.Type) bool { return t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer }

// needsKeys reports whether an empty mapping would lack something.
func needsKeys(t reflect.Type) bool {
	for _, f := range strict.Fields(t) {
		if f.Required || f.Kind {
			return true
		}
	}
	return false
}
