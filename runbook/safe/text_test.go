package safe

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestShow_makesOutsideTextInert(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "static.crates.io", "static.crates.io"},
		{"words", "größer 日本 ✓ ▁▂", "größer 日本 ✓ ▁▂"},
		{"escape", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"osc", "\x1b]0;t\a", `\x1b]0;t\x07`},
		{"c1", "a\u009bb", `a\u{009b}b`},
		{"bidi", "a\u202eb", `a\u{202e}b`},
		{"zero width", "a\u200bb", `a\u{200b}b`},
		{"invalid", "a\xffb", `a\xffb`},
		{"tab", "a\tb", "a    b"},
		{"cr", "a\rb", `a\rb`},
		{"line feed", "a\nb", `a\nb`},
		{"separators", "a\u2028b", `a\u{2028}b`},
		{"combining pile", "a\u0301", `a\u{0301}`},
		{"non-breaking space", "a\u00a0b", `a\u{00a0}b`},
		{"delete", "a\x7f", `a\x7f`},
	} {
		if got := Show(c.in).String(); got != c.want {
			t.Errorf("%s: Show(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestShow_capsVeryLongLines(t *testing.T) {
	got := Show(strings.Repeat("x", MaxLine+5)).String()
	if !strings.HasSuffix(got, "…[5 bytes more]") || len(got) > MaxLine+40 {
		t.Errorf("a line of %d bytes was shown as %d bytes ending in %q", MaxLine+5, len(got), got[len(got)-20:])
	}
}

func TestLines(t *testing.T) {
	got := Lines("a\n\tb\r\n\nc\n")
	want := []string{"a", "    b" + `\r`, "", "c"}
	if len(got) != len(want) {
		t.Fatalf("got %d lines %q, want %q", len(got), got, want)
	}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("line %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestText_staysInertThroughJSON(t *testing.T) {
	var back Text
	if err := json.Unmarshal([]byte(`"a\u001b[2J"`), &back); err != nil {
		t.Fatal(err)
	}
	if back.String() != `a\x1b[2J` {
		t.Errorf("got %q", back)
	}
	raw, err := json.Marshal(map[string]any{"t": Show("a\x1b")})
	if err != nil || string(raw) != `{"t":"a\\x1b"}` {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestText_comesBackFromJSONAsItWas(t *testing.T) {
	for _, in := range []string{strings.Repeat("x", 2*MaxLine), strings.Repeat("\x1b", 2*MaxLine), "größer\u202e"} {
		want := Show(in)
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Text
		if err := json.Unmarshal(raw, &got); err != nil || got != want {
			t.Errorf("%d bytes came back as %d, %v", len(want.String()), len(got.String()), err)
		}
	}
}

func FuzzShow(f *testing.F) {
	for _, s := range []string{"", "a\x1b[31m", "\u202e", "\xff\xfe", "a\r\nb\tc", "日本\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Show(s).String()
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not valid UTF-8", got)
		}
		for _, r := range got {
			if r != ' ' && (!unicode.IsPrint(r) || unicode.Is(unicode.Mn, r)) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if len(got) <= MaxLine {
			if again := Show(got).String(); again != got {
				t.Fatalf("not stable: %q then %q", got, again)
			}
		}
	})
}
