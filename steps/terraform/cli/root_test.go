package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/steps/terraform/redact"
)

// realRoot returns an initialised root module for the real Terraform.
func realRoot(t *testing.T, main string) *Root {
	t.Helper()
	r := bareRoot(t, main)
	if err := r.Init(t.Context(), nil, false); err != nil {
		t.Fatal(err, details(err))
	}
	return r
}

func bareRoot(t *testing.T, main string) *Root {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("terraform is required and not on PATH")
		}
		t.Skip("SKIPPED: terraform is not on PATH, so nothing here was tested")
	}
	dir := t.TempDir()
	env := Environment([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=" + os.DevNull, "FLAG=" + dir + "/flag"}, []string{"FLAG"}, filepath.Join(dir, "data"))
	bin, err := Find(t.Context(), "terraform", "", env)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Root{Binary: bin, Dir: dir, Env: env, Net: &redact.Net{}, Parallelism: 2}
}

// details returns all that a problem says.
func details(err error) string {
	var p *engine.Problem
	if !errors.As(err, &p) {
		return ""
	}
	var b strings.Builder
	for _, l := range p.Lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String() + "hint: " + p.Hint
}

func expect(t *testing.T, err error, words string, lines ...string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("got %v, want %q\n%s", err, words, details(err))
	}
	var p *engine.Problem
	if !errors.As(err, &p) || p.Hint == "" {
		t.Errorf("%v: there is no hint", err)
	}
	for _, l := range lines {
		if !strings.Contains(details(err), l) {
			t.Errorf("%q is missing in:\n%s", l, details(err))
		}
	}
}

func TestFind_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := Find(t.Context(), "no-such-terraform", "", nil)
	expect(t, err, "terraform is not there")
	self, xerr := os.Executable()
	if xerr != nil {
		t.Fatal(xerr)
	}
	_, err = Find(t.Context(), self, "", map[string]string{fakeMode: "old"})
	expect(t, err, "is version 1.5.7, and "+Oldest+" is the oldest")
	_, err = Find(t.Context(), self, "", map[string]string{fakeMode: "mute"})
	expect(t, err, "does not tell its version")
	_, err = Find(t.Context(), self, ">= 1.12, < 2.0", map[string]string{fakeMode: "new"})
	expect(t, err, "is version 1.11.4, and the runbook asks for >= 1.12, < 2.0")
	_, err = Find(t.Context(), self, "newest", map[string]string{fakeMode: "new"})
	expect(t, err, "terraform.version")
	if b, err := Find(t.Context(), self, "~> 1.11", map[string]string{fakeMode: "new"}); err != nil || b.Version != "1.11.4" {
		t.Errorf("%+v %v", b, err)
	}
}

func TestEnvironment_isAList(t *testing.T) {
	t.Parallel()
	got := Environment([]string{
		"HOME=/h", "PATH=/p", "AWS_REGION=r", "AWS=no", "SECRET=s", "TF_VAR_x=1", "TF_CLI_ARGS=-destroy", "TF_LOG=TRACE",
		"TF_CLI_CONFIG_FILE=/c", "TF_TOKEN_example_com=t", "CHECKPOINT_DISABLE=", "TF_DATA_DIR=/d", "EMPTY=", "broken",
	}, []string{"AWS_*", "TF_*", "EMPTY", "CHECKPOINT_*"}, "/data")
	want := map[string]string{
		"HOME": "/h", "PATH": "/p", "AWS_REGION": "r", "TF_CLI_CONFIG_FILE": "/c", "TF_TOKEN_example_com": "t",
		"CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": "/data",
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
}

func TestInit_failureSaysAll(t *testing.T) {
	t.Parallel()
	r := bareRoot(t, "module \"gone\" {\n  source = \"./missing\"\n}\n")
	expect(t, r.Init(t.Context(), nil, false), "terraform could not be initialised: Unreadable module directory", `module "gone" at main.tf:1`)
}

func TestInit_leavesTheLockFileAlone(t *testing.T) {
	t.Parallel()
	r := bareRoot(t, "resource \"terraform_data\" \"a\" {}\n")
	lock := filepath.Join(r.Dir, ".terraform.lock.hcl")
	if err := os.WriteFile(lock, []byte("# mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Init(t.Context(), nil, true); err != nil {
		t.Fatal(err, details(err))
	}
	if raw, err := os.ReadFile(lock); err != nil || string(raw) != "# mine\n" {
		t.Errorf("%q %v", raw, err)
	}
}

func TestPlan_failureShowsTheSource(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "locals {\n  a = \"secretvalue\"\n}\nresource \"terraform_data\" \"a\" {\n  input = tonumber(local.a)\n}\n")
	r.Net.Add("secretvalue", "‹hidden›")
	_, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, "p")}, nil)
	expect(t, err, "terraform could not make a plan: Invalid function argument",
		`on main.tf line 5, in resource "terraform_data" "a":`, "5:   input = tonumber(local.a)", "^^^^^^^", `local.a is "‹hidden›"`, "Invalid value for")
}

func TestSelectWorkspace_missing(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "terraform {\n  backend \"local\" {}\n}\n")
	expect(t, r.SelectWorkspace(t.Context(), "blue"), "the workspace could not be selected", `"blue" doesn't exist`)
}

