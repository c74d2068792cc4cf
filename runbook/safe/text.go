// Package safe holds the one way in for text that comes from outside: git,
// YAML, Terraform, probes, servers, file names, the environment.
//
// Such text can carry escape sequences that repaint the screen, bidirectional
// controls that reorder it, invisible runes that hide in it, and bytes that are
// not text at all. [Show] and [Lines] make it inert: what cannot be shown as a
// plain glyph is written out in visible form (\x1b, \u{202e}, \xff). Views take
// only [Text], so nothing reaches a terminal, an export or an announcement
// without having passed here. The result is stable: showing it again changes
// nothing.
package safe

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is the number of bytes of outside text that one line keeps. What is
// beyond is replaced by a note that says how many bytes were left out.
const MaxLine = 64 << 10

// tabWidth is the number of spaces a tab becomes. Tabs are not aligned to
// columns, so that a text reads the same wherever it stands on a line.
const tabWidth = 4

// Text is one line that is safe to print, measure and store: valid UTF-8
// without controls, line breaks, tabs, bidirectional or invisible runes. The
// zero value is the empty text. Texts are comparable.
type Text struct{ s string }

// literal can only be made from a constant outside this package.
type literal string

// Lit returns our own words as a Text. It accepts only constants, so outside
// text cannot take this way. A constant that is not inert is made so.
func Lit(s literal) Text { return Show(string(s)) }

// Show makes one line of outside text inert. Line breaks become visible as \n
// and \r; use [Lines] to keep them as breaks.
func Show(s string) Text { return show(s, MaxLine) }

// show is Show with another cap, in bytes of s.
func show(s string, limit int) Text {
	if plain(s, limit) {
		return Text{s}
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		if i >= limit {
			fmt.Fprintf(&b, "…[%d bytes more]", len(s)-i)
			break
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteString(strings.Repeat(" ", tabWidth))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u{%04x}`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return Text{b.String()}
}

// Lines splits outside text at line feeds and makes each line inert. A final
// line feed does not start another line, a carriage return before a line feed
// stays visible as \r, and the empty string has no lines.
func Lines(s string) []Text {
	if s == "" {
		return nil
	}
	s = strings.TrimSuffix(s, "\n")
	out := make([]Text, 0, strings.Count(s, "\n")+1)
	for {
		line, rest, more := strings.Cut(s, "\n")
		out = append(out, Show(line))
		if !more {
			return out
		}
		s = rest
	}
}

// Sprintf formats like [fmt.Sprintf] and makes the result inert.
func Sprintf(format literal, args ...any) Text {
	return Show(fmt.Sprintf(string(format), args...))
}

// Join concatenates texts with a separator of our own between them.
func Join(texts []Text, sep literal) Text {
	parts := make([]string, len(texts))
	for i, t := range texts {
		parts[i] = t.s
	}
	return Show(strings.Join(parts, string(sep)))
}

// String returns the inert line.
func (t Text) String() string { return t.s }

// IsEmpty reports whether there is nothing to show.
func (t Text) IsEmpty() bool { return t.s == "" }

// MarshalText writes the line.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.s), nil }

// UnmarshalText reads a line and makes it inert again, so that a text that
// crossed a process or a file is as safe as a new one. It does not shorten it a
// second time: a text comes back as it was written.
func (t *Text) UnmarshalText(b []byte) error {
	*t = show(string(b), math.MaxInt)
	return nil
}

var (
	_ json.Marshaler = Text{}
	_ fmt.Stringer   = Text{}
)

// MarshalJSON writes the line as a JSON string.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.s) }

// plain reports whether s is within the limit, printable ASCII and so already inert.
func plain(s string, limit int) bool {
	if len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hidden reports whether a rune takes no visible, predictable place of its
// own: controls, format and bidirectional characters, separators, surrogates,
// private use, unassigned code points, variation selectors, fillers that render
// as nothing, and marks that pile up on the rune before them.
func hidden(r rune) bool {
	switch {
	case r == ' ':
		return false
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return true
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800':
		return true
	}
	return !unicode.IsPrint(r)
}
