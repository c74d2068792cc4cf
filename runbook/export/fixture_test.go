package export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// fixture is a journal that is kept with the tests, so that a report can be
// compared byte for byte, and so that a journal written by this version
// must stay readable. LOCKSTEP_UPDATE=1 writes the reports anew, and the
// journal too when it was removed before.
const fixture = "testdata/production"

func updating() bool { return os.Getenv("LOCKSTEP_UPDATE") == "1" }

func TestMain(m *testing.M) {
	for dir, write := range map[string]func(string) error{fixture: writeFixture, foretold: writeForetold, resumed: writeResumed} {
		if _, err := os.Stat(dir); os.IsNotExist(err) && updating() {
			if err := write(dir); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if updating() {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("%s, line %d:\n got %s\nwant %s", path, i+1, a[i], b[i])
			}
		}
		t.Fatalf("%s: %d lines, want %d", path, len(a), len(b))
	}
}

// A writer writes runs for a test and keeps the first error.
type writer struct {
	*journal.Journal
	run string
	err error
}

func (w *writer) rec(step string, k journal.Kind, body any, blobs ...journal.BlobRef) int64 {
	d := journal.Draft{
		Run: w.run, Step: step, Kind: k, Body: body, Blobs: blobs,
		Actor: journal.Actor{Name: "ana", Host: "ops1", UID: 1004},
	}
	if step != "" {
		d.Attempt = 1
	}
	r, err := w.Append(d)
	if w.err == nil {
		w.err = err
	}
	return r.Seq
}

func (w *writer) blob(name string, data []byte) journal.BlobRef {
	ref, err := w.PutBlob(name, data)
	if w.err == nil {
		w.err = err
	}
	return ref
}

func (w *writer) ask(step string, q engine.Question, d journal.DecisionBody, text string) {
	q.Step = step
	raw, err := json.Marshal(q)
	if w.err == nil {
		w.err = err
	}
	w.rec(step, journal.KindQuestion, journal.QuestionBody{ID: q.ID, Kind: string(q.Kind), Title: q.Title, Digest: q.Digest}, w.blob("question", raw))
	if d.Choice == "" {
		return
	}
	d.Question, d.Kind, d.Digest = q.ID, string(q.Kind), q.Digest
	var blobs []journal.BlobRef
	if text != "" {
		d.Text = safe.Lines(text)[0]
		blobs = append(blobs, w.blob("text", []byte(text)))
	}
	w.rec(step, journal.KindDecision, d, blobs...)
}

func (w *writer) step(id, position, kind, state, summary string) {
	w.rec(id, journal.KindStep, journal.StepBody{
		Position: position, Kind: kind, Name: safe.Show(strings.ReplaceAll(kind, "_", " ")), State: state, Summary: safe.Show(summary),
	})
}

