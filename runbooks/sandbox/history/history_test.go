package history_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbooks/sandbox/history"
)

var now = time.Date(2024, 5, 6, 7, 8, 9, 123, time.FixedZone("somewhere", 7200))

func build(t *testing.T) *history.Repository {
	t.Helper()
	r, err := history.Build(filepath.Join(t.TempDir(), "repo"), now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// git runs the git program in the repository, without the settings of this machine.
func git(t *testing.T, r *history.Repository, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") == "1" {
			t.Fatal("git is not on PATH, and LOCKSTEP_REQUIRE_TOOLS=1 asks for it")
		}
		t.Skip("NOT TESTED: git is not on PATH")
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestBuild_isTheSameForTheSameTime(t *testing.T) {
	a, b := build(t), build(t)
	if !slices.Equal(a.Commits, b.Commits) {
		t.Errorf("commits differ:\n%v\n%v", a.Commits, b.Commits)
	}
}

func TestBuild_isARepositoryThatGitAccepts(t *testing.T) {
	r := build(t)
	git(t, r, "fsck", "--strict", "--full")
	if out := git(t, r, "status", "--porcelain"); out != "" {
		t.Errorf("the work tree is not clean:\n%s", out)
	}
	if out := git(t, r, "symbolic-ref", "--short", "HEAD"); out != history.Branch {
		t.Errorf("on branch %q, want %q", out, history.Branch)
	}
	var want []string
	for _, c := range r.Commits {
		want = append(want, c.Hash+" "+c.Subject)
	}
	if got := strings.Split(git(t, r, "log", "--first-parent", "--reverse", "--format=%H %s"), "\n"); !slices.Equal(got, want) {
		t.Errorf("first-parent line is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if out := git(t, r, "log", "--merges", "--format=%s"); strings.Count(out, "\n")+1 < 3 {
		t.Errorf("merge commits are only %q", out)
	}
	last := now
	for _, line := range strings.Split(git(t, r, "log", "--format=%cI"), "\n") {
		at, err := time.Parse(time.RFC3339, line)
		if err != nil || at.After(last) {
			t.Errorf("a commit of %s comes before one of %s (%v)", line, last, err)
		}
		last = at
	}
}

func TestBuild_candidatesAreWhatGitFinds(t *testing.T) {
	r := build(t)
	for _, env := range history.Environments {
		pin, err := os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(history.PinFile(env))))
		if err != nil || string(pin) != r.Baseline()+"\n" {
			t.Errorf("%s is locked to %q (%v), want %s", env, pin, err, r.Baseline())
		}
	}
	args := append([]string{"log", "--first-parent", "--reverse", "--format=%H %s", r.Baseline() + "..main", "--"}, history.Paths...)
	var want []string
	for _, c := range r.Candidates() {
		want = append(want, c.Hash+" "+c.Subject)
	}
	if got := strings.Split(git(t, r, args...), "\n"); !slices.Equal(got, want) || len(got) != 4 {
		t.Errorf("git finds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	dangerous := r.Candidates()[2]
	if dangerous.Subject != "Weighted records for the second CDN" {
		t.Errorf("the third candidate is %q", dangerous.Subject)
	}
	if got := git(t, r, "log", "-1", "--format=%(trailers:key=Deploy-Hazard,valueonly)", dangerous.Hash); got != "re-creates the certificate" {
		t.Errorf("its Deploy-Hazard is %q", got)
	}
	// Environments are read from the head of the branch with older modules, so
	// what they say must not change, but for the locks.
	changed := git(t, r, "diff", "--name-only", r.Baseline(), "main", "--", "environments")
	if changed != "environments/production/deployed-ref\nenvironments/staging/deployed-ref" {
		t.Errorf("changed in the environments:\n%s", changed)
	}
}

func TestExport_writesExactlyTheCommit(t *testing.T) {
	r := build(t)
	for _, c := range r.Commits {
		dir := filepath.Join(t.TempDir(), "tree")
		if err := history.Export(r.Dir, c.Hash, dir); err != nil {
			t.Fatal(err)
		}
		if out := git(t, r, "--work-tree="+dir, "diff", "--no-renames", "--name-status", c.Hash); out != "" {
			t.Errorf("export of %q differs:\n%s", c.Subject, out)
		}
	}
	if err := history.Export(r.Dir, strings.Repeat("0", 40), t.TempDir()); err == nil {
		t.Error("a commit that is not there can be exported")
	}
}

func TestTree_isFormatted(t *testing.T) {
	if _, err := exec.LookPath("terraform"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") == "1" {
			t.Fatal("terraform is not on PATH, and LOCKSTEP_REQUIRE_TOOLS=1 asks for it")
		}
		t.Skip("NOT TESTED: terraform is not on PATH")
	}
	cmd := exec.Command("terraform", "fmt", "-check", "-recursive", "-diff", "tree")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if out, err := cmd.Output(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
