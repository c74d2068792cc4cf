package main

import (
	"bytes"
	"encoding/json"
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

// newWorld makes the sandbox of a demo; the test binary is its provider.
func newWorld(t *testing.T, issue time.Duration) *world {
	t.Helper()
	d := demoOptions{}
	d.Issue, d.Delete, d.Terraform = issue, provider.OwnData, needsTerraform(t)
	d.Dir, d.Keep = filepath.Join(t.TempDir(), "box"), true
	d.rate = 50
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
	w := newWorld(t, 2*time.Second)
	var out bytes.Buffer
	result, err := w.watched(t.Context(), wayRecommended, &out, false)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	newest := w.box.History().Candidates()[3].Hash
	if result.Pin != newest || !result.PlanEmpty || result.Changes != 8 {
		t.Errorf("result %+v, the newest candidate is %s", result, newest)
	}
	if result.Queries == 0 || result.Failed != 0 || result.Outage != 0 {
		t.Errorf("%d of %d queries failed, %.1f s", result.Failed, result.Queries, result.Outage)
	}
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

func TestDemo_allAtOnceReproducesTheIncident(t *testing.T) {
	const issue = 3 * time.Second
	w := newWorld(t, issue)
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
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	for _, l := range lines {
		if !json.Valid(l) {
			t.Fatalf("not JSON: %s", l)
		}
	}
	for _, key := range []string{"way", "queries", "failed", "outage_seconds", "predicted_seconds", "changes", "pin", "plan_empty", "journal"} {
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
