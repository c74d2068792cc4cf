package journal

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/safe"
)

// stopAt makes a journal whose second run ends after n of its records.
func stopAt(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(writeJournal(t), FileName)
	raw := lines(mustRead(t, path))
	var part []byte
	for _, l := range raw[:12+n] {
		part = append(part, l...)
	}
	mustWrite(t, path, part)
	return path
}

func TestRuns_saysHowEachEnded(t *testing.T) {
	for _, c := range []struct {
		name, result string
		records      int
		unknown      int
	}{
		{"closed", "done", 12, 0},
		{"open", ResultOpen, 11, 0},
		{"open after an outcome", ResultOpen, 7, 0},
		{"effect in flight", ResultUnknown, 6, 1},
	} {
		all, err := Read(stopAt(t, c.records))
		if err != nil {
			t.Fatal(err)
		}
		runs := Runs(all)
		if len(runs) != 2 {
			t.Fatalf("%s: %d runs", c.name, len(runs))
		}
		r := runs[1]
		if r.ID != "r-2" || r.Result != c.result || len(r.Unknown) != c.unknown || r.Records != c.records {
			t.Errorf("%s: %+v", c.name, r)
		}
		if r.Environment != "production" || r.Mode != "live" || r.Actor.Name != "ana" || !r.End.After(r.Start) {
			t.Errorf("%s: %+v", c.name, r)
		}
		_, verified := Verified(all, "bbbb")
		if verified != (c.result == "done") {
			t.Errorf("%s: verified %v", c.name, verified)
		}
	}
}

