package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
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
	forecast.Forecast
	model *plan.Plan
	after [][]int  // action → every action that has to be over before, however far
	ids   []string // action → id of the object that it destroys, or ""
}

// predict forecasts the saved plan of w as "lockstep forecast" does.
func (w workspace) predict(parallelism int) prediction {
	w.t.Helper()
	raw := w.run("show", "-json", "-no-color", "plan")
	file := filepath.Join(w.dir, "plan.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		w.t.Fatal(err)
	}
	said, err := readTold(raw)
	if err != nil {
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
	model := &read.Model
	if !model.Complete {
		model.Targets = []string{"given"}
	}
	order, err := plan.NewOrder(model, graph)
	if err != nil {
		w.t.Fatal(err)
	}
	book := durations.NewBook(durations.Sources{Given: said.takes})
	p := prediction{model: model, Forecast: forecast.AtOnce(model, order, forecast.Options{Durations: book, Parallelism: parallelism})}
	p.after = make([][]int, len(p.Actions))
	for i := range p.Actions {
		p.follow(i)
		a := p.Actions[i]
		id := ""
		if a.Action == plan.Delete {
			id = said.ids[model.Resources[a.Resource].Key()]
		}
		p.ids = append(p.ids, id)
	}
	return p
}

// follow fills in what action i comes after.
func (p prediction) follow(i int) []int {
	if p.after[i] == nil {
		after := []int{}
		for _, j := range p.Actions[i].WaitsFor {
			after = append(append(after, j), p.follow(j)...)
		}
		slices.Sort(after)
		p.after[i] = slices.Compact(after)
	}
	return p.after[i]
}

// summary tells the actions and what becomes of live things, in lines that do
// not depend on how fast the machine is.
func (p prediction) summary() string {
	var b strings.Builder
	name := func(i int) string {
		if i < 0 {
			return "nothing"
		}
		return fmt.Sprintf("%s of %s", p.Actions[i].Action, p.Actions[i].Address)
	}
	var lines []string
	for i, a := range p.Actions {
		line := name(i)
		if a.Deposed != "" {
			line += " left over"
		}
		var first []string
		for _, j := range a.WaitsFor {
			first = append(first, name(j))
		}
		if slices.Sort(first); len(first) > 0 {
			line += " after " + strings.Join(first, ", ")
		}
		lines = append(lines, line+"\n")
	}
	for _, o := range p.Outages {
		line := fmt.Sprintf("%s: %s", o.Thing.Name, o.Verdict)
		if o.OpenedBy >= 0 {
			line += fmt.Sprintf(" from %s to %s", name(o.OpenedBy), name(o.ClosedBy))
		}
		if o.Handover {
			line += ", handed over"
		}
		if o.Unordered {
			line += ", in no order"
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	for _, l := range lines {
		b.WriteString(l)
	}
	return b.String()
}

// told is what the parts of a plan say of themselves.
type told struct {
	takes map[string]time.Duration // as given to "lockstep forecast"
	ids   map[string]string        // resource, by its key → id of the object that is there
}

func readTold(raw []byte) (told, error) {
	var p tfjson.Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		return told{}, err
	}
	seconds, ids := map[string]float64{}, map[string]string{}
	for _, rc := range p.ResourceChanges {
		before, _ := rc.Change.Before.(map[string]any)
		after, _ := rc.Change.After.(map[string]any)
		of := map[tfjson.Action]any{
			tfjson.ActionCreate: after["create_ms"], tfjson.ActionUpdate: after["update_ms"],
			tfjson.ActionDelete: before["delete_ms"], tfjson.ActionRead: after["read_ms"],
		}
		for _, a := range rc.Change.Actions {
			if ms, ok := of[a]; ok {
				n, _ := ms.(float64) // 0 for what has no length, such as terraform_data
				seconds[rc.Address+"."+string(a)] = n / 1000
			}
		}
		if id, ok := before["id"].(string); ok {
			ids[plan.ResourceChange{Address: safe.Show(rc.Address), Deposed: rc.DeposedKey}.Key()] = id
		}
	}
	file, err := json.Marshal(seconds)
	if err != nil {
		return told{}, err
	}
	takes, err := durations.Read("durations.json", file)
	return told{takes, ids}, err
}
