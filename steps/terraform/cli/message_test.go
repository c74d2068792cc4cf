package cli

import (
	"strings"
	"testing"
)

func TestMessageWriter_readsLinesOfAnySizeInAnyPieces(t *testing.T) {
	huge := strings.Repeat("x", 3<<20)
	text := `{"type":"a","@message":"one"}` + "\n" + "not a message\n" + `{"type":"b","@message":"` + huge + `"}` + "\n\n" + `{"type":"c"}`
	for _, piece := range []int{1 << 16, 7777, 1 << 22} {
		var got []string
		w := &messageWriter{max: MaxMessage, each: func(m Message) {
			got = append(got, m.Type)
			if m.Type == "b" && m.Text != huge {
				t.Errorf("the long text has %d bytes", len(m.Text))
			}
		}}
		for rest := text; rest != ""; {
			n := min(piece, len(rest))
			if k, err := w.Write([]byte(rest[:n])); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		w.end()
		if strings.Join(got, "") != "abc" || len(w.strays) != 1 {
			t.Errorf("pieces of %d: %q, strays %q", piece, got, w.strays)
		}
	}
}

func TestMessageWriter_dropsAndCountsWhatIsTooLong(t *testing.T) {
	var got []string
	w := &messageWriter{max: 100, each: func(m Message) { got = append(got, m.Type) }}
	for range 50 {
		if _, err := w.Write([]byte(strings.Repeat("y", 99))); err != nil {
			t.Fatal(err)
		}
		if cap(w.buf) > 1000 {
			t.Fatalf("%d bytes are kept", cap(w.buf))
		}
	}
	if _, err := w.Write([]byte("\n{\"type\":\"after\"}\n")); err != nil {
		t.Fatal(err)
	}
	if w.dropped != 1 || len(got) != 1 || got[0] != "after" {
		t.Errorf("dropped %d, got %q", w.dropped, got)
	}
}
