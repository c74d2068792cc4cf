package export

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// resumed is a journal of two epochs with a run that went on after its process
// died, with two operators.
const resumed = "testdata/resumed"

func writeResumed(dir string) error {
	now := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	opts := journal.Options{
		Log: "lockstep/production", Boot: "b1", Purpose: "run", Actor: journal.Actor{Name: "ana", Host: "ops1", UID: 1004},
		Now: func() time.Time {
			now = now.Add(1300 * time.Millisecond)
			return now
		},
	}
	j, err := journal.Open(dir, opts)
	if err != nil {
		return err
	}
	w := &writer{Journal: j, run: "20261129-0b11"}
	w.rec("", journal.KindOpen, journal.OpenBody{
		Title: safe.Lit("Roll out the crates.io infrastructure"), Environment: "production", Mode: "live", Runbook: "deploy.yaml", Digest: strings.Repeat("cd", 32), Lockstep: "v0.3.0",
	})
	w.rec("", journal.KindSeat, journal.SeatBody{Move: "attached", Seat: "s1", Where: safe.Lit("pts/3, process 812"), Holds: true, There: 1})
	w.step("apply", "4.2", "apply", "started", "")
	w.rec("apply", journal.KindBind, journal.BindBody{What: safe.Show("plan of <c1>"), Things: map[string]any{"commit": "8d2be59", "serial": 118, "env AWS_PROFILE": "hmac:1a2b3c4d"}})
	i := w.rec("apply", journal.KindIntent, journal.IntentBody{Effect: "irreversible", What: safe.Lit("terraform apply of dns_record.static")})
	w.rec("", journal.KindDecision, journal.DecisionBody{Kind: "interrupt", Choice: "cancel"})
	w.rec("apply", journal.KindDecision, journal.DecisionBody{Kind: "force", Choice: "second interrupt", Reason: safe.Lit(`typed "interrupt again"`)})
	a := w.rec("announce", journal.KindIntent, journal.IntentBody{Effect: "repeatable", What: safe.Lit("announce to ops")})
	w.rec("", journal.KindSeat, journal.SeatBody{Move: "left", Seat: "s1", Where: safe.Lit("pts/3, process 812")})
	if err := j.Close(); err != nil {
		return err
	}
	opts.Purpose, opts.Boot = "resume", "b2"
	if j, err = journal.Open(dir, opts); err != nil {
		return err
	}
	defer j.Close()
	w.Journal = j
	last, _ := j.Head()
	w.rec("", journal.KindResume, journal.ResumeBody{After: last - 1, Unsettled: []int64{i, a}, Why: safe.Lit("the machine was booted since")})
	w.rec("", journal.KindSeat, journal.SeatBody{Move: "took", Seat: "s2", Where: safe.Lit("pts/1, process 90"), Holds: true, From: "ana", Reason: safe.Show("ana is \x1b[2J asleep"), There: 2})
	w.rec("apply", journal.KindOutcome, journal.OutcomeBody{Intent: i, Result: "ok", Detail: safe.Lit("1 resource replaced"), Facts: map[string]any{
		"recovered": true, "blobs_lost": []string{"apply.jsonl"}, "serial": 119,
	}})
	w.rec("announce", journal.KindOutcome, journal.OutcomeBody{Intent: a, Result: journal.ResultRepeat})
	w.ask("apply", engine.Question{
		ID: "q1", Kind: engine.AskPostMortem, Title: safe.Lit("Go on?"), Choices: []engine.Choice{{ID: "stop", Label: safe.Lit("stop here"), Stops: true}},
	}, journal.DecisionBody{}, "")
	if w.err != nil {
		return w.err
	}
	return os.Remove(filepath.Join(dir, "holder.json"))
}

func TestExports_tellWhoWasThereAndHowItWentOn(t *testing.T) {
	md := markdownOf(t, resumed, "")
	golden(t, "resumed.md", md)
	golden(t, "resumed.txt", showOf(t, resumed, "", 80))
	golden(t, "resumed.json", jsonOf(t, resumed, ""))
	for _, want := range []string{
		"Held by", "epoch 2", "**Resumed** 2026", "2 effects without an outcome then (record", "took the answers from ana", "nobody is there then",
		"The approval holds for:", "**Forced:** second interrupt", "**Interrupted:** cancel what is under way, by", "its end was not seen and was found out after 11.7s", "which is lost: apply.jsonl", "allowed to happen once more",
		"Waits for an answer", "locked 2 times",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}
