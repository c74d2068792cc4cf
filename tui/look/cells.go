package look

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cells returns how many cells a drawn line takes. Nearly every line is made of
// ASCII, our own signs and styles; those are counted at once, anything else by
// the full rules of Unicode.
func cells(line string) int {
	n := 0
	for i := 0; i < len(line); {
		switch b := line[i]; {
		case b >= 0x20 && b < 0x7f:
			i++
			n++
		case b == 0x1b:
			end := style(line[i:])
			if end == 0 {
				return ansi.StringWidth(line)
			}
			i += end
		default:
			w := sign(line[i:])
			if w == 0 {
				return ansi.StringWidth(line)
			}
			i += w
			n++
		}
	}
	return n
}

// style returns the length of the style sequence that s starts with, or 0.
func style(s string) int {
	if len(s) < 3 || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch b := s[i]; {
		case b >= '0' && b <= '9', b == ';':
		case b == 'm':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// sign returns the length in bytes of the sign of ours that s starts with, or 0.
// Each is one cell wide by itself; what would change that is no sign of ours.
func sign(s string) int {
	switch r, n := utf8.DecodeRuneInString(s); {
	case r >= 0x2500 && r <= 0x259f: // lines and blocks
		return n
	case strings.ContainsRune(signs, r) && r != utf8.RuneError:
		return n
	}
	return 0
}

// signs are those beside lines and blocks.
const signs = "·×…›–✓✗✚▸▹▾→−“”↑↓"
