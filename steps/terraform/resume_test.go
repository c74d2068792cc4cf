package terraform

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/keep"
)

// A travel is a run of the real engine with a real journal that several processes
// go through, one after the other.
type travel struct {
	p       *project
	journal string // folder
	work    string
	asked   []string // kind and verdict, over all processes
	say     func(q engine.Question) engine.Answer
}

// mortal is a journal whose process dies before an outcome is in it.
type mortal struct{ *journal.Journal }

func (m mortal) Append(d journal.Draft) (journal.Record, error) {
	if d.Kind == journal.KindOutcome {
		return journal.Record{}, errors.New("the process died")
	}
	return m.Journal.Append(d)
}

func (tr *travel) records() []journal.Record {
	tr.p.t.Helper()
	records, err := journal.Read(filepath.Join(tr.journal, journal.FileName))
	if err != nil {
		tr.p.t.Fatal(err)
	}
	return records
}

// process runs until the end, or until its death.
func (tr *travel) process(dies bool) (engine.Result, error) {
	t := tr.p.t
	t.Helper()
	j, err := journal.Open(tr.journal, journal.Options{Log: "lockstep/production"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	cfg := tr.p.config(New(tr.p.deps()), "c2", j, tr.work, oneByOne())
	if dies {
		cfg.Journal = mortal{j}
	}
	if records := tr.records(); slices.ContainsFunc(records, func(r journal.Record) bool { return r.Run == "run-1" }) {
		cfg.Past, err = engine.ReadPast(records, "run-1", func(ref journal.BlobRef) ([]byte, error) { return journal.ReadBlob(tr.journal, ref) })
		if err != nil {
			t.Fatal(err)
		}
	}
	e := mustEngine(t, cfg)
	return toTheEnd(t, e, asked(func(q engine.Question) { tr.answer(e, q) }))
}

func (tr *travel) answer(e *engine.Engine, q engine.Question) {
	key := string(q.Kind)
	if s, ok := q.Payload.(engine.Settlement); ok {
		key += " " + s.Verdict
	}
	tr.asked = append(tr.asked, key)
	a := engine.Answer{Choice: q.Choices[0].ID}
	switch q.Kind {
	case engine.AskChange:
		a = recommended(q)
	case engine.AskApply:
		a = yes(q)
	case engine.AskNext:
		a.Choice = "continue"
	default:
		if tr.say != nil {
			a = tr.say(q)
		}
	}
	a.Question, a.Digest = q.ID, q.Digest
	if err := e.Answer(a); err != nil {
		tr.p.t.Errorf("%s: %v", key, err)
		e.Interrupt(engine.CancelNow)
	}
}

// outcomes lists the results of all effects of applies, in order.
func (tr *travel) outcomes() []string {
	var out []string
	for _, r := range tr.records() {
		var b journal.OutcomeBody
		if r.Kind != journal.KindOutcome {
			continue
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			tr.p.t.Fatal(err)
		}
		word := b.Result
		if b.Facts["recovered"] == true {
			word += " " + b.Facts["verdict"].(string)
		}
		out = append(out, word)
	}
	return out
}

func TestResume_appliedOnceWhenTheOutcomeWasNotWritten(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", "")+"\nresource \"terraform_data\" \"b\" {}\n")
	writeFile(t, log+".go", "")
	tr := &travel{p: p, journal: t.TempDir(), work: filepath.Join(t.TempDir(), "work")}
	if result, err := tr.process(true); result != engine.Unknown {
		t.Fatal(result, err)
	}
	if result, err := tr.process(false); result != engine.OK || err != nil {
		t.Fatal(result, err)
	}
	if got := p.resources(); !slices.Equal(got, []string{"a", "b", "base"}) || effects(t, log+".a") != 1 {
		t.Errorf("state %q, %d effects", got, effects(t, log+".a"))
	}
	if got, want := tr.outcomes(), []string{"ok recovered-rc", "ok"}; !slices.Equal(got, want) {
		t.Errorf("outcomes %q, want %q; asked %q", got, want, tr.asked)
	}
	if exists(tr.work) {
		t.Error("the work folder is left")
	}
}

func TestResume_strandedLockAndAStateThatDidNotMove(t *testing.T) {
	t.Parallel()
	p, hub, log := remoteProject(t, slow("a", ""))
	tr := &travel{p: p, journal: t.TempDir(), work: filepath.Join(t.TempDir(), "work")}
	var killed sync.WaitGroup
	killed.Go(func() {
		await(t, log+".a")
		kept, err := filepath.Glob(filepath.Join(tr.work, "kept", "apply-*"))
		if err != nil || len(kept) != 1 {
			t.Errorf("kept %q %v", kept, err)
			return
		}
		if err := keep.Signal(kept[0], syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
	if result, err := tr.process(false); result != engine.Unknown {
		t.Fatal(result, err)
	}
	killed.Wait()
	if effects(t, log+".a") != 1 || hub.held() == "" {
		t.Fatalf("%d effects, lock %q", effects(t, log+".a"), hub.held())
	}
	// Nothing is done as long as nobody says so.
	if result, err := tr.process(false); result != engine.Unknown || effects(t, log+".a") != 1 || hub.held() == "" {
		t.Fatal(result, err)
	}
	writeFile(t, log+".go", "")
	tr.say = func(q engine.Question) engine.Answer {
		s, ok := q.Payload.(engine.Settlement)
		switch {
		case ok && s.Verdict == "stranded-lock":
			return engine.Answer{Choice: "unlock", Typed: hub.held()}
		case ok && s.Verdict == "unknown-state-did-not-move":
			return engine.Answer{Choice: "again", Typed: "production", Reason: "the service does not have it"}
		}
		return engine.Answer{Choice: q.Choices[0].ID}
	}
	if result, err := tr.process(false); result != engine.OK || err != nil {
		t.Fatalf("%v %v\nasked %q", result, err, tr.asked)
	}
	if effects(t, log+".a") != 2 || hub.held() != "" {
		t.Errorf("%d effects, lock %q", effects(t, log+".a"), hub.held())
	}
	if got, want := tr.outcomes(), []string{"ok", "failed unknown-state-did-not-move", "ok"}; !slices.Equal(got, want) {
		t.Errorf("outcomes %q, want %q", got, want)
	}
	settles := slices.DeleteFunc(slices.Clone(tr.asked), func(s string) bool { return !strings.HasPrefix(s, "settle") })
	// The first time in the process that saw it die.
	if want := []string{"settle stranded-lock", "settle stranded-lock", "settle stranded-lock", "settle unknown-state-did-not-move"}; !slices.Equal(settles, want) {
		t.Errorf("asked %q", settles)
	}
}
