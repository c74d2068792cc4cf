package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"lockstep/tui/look"
)

// The keys that work on every screen. They are capitals where a pane could want
// the small letter.
const (
	keyHelp  = "?"
	keySteps = "S"
	keyLog   = "L"
	keyQuit  = "q"
	keyBreak = "ctrl+c"
	keyPause = "ctrl+z" // nothing is suspended: it opens the same menu
	keyTake  = "t"      // only while somebody else answers, or nobody
)

// global are the keys that are the screen's own, whatever is asked.
var global = map[string]bool{keyHelp: true, keySteps: true, keyLog: true, keyQuit: true, keyBreak: true, keyPause: true}

// reserved returns the keys that no choice may take: those of the screen and
// those of the pane the choice stands below.
func reserved(pane look.Pane) map[string]bool {
	out := map[string]bool{keyHelp: true, keySteps: true, keyLog: true, keyQuit: true, "tab": true}
	for _, k := range []string{"j", "k", "g", "G", "pgup", "pgdown"} {
		out[k] = true
	}
	for _, h := range pane.Keys() {
		for _, k := range splitKeys(h.Key) {
			out[k] = true
		}
	}
	return out
}

// splitKeys takes a hint's key apart: "n/p", "n N", "↑↓ enter".
func splitKeys(s string) []string {
	if s == "/" || s == " " {
		return []string{s}
	}
	var out []string
	word := ""
	for _, r := range s + " " {
		switch {
		case r != ' ' && r != '/' && r != ',' && r != '·':
			word += string(r)
		case word != "":
			out, word = append(out, word), ""
		}
	}
	return out
}

// atOnce is how many keys a quick typist can send in one read of a slow line.
const atOnce = 3

// pasted reports whether keys that came together look like text that nobody
// typed: not one key that was held, and not two or three from quick fingers.
func pasted(keys []tea.KeyMsg) bool {
	if keys[0].Paste {
		return true
	}
	if len(keys) <= atOnce {
		return false
	}
	for _, k := range keys[1:] {
		if k.String() != keys[0].String() {
			return true
		}
	}
	return false
}

// single takes keys that were read together apart: Bubble Tea reports "jjj" as
// one key. A paste stays whole, and is marked as one.
func single(k tea.KeyMsg) (keys []tea.KeyMsg, burst bool) {
	if k.Type != tea.KeyRunes || len(k.Runes) < 2 || k.Paste {
		return []tea.KeyMsg{k}, k.Paste
	}
	keys = make([]tea.KeyMsg, len(k.Runes))
	for i, r := range k.Runes {
		keys[i] = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt}
		if r == ' ' {
			keys[i].Type = tea.KeySpace
		}
	}
	return keys, true
}
