package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (d *Document) decodeDocument(root *yaml.Node, dst any) {
	d.places[""] = place(root)
	d.decodeStruct(root, reflect.ValueOf(dst).Elem(), "")
}

// decode reads a node into v. The field says what the tags ask of the value; for
// an item of a list or map it is the field of the list or map.
func (d *Document) decode(n *yaml.Node, v reflect.Value, path string, f Field) {
	if n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 || len(n.Value) > MaxText {
		d.broken[path] = true
		return // reported by inspect
	}
	switch {
	case IsText(v.Type()):
		d.decodeText(n, v, path, f)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, f)
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, path)
	case v.Kind() == reflect.Map:
		d.decodeMap(n, v, path, f)
	case v.Kind() == reflect.Slice:
		d.decodeList(n, v, path, f)
	default:
		d.decodeScalar(n, v, path, f)
	}
}

func (d *Document) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	fields := Fields(v.Type())
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == nullTag:
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
	case n.Kind != yaml.MappingNode:
		hint := "give it keys"
		if names := keys(fields); n.Kind == yaml.ScalarNode && slices.Contains(names, n.Value) {
			hint = fmt.Sprintf(`write "%s: {}"`, n.Value)
		}
		d.broken[path] = true
		d.Report(path, fmt.Sprintf("%s should be a mapping of keys, not %s", d.Spell(path), describe(n)), hint)
		return
	}
	seen := map[string]bool{}
	var order []string
	defer func() { d.oneKind(v.Type(), order, path) }()
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.ShortTag() != strTag || seen[k.Value] {
			continue // reported by inspect
		}
		seen[k.Value] = true
		order = append(order, k.Value)
		at := slices.IndexFunc(fields, func(f Field) bool { return f.Key == k.Value })
		if at < 0 {
			d.unknownKey(n, k, path, fields)
			continue
		}
		p := under(path, k.Value)
		d.settle(p, k, val)
		d.decode(val, v.Field(fields[at].Index), p, fields[at])
	}
	for _, f := range fields {
		switch {
		case seen[f.Key]:
		case f.Required:
			d.Report(under(path, f.Key), fmt.Sprintf("%s is missing in %s", strconv.Quote(f.Key), d.Spell(path)), explain(f))
		default:
			setDefault(v.Field(f.Index), f)
		}
	}
}

// oneKind reports a mapping that has none, or more than one, of the keys that say
// what kind it is. An unknown key may be the kind, mistyped.
func (d *Document) oneKind(t reflect.Type, given []string, path string) {
	kinds := Kinds(t)
	found := slices.DeleteFunc(given, func(k string) bool { return !slices.Contains(kinds, k) })
	switch {
	case len(kinds) == 0, len(found) == 1, len(found) == 0 && d.unknown[path]:
	case len(found) == 0:
		d.Report(path, d.Spell(path)+" does not say what kind it is", "one of "+strings.Join(kinds, ", "))
	default:
		d.Report(under(path, found[1]), fmt.Sprintf("%s has more than one kind: %s", d.Spell(path), strings.Join(found, ", ")), "keep one of them")
	}
}

// unknownKey reports a key that no field has. A key that belongs to a mapping
// beside it was indented too little, which is the usual slip in a list of steps.
func (d *Document) unknownKey(n, k *yaml.Node, path string, fields []Field) {
	hint := d.DidYouMean(k.Value, keys(fields))
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := slices.IndexFunc(fields, func(f Field) bool { return f.Key == n.Content[i].Value })
		if at < 0 || !isStruct(fields[at].Type) {
			continue
		}
		t := fields[at].Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if slices.Contains(keys(Fields(t)), k.Value) {
			hint = fmt.Sprintf("it belongs to %q: indent it further", fields[at].Key)
		}
	}
	d.unknown[path] = true
	d.report(place(k), under(path, k.Value), fmt.Sprintf("unknown key %q in %s", k.Value, d.Spell(path)), hint)
}

