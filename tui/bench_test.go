package tui

import (
	"testing"

	"lockstep/runbook/engine"
)

// BenchmarkView measures a frame that has to be made anew, as after every key.
func BenchmarkView(b *testing.B) {
	d := newDesk(b, 200, 50)
	d.begin(engine.Live)
	d.upTo("pick")
	d.tell(engine.QuestionAsked{Question: commitQuestion()})
	b.ReportAllocs()
	for b.Loop() {
		d.m.dirty = true
		d.m.View()
	}
}
