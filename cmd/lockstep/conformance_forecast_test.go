package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/forecast"
	"lockstep/runbook/forecast/report"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/offline"
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

// predict forecasts the saved plan of w by what "lockstep forecast" does.
func (w workspace) predict(parallelism int) prediction {
	w.t.Helper()
	put := func(name string, data []byte) string {
		file := filepath.Join(w.dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			w.t.Fatal(err)
		}
		return file
	}
	raw := w.run("show", "-json", "-no-color", "plan")
	says, err := readTold(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	q := forecastRequest{
		source:    offline.Source{Plan: put("plan.json", raw), Graph: put("plan.dot", w.run("graph", "-plan=plan"))},
		durations: put("durations.json", says.takes), identities: put("identities.json", []byte(identities)),
		parallelism: parallelism,
	}
	opt, err := q.options()
	if err != nil {
		w.t.Fatal(err)
	}
	if q.source.Live, err = q.table(); err != nil {
		w.t.Fatal(err)
	}
	read, err := q.source.Read(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	said := forecastOf(read, opt)
	p := prediction{Forecast: said.AtOnce, model: &read.Model}
	p.after = make([][]int, len(p.Actions))
	for i, a := range p.Actions {
		p.follow(i)
		id := ""
		if a.Action == plan.Delete {
			id = says.ids[p.model.Resources[a.Resource].Key()]
		}
		p.ids = append(p.ids, id)
	}
	p.printed(w.t, said)
	return p
}

// printed checks that the JSON for scripts names as many actions to wait for.
func (p prediction) printed(t *testing.T, r *report.Report) {
	t.Helper()
	var b bytes.Buffer
	var out struct {
		AtOnce struct {
			Actions []struct{ After []string }
		} `json:"all_at_once"`
	}
	if err := errors.Join(r.JSON(&b), json.Unmarshal(b.Bytes(), &out)); err != nil {
		t.Fatal(err)
	}
	if len(out.AtOnce.Actions) != len(p.Actions) {
		t.Fatalf("%d actions in JSON, %d are forecast", len(out.AtOnce.Actions), len(p.Actions))
	}
	for i, a := range out.AtOnce.Actions {
		if len(a.After) != len(p.after[i]) {
			t.Errorf("in JSON %s of %s is after %q, which are not %d", p.Actions[i].Action, p.Actions[i].Address, a.After, len(p.after[i]))
		}
	}
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
	takes []byte            // how long actions take, as a file for "lockstep forecast"
	ids   map[string]string // resource, by its key → id of the object that is there
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
	takes, err := json.Marshal(seconds)
	return told{takes, ids}, err
}
