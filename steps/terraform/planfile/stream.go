package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
)

// minSecret is how long a sensitive value has to be for the second net. Shorter
// ones are masked where they stand, but would be found in ordinary words.
const minSecret = 6

// object calls each for every key of the object that comes next; each reads the value.
func (r *reader) object(each func(key string) error) error {
	if err := r.delim('{'); err != nil {
		return err
	}
	for r.dec.More() {
		key, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("%v where a key should be", key)
		}
		if err := each(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return r.delim('}')
}

// list calls each for every resource change of the list that comes next.
func (r *reader) list(each func(span, *tfjson.ResourceChange) error) error {
	if err := r.delim('['); err != nil {
		return err
	}
	for r.dec.More() {
		start := r.dec.InputOffset()
		var rc tfjson.ResourceChange
		if err := r.dec.Decode(&rc); err != nil {
			return err
		}
		if rc.Change == nil || rc.Address == "" {
			return errors.New("a resource without an address or a change")
		}
		if err := each(span{start, r.dec.InputOffset()}, &rc); err != nil {
			return err
		}
	}
	return r.delim(']')
}

func (r *reader) delim(want json.Delim) error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("%v where %v should be", t, want)
	}
	return nil
}

// skip reads over the value that comes next without keeping it.
func (r *reader) skip() error {
	depth := 0
	for {
		t, err := r.dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// state goes through the state before the plan for the sensitive values of data
// sources; those of resources stand in the changes.
func (r *reader) state() error {
	t, err := r.dec.Token()
	if err != nil || t == nil {
		return err
	}
	if t == json.Delim('{') {
		for r.dec.More() {
			key, err := r.dec.Token()
			if err != nil {
				return err
			}
			switch key {
			case "resources":
				err = r.stateResources()
			case "values", "root_module", "child_modules":
				err = r.state()
			default:
				err = r.skip()
			}
			if err != nil {
				return err
			}
		}
		return r.delim('}')
	}
	if t == json.Delim('[') {
		for r.dec.More() {
			if err := r.state(); err != nil {
				return err
			}
		}
		return r.delim(']')
	}
	return nil
}

func (r *reader) stateResources() error {
	if err := r.delim('['); err != nil {
		return err
	}
	for r.dec.More() {
		var res struct {
			Mode      string          `json:"mode"`
			Values    any             `json:"values"`
			Sensitive json.RawMessage `json:"sensitive_values"`
		}
		if err := r.dec.Decode(&res); err != nil {
			return err
		}
		if res.Mode == "data" {
			r.secrets(&tfjson.Change{After: res.Values, AfterSensitive: decode(res.Sensitive)})
		}
	}
	return r.delim(']')
}

// secrets lets the net know every value that the masks of a change mark.
func (r *reader) secrets(c *tfjson.Change) {
	walk(changeTrail(c), func(l leaf) {
		if l.sensitive {
			r.f.addLeaves(l.before)
			r.f.addLeaves(l.after)
		}
	})
}

func (f *File) addLeaves(v any) {
	switch v := v.(type) {
	case string:
		if len(v) >= minSecret {
			f.net.Add(v, sensitive)
		}
	case json.Number:
		f.addLeaves(v.String())
	case []any:
		for _, e := range v {
			f.addLeaves(e)
		}
	case map[string]any:
		for _, e := range v {
			f.addLeaves(e)
		}
	}
}

// decode reads a JSON value; what cannot be read counts as nothing.
func decode(raw json.RawMessage) any {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	return v
}
