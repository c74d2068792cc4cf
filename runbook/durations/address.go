package durations

import "strings"

// TypeOf returns the resource type in an address such as
// module.a["x.y"].aws_eip.b[0], or "" when it is no address of a resource.
func TypeOf(address string) string {
	steps, ok := split(address)
	for ok && len(steps) > 2 && steps[0] == "module" {
		steps = steps[2:]
	}
	if ok && len(steps) == 3 && steps[0] == "data" {
		steps = steps[1:]
	}
	if !ok || len(steps) != 2 || steps[0] == "module" || steps[0] == "data" {
		return ""
	}
	return steps[0]
}

// split cuts an address at the dots that are not in brackets, and takes the
// brackets off. In brackets is a number or a text in quotes, as Terraform prints
// it. The first result of a type alone is the type.
func split(address string) ([]string, bool) {
	var out []string
	for rest := address; ; {
		n := 0
		for n < len(rest) && rest[n] != '.' && rest[n] != '[' {
			n++
		}
		if !isName(rest[:n]) {
			return nil, false
		}
		out = append(out, rest[:n])
		if rest = rest[n:]; strings.HasPrefix(rest, "[") {
			end := closing(rest)
			if end < 0 || len(out) < 2 {
				return nil, false
			}
			rest = rest[end+1:]
		}
		if rest == "" {
			return out, true
		}
		if rest[0] != '.' {
			return nil, false
		}
		rest = rest[1:]
	}
}

// closing returns where the bracket that s begins with is closed, or -1.
func closing(s string) int {
	if !strings.HasPrefix(s, `["`) {
		end := strings.IndexByte(s, ']')
		for i := 1; i < end; i++ {
			if s[i] < '0' || s[i] > '9' {
				return -1
			}
		}
		if end == 1 {
			return -1
		}
		return end
	}
	for i := 2; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if strings.HasPrefix(s[i:], `"]`) {
				return i + 1
			}
			return -1
		}
	}
	return -1
}

// isName reports whether s is a name as Terraform has it: letters of any
// language, digits, dashes and underscores.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// isWho reports whether s is a resource type or the address of a resource.
func isWho(s string) bool {
	steps, ok := split(s)
	return ok && (len(steps) == 1 || TypeOf(s) != "")
}
