package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lockstep/runbooks/sandbox/history"
)

var update = flag.Bool("update", false, "write what is kept of the incident anew")

// incident is where the plan of the incident is kept: what the real Terraform
// says of the dangerous commit in the sandbox.
var incident = filepath.Join("testdata", "incident")

// TestForecast_incidentIsWhatTerraformPlans holds the committed plan and graph
// to what Terraform makes of the sandbox today.
func TestForecast_incidentIsWhatTerraformPlans(t *testing.T) {
	w := newWorld(t, time.Second)
	dir := t.TempDir()
	if err := history.Export(w.box.RepoDir(), w.box.History().Head(), dir); err != nil {
		t.Fatal(err)
	}
	terraform := func(args ...string) []byte {
		cmd := exec.Command(w.o.Terraform, args...)
		cmd.Dir = filepath.Join(dir, "environments", "production")
		cmd.Env = append(append(os.Environ(), w.box.Env()...), "TF_IN_AUTOMATION=1")
		for k, v := range w.box.Vars("production") {
			cmd.Env = append(cmd.Env, "TF_VAR_"+k+"="+v)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terraform %q: %v\n%s%s", args, err, out, stderr.Bytes())
		}
		return out
	}
	terraform("init", "-input=false", "-backend-config=path="+w.box.TerraformState("production"))
	terraform("plan", "-input=false", "-out=plan")
	for name, got := range map[string]string{
		"plan.json": changesOnly(t, terraform("show", "-json", "plan")),
		"plan.dot":  string(terraform("graph", "-plan=plan")),
	} {
		got = steady(got)
		for _, secret := range []string{w.box.Vars("production")["token"], dir, "127.0.0.1"} {
			if strings.Contains(got, secret) {
				t.Fatalf("%s holds %q", name, secret)
			}
		}
		path := filepath.Join(incident, name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not what Terraform says any more; -update writes it anew:\n%s", name, got)
		}
	}
}

// TestForecast_tellsTheIncident holds what the command prints of the incident.
func TestForecast_tellsTheIncident(t *testing.T) {
	for name, flag := range map[string]string{"forecast.txt": "--json=false", "forecast.json": "--json", "forecast.md": "--markdown"} {
		var out, errs bytes.Buffer
		code := execute([]string{
			"forecast", filepath.Join(incident, "plan.json"), "--graph", filepath.Join(incident, "plan.dot"),
			"--durations", filepath.Join(incident, "durations.json"),
			"--identities", filepath.Join(incident, "identities.json"), "--negative-ttl", "60s", flag,
		}, strings.NewReader(""), &out, &errs)
		if code != exitDone || errs.Len() > 0 {
			t.Fatalf("%s: exit code %d, %s", name, code, errs.String())
		}
		path := filepath.Join(incident, name)
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if out.String() != string(want) {
			t.Errorf("%s is not what is kept; -update writes it anew:\n%s", name, out.String())
		}
	}
}

// changesOnly keeps of the JSON of a plan what a forecast reads: the rest has
// values of variables and the state.
func changesOnly(t *testing.T, doc []byte) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(doc, &all); err != nil {
		t.Fatal(err)
	}
	for key := range all {
		switch key {
		case "format_version", "resource_changes", "applyable", "complete", "errored":
		case "terraform_version":
			all[key] = json.RawMessage(`"1.11.4"`)
		default:
			delete(all, key)
		}
	}
	out, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

// steady takes out what is drawn by lot in each sandbox.
func steady(s string) string {
	n := map[string]string{}
	return regexp.MustCompile(`cert-[0-9a-f]{12}|dist-[0-9a-f]{12}|d[0-9a-f]{12}\.cdn|destroy deposed [0-9a-f]{8}|"[0-9a-f]{24}"`).ReplaceAllStringFunc(s, func(id string) string {
		if n[id] == "" {
			n[id] = regexp.MustCompile(`[0-9a-f]{8,}`).ReplaceAllString(id, fmt.Sprintf("%08x", len(n)+1))
		}
		return n[id]
	})
}
