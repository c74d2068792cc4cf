package look

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func FuzzCells(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[1;31mred\x1b[0m", "│ ── ✓ ▸ · × …", "日本語", "✓\ufe0f", "─\u0301", "\x1b[2J", "\x1b[", "\x1b", "a\x1b]0;t\x07b", "\xff\xfe", "👩‍👩‍👧 ↑↓ “x” → −", "✚▹▾ ░"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := cells(s), ansi.StringWidth(s); got != want {
			t.Errorf("%q: %d cells, want %d", s, got, want)
		}
	})
}