func TestPlan_saysWhoHoldsTheLock(t *testing.T) {
	t.Parallel()
	r := realRoot(t, `
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "echo running; while [ ! -e $FLAG ]; do sleep 0.05; done"
  }
}
`)
	file := filepath.Join(r.Dir, "p")
	if _, _, err := r.Plan(t.Context(), PlanArgs{Out: file}, nil); err != nil {
		t.Fatal(err)
	}
	running := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := r.Apply(context.WithoutCancel(t.Context()), newKept(t), file, func(m Message) {
			if m.Type == TypeProvisionOutput && m.Hook.Output == "running" {
				close(running)
			}
		})
		ended <- err
	}()
	<-running
	_, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, "q")}, nil)
	if werr := os.WriteFile(filepath.Join(r.Dir, "flag"), nil, 0o600); werr != nil {
		t.Fatal(werr)
	}
	expect(t, err, "the state is locked by ", "force-unlock", "Lock Info")
	for _, part := range []string{" since 20", "(OperationTypeApply)", ", lock id "} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestApply_stalePlan(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {}\n")
	for _, f := range []string{"one", "two"} {
		if _, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, f)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if exit, err := r.Apply(t.Context(), newKept(t), filepath.Join(r.Dir, "one"), nil); exit != 0 || err != nil {
		t.Fatal(exit, err)
	}
	before, err := r.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exit, err := r.Apply(t.Context(), newKept(t), filepath.Join(r.Dir, "two"), nil)
	expect(t, err, "changed since it was reviewed")
	after, serr := r.State(t.Context())
	if exit != 1 || !errors.Is(err, engine.ErrStale) || serr != nil || before != after || after.Serial == 0 {
		t.Errorf("exit %d, %v, state %+v then %+v", exit, err, before, after)
	}
}

func TestPlan_excludedMove(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"c\" {}\n")
	file := filepath.Join(r.Dir, "p")
	if _, _, err := r.Plan(t.Context(), PlanArgs{Out: file}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Apply(t.Context(), newKept(t), file, nil); err != nil {
		t.Fatal(err)
	}
	moved := "resource \"terraform_data\" \"b\" {}\nresource \"terraform_data\" \"c\" {}\nmoved {\n  from = terraform_data.a\n  to   = terraform_data.b\n}\n"
	if err := os.WriteFile(filepath.Join(r.Dir, "main.tf"), []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.Plan(t.Context(), PlanArgs{Out: file, Targets: []string{"terraform_data.c"}}, nil)
	expect(t, err, "a resource has moved to another address", "-target=\"terraform_data.a\"")
}

func TestShow_failure(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {}\n")
	file := filepath.Join(r.Dir, "no-plan")
	if err := os.WriteFile(file, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, r.Show(t.Context(), file, filepath.Join(r.Dir, "out")), "terraform could not show the saved plan")
	_, err := r.Graph(t.Context(), file)
	expect(t, err, "terraform could not draw the graph")
}

func TestApply_crashIsUnknown(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"panic", "killed", "plugin, then killed"} {
		r := fakeRoot(t, mode)
		r.Net.Add("c4n4ry", "‹hidden›")
		exit, err := r.Apply(t.Context(), newKept(t), "p", nil)
		if !errors.Is(err, engine.ErrUnknown) || exit == 0 || exit == 1 || strings.Contains(details(err), "c4n4ry") {
			t.Errorf("%s: exit %d, %v\n%s", mode, exit, err, details(err))
		}
		expect(t, err, "killed or crashed")
	}
	expect(t, func() error { _, err := fakeRoot(t, "panic").Apply(t.Context(), newKept(t), "p", nil); return err }(), "unknown", "goroutine 1")
	_, _, err := fakeRoot(t, "panic").Plan(t.Context(), PlanArgs{Out: "p"}, nil)
	expect(t, err, "the program crashed or was killed", "goroutine 1")
	if errors.Is(err, engine.ErrUnknown) {
		t.Error("a plan has no effect whose outcome could be unknown")
	}
}

func TestApply_providerCrash(t *testing.T) {
	t.Parallel()
	exit, err := fakeRoot(t, "plugin").Apply(t.Context(), newKept(t), "p", nil)
	expect(t, err, "a provider crashed", "GRPCProvider")
	if exit != 1 || errors.Is(err, engine.ErrUnknown) {
		t.Errorf("exit %d, %v", exit, err)
	}
}

func TestState_invalidOutput(t *testing.T) {
	t.Parallel()
	_, err := fakeRoot(t, "junk").State(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is no state") {
		t.Errorf("got %v", err)
	}
}

func TestApply_oneInterruptAndNoKill(t *testing.T) {
	t.Parallel()
	r := fakeRoot(t, "slow")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the operator said stop")
	exit, err := r.Apply(ctx, newKept(t), "p", func(Message) { cancel(cause) })
	if exit != 1 || !errors.Is(err, cause) {
		t.Errorf("exit %d, %v", exit, err)
	}
	if raw, rerr := os.ReadFile(filepath.Join(r.Dir, "interrupts")); rerr != nil || string(raw) != "1" {
		t.Errorf("interrupts: %q, %v", raw, rerr)
	}
}

func TestApply_cancelledBeforehandStartsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	started := false
	if _, err := fakeRoot(t, "plugin").Apply(ctx, newKept(t), "p", func(Message) { started = true }); !errors.Is(err, context.Canceled) || started {
		t.Errorf("%v, started %t", err, started)
	}
}
