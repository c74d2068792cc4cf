package look

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/safe"
)

func TestLine_isExactlyItsWidth(t *testing.T) {
	st := New(true)
	for _, text := range []string{"", "short", "a much longer piece of text", "日本語日本語日本語", "naïve ✓ ▁▂▃"} {
		for w := range 20 {
			l := NewLine(w).Add(st.Danger, safe.Show(text)).Cell(st.Good, safe.Show(text), 4).Right(st.Key, safe.Show("r"))
			if got := ansi.StringWidth(l.String()); got != w {
				t.Errorf("%q at %d: %d cells: %q", text, w, got, l.String())
			}
		}
	}
}

func TestFit_isExactlyItsSize(t *testing.T) {
	st := New(true)
	frame := st.Live.Render(safe.Show("日本語 wide")) + "\nx\n\n" + strings.Repeat("y", 50)
	for w := 1; w < 30; w++ {
		for h := 1; h < 8; h++ {
			lines := strings.Split(Fit(frame, w, h), "\n")
			if len(lines) != h {
				t.Fatalf("%dx%d: %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) != w {
					t.Fatalf("%dx%d: line of %d cells: %q", w, h, ansi.StringWidth(l), l)
				}
			}
		}
	}
}

func TestNew_withoutColourHasNoColour(t *testing.T) {
	st := New(false)
	for _, s := range []Style{st.Live, st.Danger, st.Added, st.Removed, st.Dark} {
		if strings.Contains(s.on, "3") || strings.Contains(s.on, "9") {
			t.Errorf("a style without colour is %q", s.on)
		}
	}
}
