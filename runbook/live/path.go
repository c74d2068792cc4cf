package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A path leads to an attribute: keys, indexes as ints, and every for all items.
type path []any

type every struct{}

// readPath reads a path such as metadata[0].name or tags["a b"].
func readPath(s string) (path, error) {
	wrong := func() (path, error) { return nil, fmt.Errorf("%q is no path of an attribute", s) }
	var p path
	for rest := s; rest != ""; {
		if rest[0] == '[' {
			end := strings.IndexByte(rest, ']')
			inner := rest[1:max(end, 1)]
			if quoted, err := strconv.QuotedPrefix(inner + rest[max(end, 1):]); err == nil && len(p) > 0 {
				key, err := strconv.Unquote(quoted)
				if err != nil || len(rest) < len(quoted)+2 || rest[len(quoted)+1] != ']' {
					return wrong()
				}
				p, rest = append(p, key), rest[len(quoted)+2:]
				continue
			}
			if inner == "*" && end > 0 && len(p) > 0 {
				p, rest = append(p, every{}), rest[end+1:]
				continue
			}
			n, err := strconv.ParseUint(inner, 10, 16)
			if end < 0 || err != nil || len(p) == 0 {
				return wrong()
			}
			p, rest = append(p, int(n)), rest[end+1:]
			continue
		}
		if len(p) > 0 {
			if rest[0] != '.' {
				return wrong()
			}
			rest = rest[1:]
		}
		n := strings.IndexAny(rest, ".[")
		if n < 0 {
			n = len(rest)
		}
		if !isName(rest[:n]) {
			return wrong()
		}
		p, rest = append(p, rest[:n]), rest[n:]
	}
	if len(p) == 0 {
		return wrong()
	}
	return p, nil
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// in returns what stands at the path, or nil. For every it is a list.
func (p path) in(v any) any {
	for i, step := range p {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		case every:
			l, _ := v.([]any)
			out := make([]any, len(l))
			for k := range l {
				out[k] = p[i+1:].in(l[k])
			}
			return out
		}
	}
	return v
}

// marked reports whether a mask marks the value at the path, something in it or
// something around it.
func (p path) marked(mask any) bool {
	for i := range p {
		if mask == true {
			return true
		}
		if _, ok := p[i].(every); ok {
			l, _ := mask.([]any)
			return slices.ContainsFunc(l, p[i+1:].marked)
		}
		if mask = p[i : i+1].in(mask); mask == nil {
			return false
		}
	}
	return anyTrue(mask)
}

func anyTrue(mask any) bool {
	switch m := mask.(type) {
	case bool:
		return m
	case map[string]any:
		for _, v := range m {
			if anyTrue(v) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(m, anyTrue)
	}
	return false
}
