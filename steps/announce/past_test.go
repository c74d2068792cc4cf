package announce

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

func TestReadPast_saysWhatReachedWhom(t *testing.T) {
	h := newHook(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.WriteHeader(500)
		}
	})
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, h.URL), "log": {File: "log.txt"}, "mute": {Slack: "${NOT_SET_OPS}"}}, to: []string{"ops", "log", "mute"}}
	tr.run()
	records, err := journal.Read(filepath.Join(tr.dir, journal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	id := identity("r1", "tell", 0)
	p := ReadPast(records)
	for channel, want := range map[string]bool{"ops": true, "log": true, "mute": false, "other": false} {
		if p.Attempted(id, channel) != want {
			t.Errorf("%s may have it: %t", channel, !want)
		}
	}
	if sum, ok := p.Arrived(id, "log"); !ok || sum != digest("hello") {
		t.Errorf("log has %q", sum)
	}
	if _, ok := p.Arrived(id, "ops"); ok {
		t.Error("ops refused it")
	}
	if p.Attempted(identity("r2", "tell", 0), "log") {
		t.Error("another run's")
	}
	// The process dies before each of the outcomes: then it may have arrived.
	for i, r := range records {
		if r.Kind != journal.KindOutcome {
			continue
		}
		cut := ReadPast(records[:i])
		if a := records[i-1]; a.Kind != journal.KindIntent || !strings.Contains(string(a.Body), id) {
			t.Fatalf("record %d is a %s", i-1, a.Kind)
		}
		name := []string{"ops", "log", "mute"}[strings.Count(kinds(records[:i]), string(journal.KindOutcome))]
		if _, ok := cut.Arrived(id, name); ok || !cut.Attempted(id, name) {
			t.Errorf("%s without its outcome: arrived %t", name, ok)
		}
	}
}

func kinds(records []journal.Record) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString(string(r.Kind) + " ")
	}
	return b.String()
}

// The next process sends what may not have arrived, marked, and nothing to those
// who are known to have it.
func TestAnnounce_nextProcessRepeatsOnlyWhatMayBeMissing(t *testing.T) {
	h := newHook(t, nil)
	id := identity("r1", "tell", 0)
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, h.URL), "log": {File: "log.txt"}, "out": {Stdout: &runbook.Stdout{}}}, to: []string{"ops", "log", "out"}}
	tr.deps.Attempted = func(_, channel string) bool { return channel != "out" }
	tr.deps.Arrived = func(asked, channel string) (string, bool) {
		return digest("hello"), asked == id && channel == "log"
	}
	tr.run()
	if tr.sent() != "ops ok, log ok, out ok" || tr.effects() != 2 {
		t.Errorf("%s, %d effects", tr.sent(), tr.effects())
	}
	if _, err := os.Stat(filepath.Join(tr.folder, "log.txt")); err == nil {
		t.Error("log has it twice")
	}
	if text := h.bodies[0]["text"].(string); !strings.Contains(text, "(repeat)") || strings.Contains(tr.stdout.String(), "(repeat)") {
		t.Errorf("ops got %q, out %q", text, tr.stdout.String())
	}
}

func TestReconcile_announcementIsRepeated(t *testing.T) {
	s, err := Kit(Deps{})[runbook.KindAnnounce](runbook.Step{ID: "tell", Announce: &runbook.Announce{Text: "hello", To: []string{"ops"}}})
	if err != nil {
		t.Fatal(err)
	}
	u := engine.Unsettled{Facts: map[string]any{"id": "a1", "channel": "ops"}}
	f, err := s.(engine.Reconciler).Reconcile(t.Context(), nil, u)
	if err != nil || !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result == engine.OK || !strings.Contains(f.Found.String(), "a1 may have reached ops") {
		t.Errorf("%+v %v", f, err)
	}
	u.Outcome = &journal.OutcomeBody{Result: "ok"}
	if f, err = s.(engine.Reconciler).Reconcile(t.Context(), nil, u); err != nil || f.Then != engine.ThenAgain || f.Ending.Result != engine.OK {
		t.Errorf("%+v %v", f, err)
	}
}
