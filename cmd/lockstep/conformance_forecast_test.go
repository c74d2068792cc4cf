package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/redact"
)

// identities says what a part is to users, as a file for "lockstep forecast" does.
const identities = `{"sandbox_part": {"key": ["key"], "delete": "own-data"}}`

// A prediction is what is forecast of a saved plan before it is applied.
type prediction struct {
	plan    plan.Plan
	order   *plan.Order
	actions []predicted
	ids     map[string]string // resource of the plan, by key → id of the object it destroys
}

// predicted is an action that the event stream tells of.
type predicted struct {
	address, action string
	id              string       // of the object that a delete destroys
	after           map[int]bool // every action that has to be over before, however far
}

// predict forecasts the saved plan of w.
func (w workspace) predict(parallelism int) prediction {
	w.t.Helper()
	raw := w.run("show", "-json", "-no-color", "plan")
	file := filepath.Join(w.dir, "plan.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		w.t.Fatal(err)
	}
	more, err := live.ReadIdentities("identities.json", []byte(identities))
	if err != nil {
		w.t.Fatal(err)
	}
	table, err := live.Shipped().With(more)
	if err != nil {
		w.t.Fatal(err)
	}
	read, err := planfile.Read(file, &redact.Net{}, table)
	if err != nil {
		w.t.Fatal(err)
	}
	graph, err := planfile.Graph(string(w.run("graph", "-plan=plan")))
	if err != nil {
		w.t.Fatal(err)
	}
	p := prediction{plan: read.Model}
	if !p.plan.Complete {
		p.plan.Targets = []string{"given"}
	}
	given, ids, err := told(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = given
	p.ids = ids
	if p.order, err = plan.NewOrder(&p.plan, graph); err != nil {
		w.t.Fatal(err)
	}
	p.actions = p.run()
	return p
}

func (p prediction) run() []predicted {
	items := p.order.Items()
	out := make([]predicted, len(items))
	var visit func(i int) map[int]bool
	visit = func(i int) map[int]bool {
		if out[i].after == nil {
			out[i].after = map[int]bool{}
			for _, j := range items[i].WaitsFor {
				out[i].after[j] = true
				for k := range visit(j) {
					out[i].after[k] = true
				}
			}
		}
		return out[i].after
	}
	for i, it := range items {
		r := p.plan.Resources[it.Resource]
		visit(i)
		out[i].address, out[i].action = r.Address.String(), string(it.Action)
		if it.Action == plan.Delete {
			out[i].id = p.ids[r.Key()]
		}
	}
	return out
}

// told returns what the parts of a plan say of themselves: how long each action
// takes, and the id of the object that is there, by the key of the resource.
func told(raw []byte) (map[string]time.Duration, map[string]string, error) {
	var p tfjson.Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, nil, err
	}
	takes, ids := map[string]time.Duration{}, map[string]string{}
	for _, rc := range p.ResourceChanges {
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		r := plan.ResourceChange{Address: safe.Show(rc.Address), Deposed: rc.DeposedKey}
		set := func(a plan.Action, values map[string]any, attribute string) {
			ms, _ := values[attribute].(float64)
			takes[r.Address.String()+"."+string(a)] = time.Duration(ms) * time.Millisecond
		}
		for _, a := range rc.Change.Actions {
			switch a {
			case tfjson.ActionCreate:
				set(plan.Create, after, "create_ms")
			case tfjson.ActionUpdate:
				set(plan.Update, after, "update_ms")
			case tfjson.ActionDelete:
				set(plan.Delete, before, "delete_ms")
			case tfjson.ActionForget:
				set(plan.Forget, nil, "")
			case tfjson.ActionRead:
				set(plan.Read, after, "read_ms")
			}
		}
		if id, ok := before["id"].(string); ok {
			ids[r.Key()] = id
		}
	}
	return takes, ids, nil
}
