package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox/history"
	"lockstep/runbooks/sandbox/provider"
)

// needsTerraform skips, or fails where the tools are required.
func needsTerraform(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("terraform")
	switch {
	case err == nil:
		return path
	case os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "":
		t.Fatal("terraform is required and was not found on PATH")
	}
	t.Skip("NOT TESTED: terraform was not found on PATH")
	return ""
}

// newWorld makes the sandbox of a demo; the test binary is its provider. mode is
// what a delete takes with it, and rate how often a second the name is asked for.
func newWorld(t *testing.T, issue time.Duration, mode string, rate int) *world {
	t.Helper()
	d := demoOptions{}
	d.Issue, d.Delete, d.Terraform = issue, mode, needsTerraform(t)
	d.Dir, d.Keep = filepath.Join(t.TempDir(), "box"), true
	d.rate = rate
	w := &world{o: d, say: t.Output()}
	t.Setenv("TF_CLI_CONFIG_FILE", "")
	t.Setenv("CHECKPOINT_DISABLE", "1")
	t.Cleanup(func() {
		if err := w.close(t.Output()); err != nil {
			t.Error(err)
		}
	})
	if err := w.make(t.Context(), func(s safe.Text) { t.Log(s) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// planIsEmpty plans production with Terraform itself, from a fresh export of the
// commit, and reports whether there is nothing to do.
func planIsEmpty(t *testing.T, w *world, commit string) bool {
	t.Helper()
	dir := t.TempDir()
	if err := history.Export(w.box.RepoDir(), commit, dir); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "environments", "production")
	terraform := func(args ...string) (string, int) {
		cmd := exec.Command(w.o.Terraform, args...)
		cmd.Dir = root
		cmd.Env = append(append(os.Environ(), w.box.Env()...), "TF_IN_AUTOMATION=1")
		for k, v := range w.box.Vars("production") {
			cmd.Env = append(cmd.Env, "TF_VAR_"+k+"="+v)
		}
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := terraform("init", "-input=false", "-backend-config=path="+w.box.TerraformState("production")); code != 0 {
		t.Fatal(out)
	}
	out, code := terraform("plan", "-input=false", "-detailed-exitcode")
	if code == 1 {
		t.Fatal(out)
	}
	return code == 0
}

// git runs git in the sandbox's repository.
func git(t *testing.T, w *world, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", w.box.RepoDir()}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestDemo_recommendedEndsWithAnEmptyPlanAWrittenPinAndAValidJournal(t *testing.T) {
	w := newWorld(t, 2*time.Second, provider.OwnData, 400)
	var out bytes.Buffer
	result, err := w.watched(t.Context(), wayRecommended, &out, false)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	newest := w.box.History().Candidates()[3].Hash
	if result.Pin != newest || !result.PlanEmpty || result.Changes != 8 {
		t.Errorf("result %+v, the newest candidate is %s", result, newest)
	}
	if result.Cures != 0 {
		t.Errorf("%d cures were taken where none is needed", result.Cures)
	}
	wantNoQueryFailed(t, result)
	if pin := git(t, w, "show", "main:"+history.PinFile("production")); pin != newest {
		t.Errorf("the pin on the branch is %q", pin)
	}
	if status := git(t, w, "status", "--porcelain"); status != "" {
		t.Errorf("the work tree was left dirty:\n%s", status)
	}
	if !planIsEmpty(t, w, newest) {
		t.Error("terraform plan is not empty")
	}
	verdict, err := journal.Verify(result.Journal)
	if err != nil || !verdict.Intact || !verdict.Complete {
		t.Errorf("journal: %+v, %v", verdict, err)
	}
	for _, secret := range []string{w.box.Vars("production")["token"], w.box.Vars("staging")["token"]} {
		if where := findSecret(t, w.journals, secret); where != "" {
			t.Errorf("a secret is in %s", where)
		}
		if strings.Contains(out.String(), secret) {
			t.Error("a secret was printed")
		}
	}
}

// wantNoQueryFailed wants many queries, all answered, and says how many could
// not be asked.
func wantNoQueryFailed(t *testing.T, r demoResult) {
	t.Helper()
	t.Logf("%d queries, %d answered, %d failed, %d slots missed", r.Queries, r.Answered, r.Failed, r.Missed)
	if r.Queries < 5000 || r.Answered != r.Queries || r.Failed != 0 || r.Outage != 0 {
		t.Errorf("%d of %d queries failed, %d were answered, %.1f s", r.Failed, r.Queries, r.Answered, r.Outage)
	}
	if r.Predicted != 0 || r.Open != 0 {
		t.Errorf("%.1f s were forecast, and no end in %d changes", r.Predicted, r.Open)
	}
}

// Where deleting the old record takes the new one along, only a change of the
// configuration helps: the cure becomes a commit, and that is deployed.
func TestDemo_recommendedTakesTheCureWhereADeleteTakesTheWholeName(t *testing.T) {
	w := newWorld(t, 2*time.Second, provider.WholeName, 400)
	var out bytes.Buffer
	result, err := w.watched(t.Context(), wayRecommended, &out, false)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	wantNoQueryFailed(t, result)
	head := git(t, w, "log", "-1", "--format=%H", "--", "modules")
	if result.Cures != 1 || result.Pin != head || !result.PlanEmpty {
		t.Errorf("result %+v, the newest commit of the modules is %s", result, head)
	}
	if text := git(t, w, "show", head); !strings.Contains(text, "+removed {") {
		t.Errorf("the cure is\n%s", text)
	}
	if branches := git(t, w, "branch", "--format=%(refname:short)"); branches != "main" {
		t.Errorf("branches %q", branches)
	}
	if !planIsEmpty(t, w, head) {
		t.Error("terraform plan is not empty")
	}
}

// issues are how long the certificate takes in the test of the forecast. The
// shorter ones are more at the mercy of a busy machine.
func issues() []time.Duration {
	if os.Getenv("LOCKSTEP_NIGHTLY") != "" {
		return []time.Duration{5 * time.Second, 20 * time.Second, 60 * time.Second}
	}
	return []time.Duration{10 * time.Second}
}

func TestDemo_allAtOnceReproducesTheIncident(t *testing.T) {
	for _, issue := range issues() {
		t.Run(issue.String(), func(t *testing.T) { replay(t, issue) })
	}
}

// replay brings the outage about and compares it with what was forecast.
func replay(t *testing.T, issue time.Duration) {
	w := newWorld(t, issue, provider.OwnData, 100)
	var out bytes.Buffer
	result, err := w.watched(t.Context(), wayAllAtOnce, &out, true)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if result.Changes != 1 || result.Outage < issue.Seconds() || result.Failed == 0 {
		t.Errorf("result %+v", result)
	}
	if !result.PlanEmpty || result.Pin != w.box.History().Candidates()[3].Hash {
		t.Errorf("result %+v", result)
	}
	t.Logf("outage %.2f s, forecast %.2f s, %d of %d queries failed, %d slots missed", result.Outage, result.Predicted, result.Failed, result.Queries, result.Missed)
	if off := math.Abs(result.Predicted-result.Outage) / result.Outage; off > 0.05 {
		t.Errorf("the forecast is off by %.1f %%: %.2f s instead of %.2f s", off*100, result.Predicted, result.Outage)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	for _, l := range lines {
		if !json.Valid(l) {
			t.Fatalf("not JSON: %s", l)
		}
	}
	for _, key := range []string{"way", "queries", "answered", "failed", "missed", "outage_seconds", "predicted_seconds", "predicted_without_end", "changes", "cures", "pin", "plan_empty", "journal"} {
		var b bytes.Buffer
		if err := result.print(&b, true); err != nil || !strings.Contains(b.String(), `"`+key+`":`) {
			t.Errorf("the last line lacks %q: %s", key, b.String())
		}
	}
}

// findSecret returns the file below root that holds a text, or "".
func findSecret(t *testing.T, root, secret string) (where string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		// Terraform's own state of the sandbox stands below the same root.
		if err != nil || e.IsDir() && e.Name() == "terraform" {
			return filepath.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(secret)) {
			where = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return where
}
