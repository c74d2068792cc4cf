package planfile

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A leaf is one attribute path of a change with its raw values.
type leaf struct {
	path          string
	before, after any // nil when there is none
	unknown       bool
	sensitive     bool
}

// same reports whether the leaf does not change.
func (l leaf) same() bool { return !l.unknown && reflect.DeepEqual(l.before, l.after) }

// A trail is a place in a change: the values there and what the masks say.
type trail struct {
	path                string
	before, after       any
	unknown             any
	beforeSen, afterSen any
}

// walk calls emit for every leaf under t, in the order of paths. A value that is
// masked on either side is one leaf, whatever it holds.
func walk(t trail, emit func(leaf)) {
	l := leaf{path: t.path, before: t.before, after: t.after}
	switch {
	case t.beforeSen == true || t.afterSen == true:
		l.sensitive, l.unknown = true, hasTrue(t.unknown)
		if l.before != nil || l.after != nil || l.unknown {
			emit(l)
		}
		return
	case t.unknown == true:
		l.unknown = true
		emit(l)
		return
	}
	if keys, ok := objectKeys(t); ok {
		for _, k := range keys {
			walk(t.child(keyPath(t.path, k), func(v any) any { return member(v, k) }), emit)
		}
		return
	}
	if n, ok := listLen(t); ok {
		for i := range n {
			walk(t.child(t.path+"["+strconv.Itoa(i)+"]", func(v any) any { return element(v, i) }), emit)
		}
		return
	}
	if l.before != nil || l.after != nil {
		emit(l)
	}
}

func (t trail) child(path string, at func(any) any) trail {
	return trail{path, at(t.before), at(t.after), at(t.unknown), at(t.beforeSen), at(t.afterSen)}
}

// objectKeys returns the keys of both sides when they are objects, and false
// when there is something else or nothing to go into.
func objectKeys(t trail) ([]string, bool) {
	set := map[string]bool{}
	for _, v := range []any{t.before, t.after} {
		m, ok := v.(map[string]any)
		if !ok && v != nil {
			return nil, false
		}
		for k := range m {
			set[k] = true
		}
	}
	if m, ok := t.unknown.(map[string]any); ok {
		for k, v := range m {
			if hasTrue(v) {
				set[k] = true
			}
		}
	}
	if len(set) == 0 {
		return nil, false
	}
	return slices.Sorted(maps.Keys(set)), true
}

func listLen(t trail) (int, bool) {
	n := 0
	for _, v := range []any{t.before, t.after} {
		l, ok := v.([]any)
		if !ok && v != nil {
			return 0, false
		}
		n = max(n, len(l))
	}
	if l, ok := t.unknown.([]any); ok && hasTrue(l) {
		n = max(n, len(l))
	}
	return n, n > 0
}

// member returns what a value or a mask says about a key.
func member(v any, key string) any {
	if m, ok := v.(map[string]any); ok {
		return m[key]
	}
	return nil
}

func element(v any, i int) any {
	if l, ok := v.([]any); ok && i < len(l) {
		return l[i]
	}
	return nil
}

// hasTrue reports whether a mask marks anything.
func hasTrue(mask any) bool {
	switch m := mask.(type) {
	case bool:
		return m
	case map[string]any:
		for _, v := range m {
			if hasTrue(v) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(m, hasTrue)
	}
	return false
}

// keyPath appends a key as Terraform writes it.
func keyPath(path, key string) string {
	switch {
	case !isIdentifier(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// stepsPath writes a path that is given step by step, as replace_paths does.
func stepsPath(steps any) string {
	path := ""
	list, _ := steps.([]any)
	for _, s := range list {
		switch s := s.(type) {
		case string:
			path = keyPath(path, s)
		case json.Number:
			path += "[" + s.String() + "]"
		}
	}
	return path
}

// under reports whether path is inside of, or the same as, outer.
func under(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
