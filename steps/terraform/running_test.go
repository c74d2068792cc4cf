package terraform

import (
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

// oneByOne picks a commit and applies its changes one at a time.
func oneByOne() []runbook.Step {
	return []runbook.Step{
		{ID: "pick", Position: "1", PickCommit: &runbook.PickCommit{}},
		{ID: "each", Position: "2", EachChange: []runbook.Step{
			{ID: "plan", Position: "2.1", Plan: &runbook.Plan{}},
			{ID: "apply", Position: "2.2", Apply: &runbook.Apply{}},
		}},
	}
}

// config is that of a run of the project for a commit, with the real engine.
func (p *project) config(tool *Tool, commit string, j engine.Recorder, work string, steps []runbook.Step) engine.Config {
	kit := tool.Kit()
	kit[runbook.KindPickCommit] = func(runbook.Step) (engine.Step, error) { return chosen{commit}, nil }
	return engine.Config{
		Run: "run-1", Mode: engine.Live, Environment: "production", Kit: kit, Journal: j, WorkDir: work, Folder: p.dir,
		Runbook: &runbook.Runbook{Title: "test", Environments: map[string]*runbook.Environment{"production": p.env}, Steps: steps},
	}
}

func mustEngine(t *testing.T, cfg engine.Config) *engine.Engine {
	t.Helper()
	e, err := engine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// toTheEnd runs a run and shows every event to somebody, who answers.
func toTheEnd(t *testing.T, e *engine.Engine, see func(engine.Envelope)) (engine.Result, error) {
	t.Helper()
	events, cancel := e.Subscribe()
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			see(ev)
		}
	})
	result, err := e.Run(t.Context())
	wg.Wait()
	return result, err
}

// asked calls a function for every question.
func asked(answer func(engine.Question)) func(engine.Envelope) {
	return func(ev engine.Envelope) {
		if q, ok := ev.Event.(engine.QuestionAsked); ok {
			answer(q.Question)
		}
	}
}
