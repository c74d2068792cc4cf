package runbook

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// many writes a format n times, with the number of each.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// Documents that are read quickly and could be looked at slowly: whatever is done
// for each step must not look at all probes.
func semanticBombs() map[string]string {
	tail := "environments: { e: { pin: { file: f } } }\n"
	head := "lockstep: 1\ntitle: t\n"
	return map[string]string{
		"steps of a kind":    head + tail + "steps: [{pick_commit: }," + many(5000, "{plan: },") + "]",
		"probes and steps":   head + tail + "probes: {" + many(2000, "name-of-a-probe-#: {no_changes: },") + "}\nsteps: [" + many(1000, "{wait: {for: 1s, watch: [name-of-a-prabe-#]}},") + "]",
		"probes in one step": head + tail + "probes: {" + many(3000, "p#: {no_changes: },") + "}\nsteps: [{verify: {probes: [" + many(3000, "p#,") + "]}}]",
		"environments":       head + "environments: {" + many(1800, "e#: {pin: {file: f}, after: e#x},") + "}\nsteps: [{pick_commit: }]",
		"a long circle":      head + "environments: {" + many(1800, "e#: {pin: {file: f}, after: e#0},") + "}\nsteps: [{pick_commit: }]",
		"the same id":        head + tail + "steps: [{pick_commit: }," + many(2500, "{plan: , id: a},") + "]",
		"rounds":             head + tail + "steps: [{pick_commit: }," + strings.Repeat("{each_change: [{plan: },{apply: },", 14) + strings.Repeat("]},", 14) + "]",
		"unknown keys":       head + tail + "steps: [" + many(5000, "{pick_commit#: },") + "]",
		"brackets in a text": head + tail + "channels: {c: {stdout: }}\nsteps: [" + many(3, "{announce: {to: [c], text: \"{{"+strings.Repeat("(", 16000)+"\"}},") + "]",
		"long names":         head + tail + "probes: {" + many(500, "p#: {dns: {name: "+strings.Repeat("x", 1900)+"}},") + "}\nsteps: [{pick_commit: }]",
	}
}

func TestParse_takesLittleMemoryForWhateverItIsGiven(t *testing.T) {
	for name, bomb := range semanticBombs() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := Parse("b.yaml", []byte(bomb))
			runtime.ReadMemStats(&after)
			if err != nil && strings.Contains(err.Error(), "not YAML") || err != nil && strings.Contains(err.Error(), "lines and items") {
				t.Fatalf("the document does not reach the checks: %.300v", err)
			}
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes took %d KiB", len(bomb), took>>10)
			if took > 64<<20 {
				t.Errorf("took %d MiB", took>>20)
			}
		})
	}
}

func BenchmarkParse_bombs(b *testing.B) {
	for name, bomb := range semanticBombs() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse("b.yaml", []byte(bomb))
			}
		})
	}
}
