package terraform

import (
	"encoding/json"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// What an apply writes into the journal is what later forecasts learn from.
func TestBoard_outcomeIsWhatDurationsAreLearnedFrom(t *testing.T) {
	const address = `module.m["a.b"].terraform_data.x["c.d"]`
	b := &board{
		items: []engine.ApplyItem{
			{Address: safe.Show(address), Action: plan.Create},
			{Address: safe.Show("terraform_data.failed"), Action: plan.Delete},
			{Address: safe.Show("terraform_data.let"), Action: plan.Forget},
			{Address: safe.Show("terraform_data.untold"), Action: plan.Delete},
		},
		state: []engine.ApplyState{engine.Done, engine.Errored, engine.Done, engine.Done},
		took:  []time.Duration{1500 * time.Millisecond, time.Second, 0, -1},
	}
	body, err := json.Marshal(journal.OutcomeBody{Result: "ok", Facts: map[string]any{"items": b.outcome()}})
	if err != nil {
		t.Fatal(err)
	}
	book := durations.NewBook(durations.Sources{Learned: durations.Learn([]journal.Record{{Kind: journal.KindOutcome, Body: body}})})
	if got := book.Of(address, "terraform_data", plan.Create); got.Typical != 1500*time.Millisecond || got.Runs != 1 || got.Source != durations.SourceAddress {
		t.Errorf("the create is %+v", got)
	}
	if got := book.Of("terraform_data.failed", "terraform_data", plan.Delete); got.Known() {
		t.Errorf("what failed is %+v", got)
	}
	if got := book.Of("terraform_data.untold", "terraform_data", plan.Delete); got.Known() {
		t.Errorf("what ended unseen is %+v", got)
	}
}
