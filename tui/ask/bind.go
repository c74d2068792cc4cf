package ask

import (
	"strings"
	"unicode"

	"lockstep/runbook/engine"
)

// bind gives every choice a key of its own: the one it asks for, or, where that
// is taken by the screen or another choice, the next best. Enter is never the
// key of a choice.
func bind(choices []engine.Choice, reserved map[string]bool) []string {
	taken := map[string]bool{"enter": true, "esc": true, "up": true, "down": true, " ": true}
	for k := range reserved {
		taken[k] = true
	}
	keys := make([]string, len(choices))
	for i, c := range choices {
		for _, k := range wishes(c) {
			if !taken[k] {
				keys[i], taken[k] = k, true
				break
			}
		}
	}
	return keys
}

// wishes lists keys for a choice, the best first.
func wishes(c engine.Choice) []string {
	out := make([]string, 0, 80)
	if oneKey(c.Key) {
		out = append(out, c.Key, strings.ToUpper(c.Key))
	}
	for _, r := range c.ID + c.Label.String() {
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			out = append(out, strings.ToLower(string(r)), strings.ToUpper(string(r)))
		}
	}
	for r := '1'; r <= '9'; r++ {
		out = append(out, string(r))
	}
	for r := 'a'; r <= 'z'; r++ {
		out = append(out, string(r), strings.ToUpper(string(r)))
	}
	return out
}

// oneKey reports whether k is one printable character. Names of keys such as
// "ctrl+d" are for the screen.
func oneKey(k string) bool {
	r := []rune(k)
	return len(r) == 1 && r[0] > ' ' && unicode.IsPrint(r[0])
}
