package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lockstep/runbook/safe"
)

// clock is a clock that a test moves by itself: 1.5 s a look.
func clock() func() time.Time {
	t := time.Date(2026, 11, 22, 9, 15, 0, 0, time.UTC)
	return func() time.Time {
		t = t.Add(1500 * time.Millisecond)
		return t
	}
}

func options() Options {
	return Options{Log: "lockstep/production", Now: clock(), Boot: "b1"}
}

// mustOpen opens a journal that is closed at the end of the test at the latest.
func mustOpen(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func mustAppend(t testing.TB, j *Journal, d Draft) Record {
	t.Helper()
	r, err := j.Append(d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ana() Actor { return Actor{Name: "ana", Host: "ops1", UID: 1004} }

func draft(run, step string, k Kind, body any, blobs ...BlobRef) Draft {
	attempt := 0
	if step != "" {
		attempt = 1
	}
	return Draft{Run: run, Step: step, Attempt: attempt, Kind: k, Actor: ana(), Body: body, Blobs: blobs}
}

// writeRun appends twelve records: a run with a question, two effects and a
// close.
func writeRun(t testing.TB, j *Journal, run, mode, commit string) {
	t.Helper()
	blob, err := j.PutBlob("question", []byte(`{"title":"Which commit?","run":"`+run+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	step := func(id, state string) StepBody {
		return StepBody{Position: "1", Kind: id, Name: safe.Show(id), State: state}
	}
	mustAppend(t, j, draft(run, "", KindOpen, OpenBody{Title: safe.Lit("Roll out <crates.io> & more"), Environment: "production", Mode: mode, Runbook: "deploy.yaml", Digest: "00ff", Lockstep: "devel"}))
	mustAppend(t, j, draft(run, "pick", KindStep, step("pick_commit", "started")))
	mustAppend(t, j, draft(run, "pick", KindQuestion, QuestionBody{ID: "q1", Kind: "pick_commit", Title: safe.Lit("Which commit?")}, blob))
	mustAppend(t, j, draft(run, "pick", KindDecision, DecisionBody{Question: "q1", Kind: "pick_commit", Choice: "take", Item: commit, Reason: safe.Show("größer\u202e")}))
	mustAppend(t, j, draft(run, "pick", KindStep, step("pick_commit", "ok")))
	for _, what := range []string{"apply", "announce"} {
		i := mustAppend(t, j, draft(run, what, KindIntent, IntentBody{Effect: "irreversible", What: safe.Show(what), Facts: map[string]any{"serial": int64(1) << 60, "b": []string{"x"}, "a": 0.25}}))
		mustAppend(t, j, draft(run, what, KindOutcome, OutcomeBody{Intent: i.Seq, Result: "ok", Facts: map[string]any{"exit": 0}}))
	}
	mustAppend(t, j, draft(run, "verify", KindEvidence, EvidenceBody{What: safe.Lit("static passes"), Facts: nil}))
	mustAppend(t, j, draft(run, "verify", KindRefusal, RefusalBody{What: safe.Lit("apply"), Why: safe.Lit("stale")}))
	mustAppend(t, j, draft(run, "", KindClose, CloseBody{Result: "done", Commit: commit, Summary: safe.Lit("1 change")}))
}

// writeJournal makes a closed journal of two runs and 24 records and returns
// its folder.
func writeJournal(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "production")
	j := mustOpen(t, dir)
	writeRun(t, j, "r-1", "rehearsal", "aaaa")
	writeRun(t, j, "r-2", "live", "bbbb")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustWrite(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustVerify(t testing.TB, path string) Verdict {
	t.Helper()
	v, err := Verify(path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// evidence is a draft with little in it.
func evidence(n int) Draft {
	return draft("r-1", "verify", KindEvidence, EvidenceBody{What: safe.Show(fmt.Sprintf("measurement %d", n))})
}
