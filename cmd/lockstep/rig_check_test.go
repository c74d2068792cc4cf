package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lockstep/runbook/journal"
)

// An aftermath is what a run leaves, with all that differs from one rig to the
// next taken out.
type aftermath struct {
	State     []string // "ADDRESS INPUT", by address
	Pinned    bool     // the pin is at the newest commit but one, which is the one that was deployed
	Pins      int      // commits that wrote the pin
	Announced string   // the text of the announcement, without id and times
}

func (g *rig) aftermath() aftermath {
	g.t.Helper()
	var a aftermath
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Status     string
				Attributes struct{ Input struct{ Value string } }
			}
		}
	}
	raw, err := os.ReadFile(filepath.Join(g.dir, "live", "terraform.tfstate"))
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		g.t.Error(err)
	}
	for _, r := range state.Resources {
		a.State = append(a.State, fmt.Sprintf("%s.%s %s %s", r.Type, r.Name, r.Instances[0].Attributes.Input.Value, r.Instances[0].Status))
	}
	want := strings.TrimSpace(g.git("rev-list", "-1", "main", "--", "infra"))
	a.Pinned = strings.TrimSpace(g.git("show", "main:production/deployed-ref")) == want
	a.Pins = len(strings.Fields(g.git("rev-list", "main", "--", "production/deployed-ref"))) - 1
	if texts, _ := g.announced(); len(texts) > 0 {
		a.Announced = texts[0]
	}
	return a
}

func (g *rig) git(args ...string) string {
	g.t.Helper()
	var out bytes.Buffer
	if err := inGit(filepath.Join(g.dir, "repo"), &out, args...); err != nil {
		g.t.Errorf("git %q: %v", args, err)
	}
	return out.String()
}

var (
	// rigTime starts each announcement in a file.
	rigTime = regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n`)
	// rigVaries are the parts that differ from one run to the next, and from one
	// repository to the next.
	rigVaries = regexp.MustCompile(`\d+m?s\b|\d+ m?s\b|(?m)^(?:run|\(repeat\)) .*$|\b[0-9a-f]{7}\b`)
	rigID     = regexp.MustCompile(`announcement (\w+)`)
)

// announced returns the texts that were announced, and their ids.
func (g *rig) announced() (texts, ids []string) {
	raw, err := os.ReadFile(filepath.Join(g.dir, "announced.txt"))
	if err != nil {
		return nil, nil
	}
	for _, text := range rigTime.Split(string(raw), -1)[1:] {
		texts = append(texts, strings.Trim(rigVaries.ReplaceAllString(text, "…"), "…\n"))
		if m := rigID.FindStringSubmatch(text); m != nil {
			ids = append(ids, m[1])
		}
	}
	return texts, ids
}

// check compares what a run left with what it would have left if nobody had
// killed anything, and what happened with what may have happened.
func (g *rig) check(want aftermath) {
	t := g.t
	t.Helper()
	got := g.aftermath()
	records := g.records()
	redone := g.redone(records)
	if redone["apply"] > 0 {
		want.Announced = got.Announced // it tells of that, too
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("it left\n%+v\nand should have left\n%+v", got, want)
	}
	effects, err := g.tf.Effects()
	if err != nil {
		t.Error(err)
	}
	count := map[string]int{}
	for _, e := range effects {
		count[e.Address+" "+e.Action]++
	}
	for what, n := range count {
		if n > 1+redone["apply"] {
			t.Errorf("%s happened %d times, and somebody decided %d times to do it again", what, n, redone["apply"])
		}
	}
	if len(count) != len(want.State) {
		t.Errorf("it did %v", count)
	}
	if n := len(g.lines("flushed.txt")); n < 1 || n > 1+redone["command"] {
		t.Errorf("the command ran %d times, and somebody decided %d times to run it again", n, redone["command"])
	}
	// An announcement whose end nobody saw is sent again, as the same one.
	if _, ids := g.announced(); len(ids) == 0 || len(ids) > 2 || len(slices.Compact(ids)) != 1 {
		t.Errorf("announced as %q", ids)
	}
	if len(records) == 0 || records[len(records)-1].Seq < g.acked {
		t.Errorf("record %d was acknowledged, and the journal has %d", g.acked, len(records))
	}
	verdict, err := journal.Verify(g.journal())
	if err != nil || !verdict.Intact || !verdict.Complete {
		t.Errorf("the journal: %+v, %v", verdict, err)
	}
	for i, r := range journal.Runs(records) {
		given := r.ID != g.run && r.Result == "stopped" && r.Effects == 0
		if !r.Closed || r.Result != "done" && !given || len(r.Unknown) > 0 {
			t.Errorf("run %d: %+v", i+1, r)
		}
	}
	g.until("end of all processes", func() bool { return len(g.processes()) == 0 })
	if g.lockID() != "" {
		t.Error("the state is locked")
	}
}

// redone counts, by step, how often somebody decided to do again what may have
// happened.
func (g *rig) redone(records []journal.Record) map[string]int {
	out := map[string]int{}
	for _, r := range records {
		var b journal.DecisionBody
		if r.Kind != journal.KindDecision {
			continue
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			g.t.Error(err)
		}
		if b.Kind == "settle" && b.Choice == "again" {
			out[r.Step]++
		}
	}
	return out
}

// story tells what happened, for the log of a test that failed.
func (g *rig) story(visits []visit) {
	if !g.t.Failed() {
		return
	}
	for i, v := range visits {
		g.t.Logf("call %d: exit %d\n%s", i+1, v.exit, v.stderr)
	}
	for _, r := range g.records() {
		g.t.Logf("%3d %s %s %.300s", r.Seq, r.Step, r.Kind, r.Body)
	}
	logs, _ := filepath.Glob(filepath.Join(g.dir, "state", "*", "*", "runners", "*.log"))
	for _, path := range logs {
		raw, _ := os.ReadFile(path)
		g.t.Logf("%s:\n%s", path, raw)
	}
	calls, _ := g.tf.Calls()
	g.t.Logf("calls of Terraform: %q", slices.Compact(calls))
}
