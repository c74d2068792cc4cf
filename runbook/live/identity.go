package live

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook/plan"
	"lockstep/runbook/strict"
)

// An Identity is what a runbook or a file says about one resource type. What is
// empty stays as it is in the table.
type Identity struct {
	Key    []string        // see the comment of the package
	Delete plan.DeleteMode // unknown for a type that is not in the table
	Kind   string          // the type itself for a type that is not in the table
	TTL    string          // path of the attribute with the seconds
	Data   []string        // what tells objects with the same key apart for a delete
}

// Modes are the words for what a delete takes with it.
var Modes = []string{string(plan.DeleteOwnData), string(plan.DeleteWholeName), string(plan.DeleteUnknown)}

// MaxKey is the number of items that a key may have.
const MaxKey = 32

// CheckKey returns the name that an item of a key has as a part of it, or says what
// is wrong with the item.
func CheckKey(item string) (name string, err error) {
	p, err := readPart(item)
	return p.name, err
}

// CheckType says what is wrong with the name of a resource type.
func CheckType(typ string) error {
	if !isName(typ) {
		return fmt.Errorf("%q cannot be a resource type", typ)
	}
	return nil
}

// Near returns the types of the table that begin like a type that is not in it, for
// suggestions.
func (t *Table) Near(typ string) []string {
	provider, _, _ := strings.Cut(typ, "_")
	var out []string
	for _, known := range t.Types() {
		if strings.HasPrefix(known, provider) || len(typ) > 2 && strings.HasSuffix(known, typ[2:]) {
			out = append(out, known)
		}
	}
	return out
}

// Known reports whether the table has a resource type.
func (t *Table) Known(typ string) bool { return t.rules[typ] != nil }

// With returns a table in which the identities count before what was there. The
// error has every identity that is wrong; t stays as it is.
func (t *Table) With(identities map[string]Identity) (*Table, error) {
	out := &Table{rules: maps.Clone(t.rules)}
	var errs []error
	for _, typ := range slices.Sorted(maps.Keys(identities)) {
		r, err := t.changed(typ, identities[typ])
		if err != nil {
			errs = append(errs, fmt.Errorf("identity of %s: %w", typ, err))
			continue
		}
		out.rules[typ] = r
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func (t *Table) changed(typ string, id Identity) (*rule, error) {
	if err := CheckType(typ); err != nil {
		return nil, err
	}
	r := rule{kind: typ, delete: plan.DeleteUnknown}
	if old := t.rules[typ]; old != nil {
		r = *old
	} else if len(id.Key) == 0 {
		return nil, errors.New("it has no key, and the table that comes with the program does not know the type")
	}
	if id.Kind != "" {
		r.kind = id.Kind
	}
	if len(id.Key) > 0 {
		r.spare = nil // of the key that was
		if err := r.setKey(id.Key); err != nil {
			return nil, err
		}
	}
	switch {
	case id.Delete == "":
	case !slices.Contains(Modes, string(id.Delete)):
		return nil, fmt.Errorf("delete is %q, and not one of %s", id.Delete, strings.Join(Modes, ", "))
	default:
		r.delete, r.why, r.source = id.Delete, "", ""
	}
	if id.TTL != "" {
		var err error
		if r.ttl, err = readPath(id.TTL); err != nil {
			return nil, err
		}
	}
	if len(id.Data) > 0 {
		if err := r.setData(id.Data); err != nil {
			return nil, err
		}
	}
	return &r, nil
}

// ReadIdentities reads a JSON file {"TYPE": {"key": ["attribute", …], "delete":
// "own-data|whole-name|unknown"}, …}. A type that comes with the program may
// leave either out. The error is a *[strict.Problems] with everything that is
// wrong; the name stands in it.
func ReadIdentities(name string, data []byte) (map[string]Identity, error) {
	doc, root, ok := strict.ReadJSON(name, data)
	if !ok {
		return nil, doc.Err()
	}
	out := map[string]Identity{}
	types, _ := root.Members("", "an object of resource types")
	for _, m := range types {
		if err := CheckType(m.Key); err != nil {
			doc.Say(m.At, m.Key, err.Error(), "such as aws_route53_record")
			continue
		}
		out[m.Key] = readIdentity(doc, m)
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func readIdentity(doc *strict.JSONDocument, typ strict.Member) Identity {
	var id Identity
	fields, ok := typ.Value.Members(typ.Key, `an object with "key" and "delete"`)
	if !ok {
		return id
	}
	hasKey := false
	for _, f := range fields {
		at := typ.Key + "." + f.Key
		switch f.Key {
		case "key":
			hasKey = true
			id.Key = readKey(doc, at, f.Value)
		case "delete":
			s, ok := f.Value.Text(at, "one of "+strings.Join(Modes, ", "))
			if ok && !slices.Contains(Modes, s) {
				doc.Say(f.Value.At, at, fmt.Sprintf("%s is %q", at, s), doc.DidYouMean(s, Modes))
			}
			id.Delete = plan.DeleteMode(s)
		default:
			doc.Say(f.At, at, fmt.Sprintf("unknown key %q in %s", f.Key, typ.Key), doc.DidYouMean(f.Key, []string{"key", "delete"}))
		}
	}
	if !hasKey && !Shipped().Known(typ.Key) {
		doc.Say(typ.At, typ.Key, fmt.Sprintf("%s has no key, and the table that comes with the program does not know the type", typ.Key), `such as "key": ["name"]`)
	}
	return id
}

func readKey(doc *strict.JSONDocument, at string, v strict.JSON) []string {
	items, ok := v.Items(at, "a list of attributes")
	switch {
	case ok && len(items) == 0:
		doc.Say(v.At, at, at+" is empty", `such as ["name"]`)
	case len(items) > MaxKey:
		doc.Say(v.At, at, fmt.Sprintf("%s has more than %d attributes", at, MaxKey), "a few are enough to tell one thing from another")
		return nil
	}
	var key []string
	for i, item := range items {
		p := fmt.Sprintf("%s[%d]", at, i)
		s, ok := item.Text(p, "the path of an attribute")
		if !ok {
			continue
		}
		part, err := readPart(s)
		switch {
		case err != nil:
			doc.Say(item.At, p, err.Error(), "such as name or metadata[0].name")
		case slices.ContainsFunc(key, func(k string) bool { return sameName(k, part.name) }):
			doc.Say(item.At, p, fmt.Sprintf("%q is in the key twice", part.name), "keep one")
		default:
			key = append(key, s)
		}
	}
	return key
}

func sameName(item, name string) bool {
	p, err := readPart(item)
	return err == nil && p.name == name
}
