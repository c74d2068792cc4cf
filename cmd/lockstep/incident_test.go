package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/history"
)

var update = flag.Bool("update", false, "write what is kept of the incident anew")

// incident is where the plan of the incident is kept: what the real Terraform
// says of the dangerous commit in the sandbox.
var incident = filepath.Join("testdata", "incident")

// newBox makes a sandbox with the baseline deployed; the test binary is its provider.
func newBox(t *testing.T) (box *sandbox.Sandbox, terraform string) {
	t.Helper()
	terraform = needsTerraform(t)
	box, err := sandbox.New(t.Context(), sandbox.Options{Dir: filepath.Join(t.TempDir(), "box"), Terraform: terraform, Issue: time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return box, terraform
}

// planProduction has Terraform plan production from the files in dir, and returns the
// JSON of the plan and its graph.
func planProduction(t *testing.T, box *sandbox.Sandbox, program, dir string) (doc, dot []byte) {
	t.Helper()
	terraform := func(args ...string) []byte {
		cmd := exec.Command(program, args...)
		cmd.Dir = filepath.Join(dir, "environments", "production")
		cmd.Env = append(append(os.Environ(), box.Env()...), "TF_IN_AUTOMATION=1")
		for k, v := range box.Vars("production") {
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
	terraform("init", "-input=false", "-backend-config=path="+box.TerraformState("production"))
	terraform("plan", "-input=false", "-out=plan")
	return terraform("show", "-json", "plan"), terraform("graph", "-plan=plan")
}

// A commit that only updates things in place, or that only replaces the
// certificate, raises no alarm about a name.
func TestForecast_noFalseAlarm(t *testing.T) {
	t.Parallel()
	box, terraform := newBox(t)
	candidates := box.History().Candidates()
	for what, c := range map[string]struct {
		commit string
		also   []string // files of the dangerous commit
		stays  []string // what loses an object and is there all the time
	}{
		"a shorter TTL":        {commit: candidates[0].Hash},
		"a redirect less":      {commit: candidates[1].Hash},
		"the certificate only": {candidates[1].Hash, []string{"certificate.tf", "distribution.tf"}, []string{"certificate for static.crates.test"}},
	} {
		t.Run(what, func(t *testing.T) {
			dir, other := t.TempDir(), t.TempDir()
			if err := errors.Join(history.Export(box.RepoDir(), c.commit, dir), history.Export(box.RepoDir(), candidates[2].Hash, other)); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.also {
				name = filepath.Join("modules", "crates-io", name)
				b, err := os.ReadFile(filepath.Join(other, name))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			doc, dot := planProduction(t, box, terraform, dir)
			at := t.TempDir()
			for name, b := range map[string][]byte{"plan.json": doc, "plan.dot": dot} {
				if err := os.WriteFile(filepath.Join(at, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, errs bytes.Buffer
			code := execute([]string{"forecast", filepath.Join(at, "plan.json"), "--graph", filepath.Join(at, "plan.dot"), "--json", "--budget", "0s"},
				strings.NewReader(""), &out, &errs)
			if code != exitDone {
				t.Errorf("exit code %d: %s", code, errs.String())
			}
			var told struct {
				AtOnce struct {
					Actions []struct{ Address string }
					Windows []struct{ Thing, Verdict string }
				} `json:"all_at_once"`
			}
			if err := json.Unmarshal(out.Bytes(), &told); err != nil {
				t.Fatal(err)
			}
			if len(told.AtOnce.Actions) == 0 {
				t.Error("the plan does nothing")
			}
			var stays []string
			for _, w := range told.AtOnce.Windows {
				if stays = append(stays, w.Thing); w.Verdict != "none" {
					t.Errorf("%s: %s", w.Thing, w.Verdict)
				}
			}
			if !slices.Equal(stays, c.stays) {
				t.Errorf("it is about %q, want %q", stays, c.stays)
			}
		})
	}
}

// TestForecast_incidentIsWhatTerraformPlans holds the committed plan and graph
// to what Terraform makes of the sandbox today.
func TestForecast_incidentIsWhatTerraformPlans(t *testing.T) {
	t.Parallel()
	box, terraform := newBox(t)
	dir := t.TempDir()
	if err := history.Export(box.RepoDir(), box.History().Head(), dir); err != nil {
		t.Fatal(err)
	}
	doc, dot := planProduction(t, box, terraform, dir)
	for name, got := range map[string]string{
		"plan.json": changesOnly(t, doc),
		"plan.dot":  string(dot),
	} {
		got = steady(got)
		for _, secret := range []string{box.Vars("production")["token"], dir, "127.0.0.1"} {
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
			"--negative-ttl", "60s", flag,
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
