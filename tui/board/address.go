package board

import (
	"strings"

	"lockstep/runbook/safe"
)

// kindOf returns the type of the resource at an address: the last word but one,
// where an index in brackets is no word.
func kindOf(address safe.Text) string {
	s := address.String()
	depth, end, dots := 0, len(s), 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ']':
			depth++
		case '[':
			depth--
		case '.':
			if depth > 0 {
				continue
			}
			if dots++; dots == 2 {
				return s[i+1 : end]
			}
			end = i
		}
	}
	if dots == 0 {
		return ""
	}
	return strings.TrimSpace(s[:end])
}
