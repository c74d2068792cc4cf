package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"testing"

	"lockstep/runbook/safe"
)

// A trip is what one writer did and was told.
type trip struct {
	acked   map[int64]string // rid of each acknowledged record
	blobs   []BlobRef        // of acknowledged records
	intents int              // acknowledged
	effects int              // that happened
	errs    []error
	said    io.Writer // where each acknowledgement and effect is told at once; may be nil
}

func (tr *trip) say(format string, args ...any) {
	if tr.said != nil {
		fmt.Fprintf(tr.said, format+"\n", args...)
	}
}

// travel opens a journal and does what a run does: a question, an answer, two
// effects. It stops at the first failure, as the engine does.
func travel(d disk, dir string) *trip {
	tr := &trip{acked: make(map[int64]string)}
	tr.travel(d, dir)
	return tr
}

func (tr *trip) travel(d disk, dir string) {
	o := options()
	o.Purpose = "run"
	j, err := open(d, dir, o)
	if err != nil {
		tr.errs = append(tr.errs, err)
		return
	}
	if tr.run(j) == nil {
		return
	}
	tr.put(j, draft("r-9", "", KindClose, CloseBody{Result: "failed"}))
	if err := j.Close(); err != nil {
		tr.errs = append(tr.errs, err)
	}
}

func (tr *trip) run(j *Journal) error {
	if _, err := tr.put(j, draft("r-9", "", KindOpen, OpenBody{Environment: "production", Mode: "live"})); err != nil {
		return err
	}
	asked, err := j.PutBlob("question", []byte(`{"title":"Apply?"}`))
	if err != nil {
		tr.errs = append(tr.errs, err)
		return err
	}
	if _, err := tr.put(j, draft("r-9", "apply", KindQuestion, QuestionBody{ID: "q1"}, asked)); err != nil {
		return err
	}
	if _, err := tr.put(j, draft("r-9", "apply", KindDecision, DecisionBody{Question: "q1", Choice: "apply"})); err != nil {
		return err
	}
	for n := range 2 {
		i, err := tr.put(j, draft("r-9", "apply", KindIntent, IntentBody{Effect: "irreversible", What: safe.Lit("apply")}))
		if err != nil {
			return err
		}
		tr.intents++
		tr.effects++ // here it happens
		tr.say("effect %d", i.Seq)
		body := OutcomeBody{Intent: i.Seq, Result: "ok"}
		var refs []BlobRef
		if ref, err := j.PutBlob("log", fmt.Appendf(nil, "log of effect %d", n)); err == nil {
			refs = append(refs, ref)
		} else {
			tr.errs = append(tr.errs, err)
			body.Facts = map[string]any{"blobs_lost": []string{"log"}}
		}
		if _, err := tr.put(j, draft("r-9", "apply", KindOutcome, body, refs...)); err != nil {
			return err
		}
	}
	if _, err := tr.put(j, draft("r-9", "", KindClose, CloseBody{Result: "done"})); err != nil {
		return err
	}
	if err := j.Close(); err != nil {
		tr.errs = append(tr.errs, err)
	}
	return nil
}

func (tr *trip) put(j *Journal, d Draft) (Record, error) {
	r, err := j.Append(d)
	if err != nil {
		tr.errs = append(tr.errs, err)
		return r, err
	}
	tr.acked[r.Seq] = r.RID
	tr.blobs = append(tr.blobs, r.Blobs...)
	tr.say("record %d %s", r.Seq, r.RID)
	return r, nil
}

// mustBeTold fails the test when an operation failed and nobody was told, or a
// file was touched after its sync failed.
func (tr *trip) mustBeTold(t *testing.T, where string, d *faultyDisk) {
	t.Helper()
	if len(d.kinds) > 0 && len(tr.errs) == 0 && !slices.Contains(silent, d.kinds[0]) {
		t.Fatalf("%s: nobody was told", where)
	}
	if len(d.rewritten) > 0 {
		t.Fatalf("%s: %v", where, d.rewritten)
	}
}

// mustBeThere opens the journal on a disk that works and looks for all that the
// writer was told is there.
func (tr *trip) mustBeThere(t *testing.T, where string, d disk, dir, boot string) {
	t.Helper()
	o := options()
	o.Purpose, o.Boot = "resume", boot
	j, err := open(d, dir, o)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	defer j.Close()
	raw, err := d.readFile(j.Path())
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	intents := 0
	_, _, err = readChain("", bytes.NewReader(raw), func(r Record) {
		if rid := tr.acked[r.Seq]; rid != "" && rid != r.RID {
			t.Fatalf("%s: record %d is another one", where, r.Seq)
		}
		if r.Kind == KindIntent && tr.acked[r.Seq] != "" {
			intents++
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	for seq := range tr.acked {
		if last, _ := j.Head(); seq > last {
			t.Fatalf("%s: record %d is lost", where, seq)
		}
	}
	if tr.effects > intents {
		t.Fatalf("%s: %d effects, %d intents", where, tr.effects, intents)
	}
	for _, ref := range tr.blobs {
		data, err := d.readFile(blobPath(dir, ref))
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != ref.SHA256 {
			t.Fatalf("%s: blob %q has %d bytes, %v", where, ref.Name, len(data), err)
		}
	}
}
