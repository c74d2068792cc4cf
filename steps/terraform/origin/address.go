package origin

import "strings"

// An address is where a resource stands in the configuration: the module calls
// down to it and its name there, without keys and indexes.
type address struct {
	calls []string
	name  string // TYPE.NAME or data.TYPE.NAME
}

// parseAddress reads an address as a plan has it.
func parseAddress(s string) (address, bool) {
	parts, ok := segments(s)
	if !ok {
		return address{}, false
	}
	var a address
	for len(parts) >= 2 && parts[0] == "module" {
		a.calls, parts = append(a.calls, parts[1]), parts[2:]
	}
	switch {
	case len(parts) == 2 && parts[0] != "data":
	case len(parts) == 3 && parts[0] == "data":
	default:
		return address{}, false
	}
	a.name = strings.Join(parts, ".")
	return a, true
}

// segments splits at the dots outside of brackets and leaves the brackets out.
func segments(s string) ([]string, bool) {
	var out []string
	var part strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && depth > 0:
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth > 0:
		case c == '.':
			out = append(out, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	out = append(out, part.String())
	for _, p := range out {
		if p == "" {
			return nil, false
		}
	}
	return out, depth == 0 && !quoted
}

// full returns the segments of the whole address.
func (a address) full() []string {
	var out []string
	for _, c := range a.calls {
		out = append(out, "module", c)
	}
	return append(out, strings.Split(a.name, ".")...)
}

// String returns the address without keys.
func (a address) String() string { return strings.Join(a.full(), ".") }

// kind returns the type of the resource.
func (a address) kind() string {
	t, _, _ := strings.Cut(strings.TrimPrefix(a.name, "data."), ".")
	return t
}
