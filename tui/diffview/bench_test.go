package diffview

import (
	"fmt"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// long returns a pane on one file with a number of lines, in one hunk.
func long(n int) *View {
	h := engine.Hunk{OldStart: 1, NewStart: 1, OldLines: n, NewLines: n}
	for i := range n {
		h.Lines = append(h.Lines, engine.DiffLine{Op: " +-"[i%3], Text: safe.Sprintf(`  name_%d = "value %d" # the same`, i, i)})
	}
	r := engine.Review{Files: []engine.ReviewFile{{Path: safe.Lit("a/main.tf"), Status: engine.FileModified}}}
	v := New(look.New(true), engine.Question{ID: "q", Payload: r}, fetcher(r, map[string]engine.FileDiff{"a/main.tf": {Hunks: []engine.Hunk{h}}}))
	v.SetSize(120, 40)
	drive(v, v.Init())
	return v
}

func BenchmarkScroll(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := long(n)
			down := true
			b.ReportAllocs()
			for b.Loop() {
				k := "j"
				if !down {
					k = "k"
				}
				v.Update(key(k)) // colours are made elsewhere
				if f := v.file(); f.stack.AtEnd() || f.stack.Top() == 0 {
					down = f.stack.Top() == 0
				}
				v.View()
			}
		})
	}
}

func BenchmarkView_unchanged(b *testing.B) {
	v := long(100_000)
	for b.Loop() {
		v.View()
	}
}
