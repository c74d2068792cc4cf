package engine

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/journal"
)

// memory is a journal in memory. It fails from the record number failAt on.
type memory struct {
	mu      sync.Mutex
	records []journal.Record
	failAt  int
}

func (m *memory) Append(d journal.Draft) (journal.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failAt > 0 && len(m.records)+1 >= m.failAt {
		return journal.Record{}, errors.New("no space left on device")
	}
	body, err := json.Marshal(d.Body)
	if err != nil {
		return journal.Record{}, err
	}
	r := journal.Record{Seq: int64(len(m.records) + 1), Run: d.Run, Step: d.Step, Attempt: d.Attempt, Kind: d.Kind, Actor: d.Actor, Body: body, Blobs: d.Blobs}
	m.records = append(m.records, r)
	return r, nil
}

func (m *memory) PutBlob(name string, data []byte) (journal.BlobRef, error) {
	return journal.BlobRef{Name: name, Size: int64(len(data))}, nil
}
func (m *memory) Path() string          { return "memory" }
func (m *memory) Head() (int64, string) { return int64(len(m.records)), "" }

// kinds lists the records as "step kind", for comparing sequences.
func (m *memory) kinds() []string {
	var out []string
	for _, r := range m.records {
		out = append(out, strings.TrimSpace(r.Step+" "+string(r.Kind)))
	}
	return out
}

func (m *memory) count(k journal.Kind) int {
	n := 0
	for _, r := range m.records {
		if r.Kind == k {
			n++
		}
	}
	return n
}

// does is a step made of a function.
type does func(ctx context.Context, op Operator) (Report, error)

func (f does) Run(ctx context.Context, op Operator) (Report, error) { return f(ctx, op) }

func confirm(id string) runbook.Step {
	return runbook.Step{ID: id, Position: id, Confirm: &runbook.Confirm{Question: "?"}}
}

// harness runs steps, given by id, with answers given by question kind.
type harness struct {
	t       *testing.T
	journal *memory
	mode    Mode
	steps   []runbook.Step
	do      map[string]does
	answer  func(c Console, q Question)
	probers []Prober
	events  []Envelope
	engine  *Engine
}

func (h *harness) run(ctx context.Context) (Result, error) {
	h.t.Helper()
	if h.journal == nil {
		h.journal = &memory{}
	}
	build := func(s runbook.Step) (Step, error) { return h.do[s.ID], nil }
	e, err := New(Config{
		Run: "r1", Mode: h.mode, Environment: "production", Journal: h.journal, Probers: h.probers, WorkDir: filepath.Join(h.t.TempDir(), "work"),
		Runbook: &runbook.Runbook{Steps: h.steps, Environments: map[string]*runbook.Environment{"production": {Name: "production"}}},
		Kit:     Kit{runbook.KindConfirm: build, runbook.KindPlan: build, runbook.KindApply: build},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.engine = e
	events, cancel := e.Subscribe()
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			h.events = append(h.events, ev)
			if q, ok := ev.Event.(QuestionAsked); ok && h.answer != nil {
				h.answer(e, q.Question)
			}
		}
	})
	result, err := e.Run(ctx)
	wg.Wait()
	return result, err
}

func choose(t *testing.T, choices map[QuestionKind]string) func(Console, Question) {
	return func(c Console, q Question) {
		if err := c.Answer(Answer{Question: q.ID, Choice: choices[q.Kind], Digest: q.Digest, Reason: "because"}); err != nil {
			t.Errorf("%s: %v", q.Kind, err)
		}
	}
}

// decided returns the kind and the choice of every decision.
func (m *memory) decided(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, r := range m.records {
		var b journal.DecisionBody
		if r.Kind != journal.KindDecision {
			continue
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Kind+" "+b.Choice)
	}
	return out
}
