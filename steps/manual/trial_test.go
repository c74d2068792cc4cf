package manual

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// trial is a run of one step with the real engine and the real journal.
type trial struct {
	t       *testing.T
	mode    engine.Mode
	step    runbook.Step
	kit     engine.Kit
	folder  string
	answers func(c engine.Console, q engine.Question)
	cancel  func(stop func())

	events []engine.Envelope
	asked  []engine.Question
	result engine.Result
	err    error
	dir    string
}

func (tr *trial) run() *trial {
	tr.t.Helper()
	tr.dir = tr.t.TempDir()
	j, err := journal.Open(tr.dir, journal.Options{Log: "lockstep/test"})
	if err != nil {
		tr.t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	if tr.mode == "" {
		tr.mode = engine.Live
	}
	tr.step.ID, tr.step.Position = "s", "1"
	e, err := engine.New(engine.Config{
		Run: "r1", Mode: tr.mode, Environment: "e", Kit: tr.kit, Journal: j, Folder: tr.folder,
		Runbook: &runbook.Runbook{Environments: map[string]*runbook.Environment{"e": {Name: "e"}}, Steps: []runbook.Step{tr.step}},
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	events, unsubscribe := e.Subscribe()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			tr.events = append(tr.events, ev)
			if q, ok := ev.Event.(engine.QuestionAsked); ok {
				tr.asked = append(tr.asked, q.Question)
				if tr.answers == nil {
					tr.t.Errorf("asked %q", q.Question.Title)
					e.Interrupt(engine.CancelNow)
					continue
				}
				tr.answers(e, q.Question)
			}
		}
	})
	ctx, stop := context.WithCancel(tr.t.Context())
	if tr.cancel != nil {
		go tr.cancel(stop)
	}
	tr.result, tr.err = e.Run(ctx)
	stop()
	wg.Wait()
	unsubscribe()
	return tr
}

// bodies returns the bodies of all records of a kind, and the blobs with them.
func (tr *trial) bodies(kind journal.Kind) (bodies []map[string]any, blobs []string) {
	tr.t.Helper()
	raw, err := os.ReadFile(filepath.Join(tr.dir, journal.FileName))
	if err != nil {
		tr.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var r journal.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			tr.t.Fatal(err)
		}
		if r.Kind != kind {
			continue
		}
		var b map[string]any
		if err := json.Unmarshal(r.Body, &b); err != nil {
			tr.t.Fatal(err)
		}
		bodies = append(bodies, b)
		for _, ref := range r.Blobs {
			data, err := journal.ReadBlob(tr.dir, ref)
			if err != nil {
				tr.t.Fatal(err)
			}
			blobs = append(blobs, string(data))
		}
	}
	return bodies, blobs
}

// choose answers every question with the choice for its kind.
func choose(t *testing.T, choices map[engine.QuestionKind]string) func(engine.Console, engine.Question) {
	return func(c engine.Console, q engine.Question) {
		if err := c.Answer(engine.Answer{Question: q.ID, Choice: choices[q.Kind], Reason: "because"}); err != nil {
			t.Errorf("%s %q: %v", q.Kind, choices[q.Kind], err)
			c.Interrupt(engine.CancelNow)
		}
	}
}

func (tr *trial) finished() engine.StepFinished {
	for _, e := range tr.events {
		if f, ok := e.Event.(engine.StepFinished); ok {
			return f
		}
	}
	return engine.StepFinished{}
}
