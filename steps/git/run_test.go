package git

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// planned stands for everything between the review and the pin: the plan is empty.
type planned struct{}

func (planned) Run(_ context.Context, op engine.Operator) (engine.Report, error) {
	op.Facts().PlanEmpty = true
	return engine.Report{}, nil
}

// drive runs pick, review, plan and pin with the real engine and a real journal.
func (p *project) drive(mode engine.Mode) (engine.Result, []journal.Record, error) {
	p.t.Helper()
	dir := p.t.TempDir()
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/production"})
	if err != nil {
		p.t.Fatal(err)
	}
	kit := maps.Clone(Kit(Deps{}))
	kit[runbook.KindPlan] = func(runbook.Step) (engine.Step, error) { return planned{}, nil }
	e, err := engine.New(engine.Config{
		Run: "7f3a", Mode: mode, Environment: "production", Journal: j, Folder: p.dir, Kit: kit,
		WorkDir: filepath.Join(p.t.TempDir(), "work"), Actor: journal.Actor{Name: "ana", Host: "ops1"},
		Runbook: &runbook.Runbook{
			Environments: map[string]*runbook.Environment{"production": production()},
			Steps: []runbook.Step{
				{ID: "pick", PickCommit: &runbook.PickCommit{}},
				{ID: "review", ReviewDiff: &runbook.ReviewDiff{}},
				{ID: "plan", Plan: &runbook.Plan{}},
				{ID: "pin", RecordPin: &runbook.RecordPin{}},
			},
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	events, cancel := e.Subscribe()
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			q, ok := ev.Event.(engine.QuestionAsked)
			if !ok {
				continue
			}
			a := engine.Answer{Choice: "write"}
			switch payload := q.Question.Payload.(type) {
			case engine.Candidates:
				a = engine.Answer{Choice: "take", Item: payload.Items[0].Hash}
			case engine.Review:
				a = readAll(q.Question)
				if _, err := e.Fetch(context.Background(), engine.Request{Question: q.Question.ID, What: "file"}); err != nil {
					p.t.Errorf("fetch: %v", err)
				}
			case engine.Failure:
				a = engine.Answer{Choice: "stop"}
			}
			a.Question, a.Digest = q.Question.ID, q.Question.Digest
			if err := e.Answer(a); err != nil {
				p.t.Errorf("%s: %v", q.Question.Kind, err)
			}
		}
	})
	result, rerr := e.Run(context.Background())
	wg.Wait()
	if err := j.Close(); err != nil {
		p.t.Fatal(err)
	}
	records, err := journal.Read(j.Path())
	if err != nil {
		p.t.Fatal(err)
	}
	return result, records, rerr
}

func TestRun_withTheRealEngineAndJournal(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/dns/a.tf", "1\n")
	p.pin(first)
	one := p.commit("one", "modules/dns/a.tf", "2\n")

	head := p.git("rev-parse", "main")
	result, records, err := p.drive(engine.Rehearsal)
	if result != engine.OK || err != nil {
		t.Fatalf("rehearsal: %s, %v", result, err)
	}
	if p.git("rev-parse", "main") != head || slices.ContainsFunc(records, func(r journal.Record) bool { return r.Kind == journal.KindIntent }) {
		t.Error("a rehearsal had an effect")
	}

	result, records, err = p.drive(engine.Live)
	if result != engine.OK || err != nil {
		t.Fatalf("live: %s, %v", result, err)
	}
	if p.read(pinFile) != one+"\n" || p.git("status", "--porcelain") != "" {
		t.Errorf("pin %q, status %q", p.read(pinFile), p.git("status", "--porcelain"))
	}
	var kinds []string
	for _, r := range records {
		if r.Step == "pin" {
			kinds = append(kinds, string(r.Kind))
		}
	}
	if got := strings.Join(kinds, " "); got != "step question decision intent outcome evidence step" {
		t.Errorf("the journal of the pin holds %q", got)
	}

	result, _, err = p.drive(engine.Live)
	if result != engine.OK || err != nil {
		t.Errorf("with nothing left: %s, %v", result, err)
	}
}
