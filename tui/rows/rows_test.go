package rows

import (
	"math/rand/v2"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

func TestStack_windowStaysInsideAndFindsEveryLine(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var s Stack
	heights := []int{}
	for range 5000 {
		switch r.IntN(7) {
		case 0:
			heights = make([]int, r.IntN(30))
			for i := range heights {
				heights[i] = 1 + r.IntN(5)
			}
			s.Reset(len(heights), func(i int) int { return heights[i] })
		case 1:
			n := r.IntN(40)
			heights = make([]int, n)
			for i := range heights {
				heights[i] = 1
			}
			s.Uniform(n)
		case 2:
			s.SetHeight(r.IntN(20))
		case 3:
			s.Scroll(r.IntN(40) - 20)
		case 4:
			s.ScrollTo(r.IntN(200) - 20)
		case 5:
			if s.Blocks() > 0 {
				b := r.IntN(s.Blocks())
				s.Reveal(b, r.IntN(4))
				if s.Height() > 0 && !s.Shown(b) {
					t.Fatalf("block %d was revealed and is not shown", b)
				}
			}
		}
		if s.Top() < 0 || s.Top() > max(s.Lines()-s.Height(), 0) {
			t.Fatalf("top %d of %d lines, window of %d", s.Top(), s.Lines(), s.Height())
		}
		line := 0
		for i, h := range heights {
			for sub := range h {
				if b, k := s.At(line); b != i || k != sub {
					t.Fatalf("line %d is line %d of block %d, want %d of %d", line, k, b, sub, i)
				}
				line++
			}
		}
		if b, _ := s.At(line); b != len(heights) {
			t.Fatalf("the line after the last is in block %d", b)
		}
	}
}

func TestStack_resetKeepsTheTopBlock(t *testing.T) {
	var s Stack
	s.SetHeight(5)
	s.Reset(100, func(int) int { return 1 })
	s.ScrollTo(50)
	s.Reset(100, func(int) int { return 3 })
	if b, _ := s.At(s.Top()); b != 50 {
		t.Errorf("block %d is at the top, want 50", b)
	}
}

func TestPaint_isTheTextWhateverTheSpans(t *testing.T) {
	st := look.New(true)
	text := safe.Lit("a = \"日本語\" # ok")
	for from := range len(text.String()) {
		spans := Over([]Span{{2, 3, st.Keyword}, {4, 15, st.String}}, Marks(text, "本", st.Selected))
		l := look.NewLine(40)
		Paint(l, text, 0, len(text.String()), st.Plain, spans)
		if got := strings.TrimRight(ansi.Strip(l.String()), " "); got != text.String() {
			t.Fatalf("from %d: %q", from, got)
		}
	}
}

func TestBreak_givesBackTheWholeText(t *testing.T) {
	for _, text := range []safe.Text{safe.Lit(""), safe.Lit("abc"), safe.Lit("日本語日本語"), safe.Lit("mixed 日本 text that is long")} {
		for w := 1; w < 12; w++ {
			starts := Break(text, w)
			if len(starts) != Broken(text, w) {
				t.Errorf("%q at %d: %d lines, %d counted", text, w, len(starts), Broken(text, w))
			}
			for i, from := range starts {
				to := len(text.String())
				if i+1 < len(starts) {
					to = starts[i+1]
				}
				if n := ansi.StringWidth(text.String()[from:to]); n > max(w, 2) {
					t.Errorf("%q at %d: a line of %d cells", text, w, n)
				}
			}
		}
	}
}

func TestPrompt_takesEveryLetterAndMakesItInert(t *testing.T) {
	var p Prompt
	p.Start(3)
	for _, r := range "nV\x1b" {
		p.Key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	if p.Query() != `nV\x1b` {
		t.Errorf("query is %q", p.Query())
	}
	if p.Key(tea.KeyMsg{Type: tea.KeyEsc}) != Closed || p.Open || p.Query() != "" {
		t.Error("esc does not close the prompt")
	}
}

func TestFind_goesAroundTheEnd(t *testing.T) {
	is := func(want int) func(int) bool { return func(i int) bool { return i == want } }
	if got := Find(10, 7, true, is(3)); got != 3 {
		t.Errorf("forwards: %d", got)
	}
	if got := Find(10, 2, false, is(9)); got != 9 {
		t.Errorf("backwards: %d", got)
	}
	if got := Find(10, 2, true, is(10)); got != -1 {
		t.Errorf("nowhere: %d", got)
	}
	if got := Find(0, -1, true, is(0)); got != -1 {
		t.Errorf("in nothing: %d", got)
	}
}

func TestShort_keepsBothEnds(t *testing.T) {
	text := safe.Lit("module.crates_io.dns_record.weighted")
	for w := range 40 {
		if n := look.Width(Short(text, w)); n > w {
			t.Errorf("%d cells at %d", n, w)
		}
		if n := look.Width(Tail(text, w)); w > 1 && n > w {
			t.Errorf("the end is %d cells at %d", n, w)
		}
	}
}

func TestShortAddress_keepsTheName(t *testing.T) {
	for _, c := range []struct {
		address string
		width   int
		want    string
	}{
		{"sandbox_certificate_validation.cert", 40, "sandbox_certificate_validation.cert"},
		{"sandbox_certificate_validation.cert", 20, "…ate_validation.cert"},
		{`module.a.dns_record.x["b.c"]`, 20, `…dns_record.x["b.c"]`},
	} {
		if got := ShortAddress(safe.Show(c.address), c.width).String(); got != c.want {
			t.Errorf("%q in %d cells is %q, want %q", c.address, c.width, got, c.want)
		}
	}
	if got := ShortAddress(safe.Lit("a.a_name_longer_than_there_is_room"), 12); look.Width(got) > 12 {
		t.Errorf("%q is too wide", got)
	}
}