func (d *Document) decodeMap(n *yaml.Node, v reflect.Value, path string, f Field) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "a mapping of keys")
		return
	}
	if len(n.Content) == 0 && f.Required {
		d.Report(path, d.Spell(path)+" is empty", explain(f))
	}
	m := reflect.MakeMap(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		key := reflect.ValueOf(k.Value)
		if k.Kind != yaml.ScalarNode || k.ShortTag() != strTag || m.MapIndex(key).IsValid() {
			continue // reported by inspect
		}
		p := under(path, k.Value)
		d.settle(p, k, val)
		one := reflect.New(v.Type().Elem()).Elem()
		if one.Kind() == reflect.Pointer {
			one.Set(reflect.New(one.Type().Elem())) // never nil, whatever is wrong with the value
		}
		d.decode(val, one, p, Field{Env: f.Env, Enum: f.Enum})
		m.SetMapIndex(key, one)
	}
	v.Set(m)
}

func (d *Document) decodeList(n *yaml.Node, v reflect.Value, path string, f Field) {
	items := n.Content
	switch {
	case n.Kind == yaml.SequenceNode:
	case n.Kind == yaml.ScalarNode && n.ShortTag() == strTag && f.One:
		items = []*yaml.Node{n}
	default:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		d.wrong(n, path, "a list")
		return
	}
	if len(items) == 0 && f.Required {
		d.Report(path, d.Spell(path)+" is empty", explain(f))
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, c := range items {
		p := item(path, i)
		d.places[p] = place(c)
		d.decode(c, list.Index(i), p, Field{Env: f.Env, Enum: f.Enum})
	}
	v.Set(list)
}

func (d *Document) decodeText(n *yaml.Node, v reflect.Value, path string, f Field) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == nullTag {
		d.wrong(n, path, "text")
		return
	}
	u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
	err := u.UnmarshalText([]byte(n.Value))
	switch {
	case err == nil && n.ShortTag() != strTag:
		d.wrong(n, path, "text")
	case err != nil:
		d.Report(path, fmt.Sprintf("%s: %v", d.Spell(path), err), hintOf(err, f))
	}
}

func (d *Document) decodeScalar(n *yaml.Node, v reflect.Value, path string, f Field) {
	want := map[reflect.Kind]struct{ tag, words string }{
		reflect.String: {strTag, "text"}, reflect.Int: {intTag, "a whole number"}, reflect.Bool: {boolTag, "true or false"},
	}[v.Kind()]
	if want.tag == "" {
		panic(fmt.Sprintf("strict: a %s cannot be read", v.Type()))
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != want.tag {
		d.wrong(n, path, want.words)
		return
	}
	switch v.Kind() {
	case reflect.String:
		d.decodeString(n.Value, v, path, f)
	case reflect.Bool:
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		switch {
		case err != nil:
			d.Report(path, d.Spell(path)+" is not a number in plain decimal digits", "")
		case f.Min != nil && i < *f.Min, f.Max != nil && i > *f.Max:
			d.Report(path, fmt.Sprintf("%s is %d", d.Spell(path), i), bounds(f))
		}
		v.SetInt(int64(i))
	}
}

func (d *Document) decodeString(s string, v reflect.Value, path string, f Field) {
	switch {
	case s == "" && (f.Required || f.Default != ""):
		d.Report(path, d.Spell(path)+" is empty", explain(f))
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, s):
		d.Report(path, fmt.Sprintf("%s is %q", d.Spell(path), s), d.DidYouMean(s, f.Enum))
	case strings.Contains(s, "${") && !f.Env:
		d.Report(path, d.Spell(path)+" holds ${, which is not replaced here", "${NAME} works only where the documentation says so")
	case strings.Contains(s, "${") && EnvName(s) == "":
		d.Report(path, d.Spell(path)+" holds ${ among other text", "the whole value must be ${NAME}, or have no ${ at all")
	}
	v.SetString(s)
}

// wrong reports a value of the wrong type. It does not show the value.
func (d *Document) wrong(n *yaml.Node, path, want string) {
	d.broken[path] = true
	is, hint := describe(n), ""
	switch {
	case is == "empty":
		d.Report(path, d.Spell(path)+" has no value", "give it "+want+", or remove the key")
		return
	case n.Kind == yaml.ScalarNode && want == "text":
		hint = "put it in quotes"
	case n.Kind == yaml.ScalarNode && want == "a list":
		hint = "write [ ] around it"
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		hint = "remove the quotes"
	}
	d.Report(path, fmt.Sprintf("%s should be %s, not %s", d.Spell(path), want, is), hint)
}

// settle remembers where a path stands.
func (d *Document) settle(path string, key, val *yaml.Node) {
	if val.Kind == yaml.ScalarNode && val.ShortTag() != nullTag {
		key = val
	}
	d.places[path] = place(key)
}