func TestRuns_outcomeThatIsUnknownStaysUnknown(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	mustAppend(t, j, draft("r", "", KindOpen, OpenBody{Mode: "live"}))
	i := mustAppend(t, j, draft("r", "apply", KindIntent, IntentBody{}))
	mustAppend(t, j, draft("r", "apply", KindOutcome, OutcomeBody{Intent: i.Seq, Result: ResultUnknown}))
	mustAppend(t, j, draft("r", "", KindClose, CloseBody{Result: "done", Commit: "cccc"}))
	all, err := Read(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	if r := Runs(all)[0]; r.Result != ResultUnknown || len(r.Unknown) != 1 {
		t.Errorf("%+v", r)
	}
	if _, ok := Verified(all, "cccc"); ok {
		t.Error("a run with an unknown effect counts as verified")
	}
	if v := mustVerify(t, j.Path()); v.Complete {
		t.Error("the verdict is complete")
	}
}

func TestVerified_wantsALiveRunOfThisCommit(t *testing.T) {
	all, err := Read(filepath.Join(writeJournal(t), FileName))
	if err != nil {
		t.Fatal(err)
	}
	at, ok := Verified(all, "bbbb")
	if !ok || !at.Equal(all[23].Time()) {
		t.Errorf("%v, %v", at, ok)
	}
	for _, commit := range []string{"aaaa", "", "b"} { // rehearsed, none, only a part
		if _, ok := Verified(all, commit); ok {
			t.Errorf("%q counts as verified", commit)
		}
	}
}

func TestVerify_saysFourThings(t *testing.T) {
	v := mustVerify(t, filepath.Join(writeJournal(t), FileName))
	want := []string{"intact: 24 records in one chain, 2 blobs", "unsigned", "not anchored", "complete"}
	for i, s := range v.Sentences() {
		if !strings.HasPrefix(s.String(), want[i]) {
			t.Errorf("sentence %d is %q", i+1, s)
		}
	}
	v = mustVerify(t, stopAt(t, 6))
	if s := v.Sentences()[3].String(); !strings.Contains(s, "1 effect of UNKNOWN outcome (record 18)") || !strings.Contains(s, "1 run not closed (r-2)") {
		t.Errorf("%q", s)
	}
}

func TestVerify_findsOutcomesOfNothing(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	mustAppend(t, j, draft("r", "", KindOpen, OpenBody{Mode: "live"}))
	mustAppend(t, j, draft("r", "apply", KindOutcome, OutcomeBody{Intent: 1, Result: "ok"}))
	i := mustAppend(t, j, draft("r", "apply", KindIntent, IntentBody{}))
	mustAppend(t, j, draft("other", "apply", KindOutcome, OutcomeBody{Intent: i.Seq, Result: "ok"}))
	v := mustVerify(t, j.Path())
	if len(v.Faults) != 2 || v.Faults[0].Line != 2 || v.Faults[1].Line != 4 {
		t.Errorf("%v", v.Faults)
	}
}

func TestVerify_reportsAClockThatWentBack(t *testing.T) {
	o := options()
	times := []time.Time{time.Unix(2000, 0), time.Unix(1000, 0)}
	i := 0
	o.Now = func() time.Time { return times[min(i, 1)] }
	j, err := Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	mustAppend(t, j, Draft{Kind: KindEvidence, Body: EvidenceBody{What: safe.Lit("a")}})
	i = 1
	mustAppend(t, j, Draft{Kind: KindEvidence, Body: EvidenceBody{What: safe.Lit("b")}})
	v := mustVerify(t, j.Path())
	if !v.Intact || len(v.Notes) != 1 || !strings.Contains(v.Notes[0].What.String(), "the clock went back by 16m40s") {
		t.Errorf("%+v", v)
	}
}

func TestStateDir_isOnePerRepositoryAndEnvironment(t *testing.T) {
	root, base := t.TempDir(), t.TempDir()
	seen := map[string]string{}
	for _, repo := range []string{base + "/a/infra", base + "/b/infra", base + "/In fra"} {
		for _, env := range []string{"production", "Production", "prod uction", "..", "-"} {
			dir := StateDir(root, repo, env)
			if other, twice := seen[dir]; twice {
				t.Errorf("%s and %s share %s", repo+" "+env, other, dir)
			}
			seen[dir] = repo + " " + env
			if rel, err := filepath.Rel(root, dir); err != nil || strings.Contains(rel, "..") || strings.Count(rel, "/") != 1 {
				t.Errorf("%s %s is in %s", repo, env, dir)
			}
		}
	}
	if StateDir(root, base+"/a/../a/infra/", "production") != StateDir(root, base+"/a/infra", "production") {
		t.Error("two spellings of a path have two folders")
	}
	t.Setenv("XDG_STATE_HOME", "/x/state")
	if got, err := DefaultRoot(); err != nil || got != "/x/state/lockstep" {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", "/home/ana")
	if got, err := DefaultRoot(); err != nil || got != "/home/ana/.local/state/lockstep" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRuns_repeatSettlesWithoutFailure(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	mustAppend(t, j, draft("r", "", KindOpen, OpenBody{Mode: "live"}))
	for _, b := range []OutcomeBody{
		{Result: ResultRepeat, Facts: map[string]any{"recovered": true}},
		{Result: "ok", Facts: map[string]any{"recovered": true}},
		{Result: "ok", Facts: map[string]any{"recovered": false}},
		{Result: "failed"},
	} {
		b.Intent = mustAppend(t, j, draft("r", "announce", KindIntent, IntentBody{})).Seq
		mustAppend(t, j, draft("r", "announce", KindOutcome, b))
	}
	mustAppend(t, j, draft("r", "", KindResume, ResumeBody{After: 9}))
	mustAppend(t, j, draft("r", "", KindClose, CloseBody{Result: "done"}))
	all, err := Read(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	r := Runs(all)[0]
	if r.Effects != 4 || r.Failed != 1 || len(r.Unknown) != 0 || r.Recovered != 2 || r.Resumes != 1 || r.Result != "done" {
		t.Errorf("%+v", r)
	}
	if v := mustVerify(t, j.Path()); !v.Complete {
		t.Errorf("%+v", v)
	}
}

func TestRuns_saysWhatTheRunWaitsFor(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	waits := func(want string) {
		t.Helper()
		all, err := Read(j.Path())
		if err != nil {
			t.Fatal(err)
		}
		r := Runs(all)[0]
		got := ""
		if r.Waiting != nil {
			got = r.Waiting.ID
		}
		if got != want {
			t.Errorf("waits for %q, not %q", got, want)
		}
		if r.Waiting != nil && !r.WaitingSince.Equal(all[len(all)-1].Time()) || r.Waiting == nil && !r.WaitingSince.IsZero() {
			t.Errorf("since %v", r.WaitingSince)
		}
	}
	ask := func(id string) { mustAppend(t, j, draft("r", "apply", KindQuestion, QuestionBody{ID: id})) }
	mustAppend(t, j, draft("r", "", KindOpen, OpenBody{Mode: "live"}))
	waits("")
	ask("q1")
	waits("q1")
	mustAppend(t, j, draft("r", "apply", KindDecision, DecisionBody{Question: "q1", Choice: "go"}))
	waits("")
	ask("q2")
	mustAppend(t, j, draft("r", "apply", KindRefusal, RefusalBody{What: Withdrawn("q2")}))
	waits("")
	ask("q3")
	mustAppend(t, j, draft("r", "", KindResume, ResumeBody{}))
	waits("")
	ask("q3")
	waits("q3")
	mustAppend(t, j, draft("r", "", KindClose, CloseBody{Result: "stopped"}))
	waits("")
}

func TestVerify_notesAResumeAfterTheEnd(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	mustAppend(t, j, draft("r", "", KindOpen, OpenBody{Mode: "live"}))
	mustAppend(t, j, draft("r", "", KindResume, ResumeBody{}))
	mustAppend(t, j, draft("r", "", KindClose, CloseBody{Result: "done"}))
	mustAppend(t, j, draft("r", "", KindResume, ResumeBody{}))
	v := mustVerify(t, j.Path())
	if !v.Intact || len(v.Notes) != 1 || v.Notes[0].Line != 4 {
		t.Errorf("%+v", v)
	}
}