// writeFixture writes two runs: one that ended well, and one that ended while an
// effect was under way. Texts from outside try to be markup and controls.
func writeFixture(dir string) error {
	now := time.Date(2026, 11, 22, 9, 15, 0, 0, time.UTC)
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/production", Boot: "b1", Now: func() time.Time {
		now = now.Add(1700 * time.Millisecond)
		return now
	}})
	if err != nil {
		return err
	}
	defer j.Close()
	w := &writer{Journal: j, run: "20261122-7f3a"}
	open := journal.OpenBody{
		Title: safe.Lit("Roll out the crates.io infrastructure"), Environment: "production", Mode: "live",
		Runbook: "runbooks/terraform-rollout.yaml", Digest: strings.Repeat("ab", 32), Lockstep: "v0.1.0",
	}
	w.rec("", journal.KindOpen, open)
	when := time.Date(2026, 11, 13, 10, 0, 0, 0, time.UTC)
	pin := engine.Candidate{Hash: strings.Repeat("3", 40), Short: "35e2041", When: when, Subject: safe.Lit("Pin")}
	next := engine.Candidate{
		Hash: strings.Repeat("8", 40), Short: "8d2be59", When: when, Author: safe.Show("ana | @ops"),
		Subject: safe.Show("Reduce TTL of <static> *records*\x1b[2J see https://example.org/`x`"),
	}
	hazard := engine.Candidate{
		Hash: strings.Repeat("4", 40), Short: "4b226e2", When: when, Author: safe.Lit("ben"),
		Subject: safe.Lit("Weighted records"), Hazards: []safe.Text{safe.Lit("re-creates the certificate")},
	}
	w.step("pick", "1", "pick_commit", "started", "")
	w.ask("pick", engine.Question{
		ID: "q1", Kind: engine.AskCommit, Title: safe.Lit("Which commit goes to production?"),
		Choices: []engine.Choice{
			{ID: "stop", Label: safe.Lit("stop here"), Consequence: safe.Lit("nothing has been changed"), Stops: true},
			{ID: "take", Label: safe.Lit("take this commit"), NeedsItem: true},
		},
		Payload: engine.Candidates{
			Environment: safe.Lit("production"), Branch: safe.Lit("main"), Pin: pin, Ahead: 15, Items: []engine.Candidate{next, hazard},
			After: safe.Lit("staging"), Notes: []safe.Text{safe.Lit("the pin file has blanks around the commit")},
		},
	}, journal.DecisionBody{Choice: "take", Item: next.Hash, Reason: safe.Show("the TTL must be low\r\nbefore the switch")}, "")
	w.step("pick", "1", "pick_commit", "ok", "8d2be59")
	w.step("review", "2", "review_diff", "started", "")
	w.ask("review", engine.Question{
		ID: "q2", Kind: engine.AskReview, Title: safe.Lit("Have you read it?"), Digest: "sha256:" + strings.Repeat("d", 64),
		Choices: []engine.Choice{{ID: "go", Label: safe.Lit("go on")}},
		Payload: engine.Review{From: pin, To: next, Files: []engine.ReviewFile{
			{Path: safe.Lit("modules/crates-io/dns.tf"), Status: engine.FileModified},
			{Path: safe.Show("modules/x|`y`.bin"), Status: engine.FileAdded, Unreviewable: safe.Lit("binary")},
		}, Hazards: []safe.Text{safe.Lit("1. re-creates everything")}},
	}, journal.DecisionBody{Choice: "go", Acknowledged: []string{"file modules/crates-io/dns.tf", "\u202ehazard 1"}}, "")
	w.step("review", "2", "review_diff", "ok", "2 files")
	w.step("apply", "3.2", "apply", "started", "")
	w.ask("apply", engine.Question{
		ID: "q3", Kind: engine.AskApply, Title: safe.Lit("Apply this change?"), Digest: "sha256:" + strings.Repeat("e", 64),
		Body:    []safe.Text{safe.Lit("Exactly this plan will be applied.")},
		Choices: []engine.Choice{{ID: "no", Label: safe.Lit("do not apply"), Stops: true}, {ID: "apply", Label: safe.Lit("apply"), Irreversible: true}},
		Payload: engine.PlanReview{
			Commit: next, Chosen: plan.Change{ID: "c1", Title: safe.Lit("dns_record.static")},
			Plan: plan.Plan{Digest: "sha256:" + strings.Repeat("e", 64), Resources: []plan.ResourceChange{
				{Address: safe.Show(`module.a["x y"].dns_record.static`), Action: plan.DeleteThenCreate, Reason: safe.Lit("the name cannot be changed in place")},
			}},
			Hazards: []plan.Hazard{{Code: "DARK", Address: safe.Lit("dns_record.static"), Text: safe.Lit("static.crates.io goes dark"), Accept: true}},
		},
	}, journal.DecisionBody{Choice: "apply", Acknowledged: []string{"DARK"}}, "")
	i := w.rec("apply", journal.KindIntent, journal.IntentBody{
		Effect: "irreversible", What: safe.Lit("terraform apply of dns_record.static"),
		Facts: map[string]any{"plan": "sha256:" + strings.Repeat("e", 64), "serial": 118, "argv": []string{"apply", "-input=false"}},
	})
	w.rec("apply", journal.KindOutcome, journal.OutcomeBody{
		Intent: i, Result: "ok", Detail: safe.Lit("1 resource replaced"), Facts: map[string]any{"serial": 119},
	}, w.blob("apply.jsonl", []byte("{}\n")))
	w.step("apply", "3.2", "apply", "ok", "1 change")
	w.step("verify", "3.3", "verify", "started", "")
	w.rec("verify", journal.KindEvidence, journal.EvidenceBody{
		What:  safe.Show("static: CNAME static.crates.io = \u009b2Jevil"),
		Facts: map[string]any{"asked": 60, "failed": 0, "share": 0.5, "empty": "", "raw": "\x1b]0;title\a", "nested": map[string]any{"b": 1, "a": nil}},
	})
	w.rec("verify", journal.KindRefusal, journal.RefusalBody{What: safe.Lit("accept the failed probe"), Why: safe.Lit("it is required")})
	w.step("verify", "3.3", "verify", "ok", "60 of 60")
	w.step("announce", "4", "announce", "started", "")
	w.ask("announce", engine.Question{
		ID: "q4", Kind: engine.AskAnnounce, Title: safe.Lit("Send this?"),
		Choices: []engine.Choice{{ID: "send", Label: safe.Lit("send")}},
		Payload: engine.Message{Text: "Deployed 8d2be59", Channels: []engine.MessageChannel{{Name: "ops", Kind: "file"}}},
	}, journal.DecisionBody{Choice: "send"}, "Deployed 8d2be59\n```\n# not a heading\x1b[31m\n````\n- done\n")
	w.step("announce", "4", "announce", "ok", "1 channel")
	w.rec("", journal.KindClose, journal.CloseBody{Result: "done", Commit: next.Hash, Summary: safe.Lit("One change was applied to production, and its pin is at 8d2be59.")})

	w.run = "20261123-90cc"
	open.Mode = "live"
	w.rec("", journal.KindOpen, open)
	w.step("apply", "3.2", "apply", "started", "")
	w.rec("apply", journal.KindIntent, journal.IntentBody{Effect: "irreversible", What: safe.Lit("terraform apply of certificate.static")})
	w.ask("apply", engine.Question{
		ID: "q1", Kind: engine.AskPostMortem, Title: safe.Lit("Terraform ended in a way nobody knows"),
		Choices: []engine.Choice{{ID: "stop", Label: safe.Lit("stop here"), Stops: true}},
		Payload: engine.Failure{
			What: safe.Lit("signal: killed"), Lines: safe.Lines("Error: killed\n  on main.tf line 3"),
			Rows: []engine.VerifyRow{{Probe: "static", Word: safe.Lit("NXDOMAIN"), Got: safe.Lit("no such name")}},
		},
	}, journal.DecisionBody{}, "")
	if w.err != nil {
		return w.err
	}
	return os.Remove(filepath.Join(dir, "holder.json")) // names the machine it was written on
}
