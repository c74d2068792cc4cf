package terraform

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/history"
	"lockstep/runbooks/sandbox/provider"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cure"
	"lockstep/steps/terraform/scripted"
)

// TestMain makes the test binary the provider of the sandbox when Terraform
// starts it.
func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	if provider.IsInvocation(os.Args[0]) {
		if err := provider.Serve(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	code := m.Run()
	scripted.Clean()
	os.Exit(code)
}

// newSandboxProject is production of a sandbox. The commits of a project are
// made from its history as they are needed.
func newSandboxProject(t *testing.T, o sandbox.Options) (*project, *sandbox.Sandbox) {
	t.Helper()
	needTerraform(t)
	o.Dir = filepath.Join(t.TempDir(), "sandbox")
	s, err := sandbox.New(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p := newProject(t, "")
	p.env.Terraform = runbook.Terraform{
		Directory: "environments/production", Binary: "terraform", Vars: s.Vars("production"),
		Backend: map[string]string{"path": s.TerraformState("production")},
	}
	p.environ = append([]string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH")}, s.Env()...)
	return p, s
}

// export makes a commit of the project from one of the sandbox, changed by edits.
func (p *project) export(s *sandbox.Sandbox, name, commit string, edits []cure.Edit) {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := history.Export(s.RepoDir(), commit, dir); err != nil {
		p.t.Fatal(err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(raw)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range edits {
		files[e.Path] = string(e.New)
	}
	p.commits[name] = files
}

func wholeName() map[string]live.Identity {
	return map[string]live.Identity{"sandbox_dns_record": {Key: []string{"zone", "name", "type"}, Delete: plan.DeleteWholeName}}
}

const dnsFile = "modules/crates-io/dns.tf"

func TestCures_forgettingKeepsTheNameThatADeleteTakes(t *testing.T) {
	t.Parallel()
	p, s := newSandboxProject(t, sandbox.Options{Issue: 2 * time.Second, Delete: provider.WholeName})
	p.export(s, "c2", s.History().Head(), nil)
	b := p.bench("c2", wholeName())
	all := b.cures()
	removed := one(t, all, forecast.CureForget)
	if !removed.Cure.Proved || all[0].Cure.ID != removed.Cure.ID || len(removed.Cure.After) != 0 {
		t.Fatalf("removed: %+v", removed.Cure)
	}
	if moved := one(t, all, forecast.CureMoved); moved.Cure.Proved && len(moved.Cure.After) == 0 {
		t.Errorf("moved: %+v", moved.Cure)
	}
	wantAdded(t, removed, dnsFile, "\nremoved {\n  from = sandbox_dns_record.static\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
	if b.o.said() == "" || strings.Contains(b.o.said(), s.Vars("production")["token"]) {
		t.Error("the token got out")
	}

	// What was proved holds: all of it in one apply, and no query fails.
	p.export(s, "c3", s.History().Head(), removed.Edits)
	prober, err := sandbox.NewProber(s.DNSAddr(), s.ProductionName(), 100)
	if err != nil {
		t.Fatal(err)
	}
	defer prober.Stop()
	p.apply("c3")
	c := prober.Stop()
	t.Logf("%d of %d failed, %d slots missed", c.Failed, c.Asked, c.Missed)
	if c.Failed > 0 || c.Answered == 0 {
		t.Errorf("%+v, want every query answered", c)
	}
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c3"
	if o.mustStep(New(p.deps()), runbook.KindPlan); !o.facts.PlanEmpty {
		t.Error("the plan is not empty afterwards")
	}
}

func TestCures_ofTheIncidentWithOwnData(t *testing.T) {
	t.Parallel()
	p, s := newSandboxProject(t, sandbox.Options{})
	p.export(s, "c2", s.History().Head(), nil)
	b := p.bench("c2", nil)
	raw, err := os.ReadFile(s.TerraformState("production"))
	if err != nil {
		t.Fatal(err)
	}
	all := b.cures()
	moved := one(t, all, forecast.CureMoved)
	if moved.Cure.Proved || !strings.Contains(moved.Cure.Problem.String(), "cannot be changed in place because of set_identifier") {
		t.Errorf("moved: %+v", moved.Cure)
	}
	// Forgetting it would leave its data beside that of the new record.
	if removed := one(t, all, forecast.CureForget); !removed.Cure.Proved || !strings.Contains(removed.Cure.Why.String(), "by hand") {
		t.Errorf("removed: %+v", removed.Cure)
	}
	first := one(t, all, forecast.CureCreateFirst)
	if !first.Cure.Proved || len(first.Edits) != 1 || !strings.Contains(string(first.Edits[0].New), "    create_before_destroy = true\n  }\n}\n\nmoved {\n") {
		t.Errorf("moved and create first: %+v\n%s", first.Cure, first.Patch)
	}
	after, err := os.ReadFile(s.TerraformState("production"))
	if err != nil || string(after) != string(raw) {
		t.Error("the state was written")
	}
}

func TestCures_planInTheWorkspaceOfTheRun(t *testing.T) {
	t.Parallel()
	p := newProject(t, "")
	p.env.Terraform.Backend = map[string]string{"workspace_dir": filepath.Join(p.dir, "ws")}
	p.env.Terraform.Workspace = "blue"
	if err := os.MkdirAll(filepath.Join(p.dir, "ws", "blue"), 0o700); err != nil {
		t.Fatal(err)
	}
	block := func(name string) map[string]string {
		return rooted(map[string]string{"main.tf": "resource \"terraform_data\" \"" + name + "\" {\n  input = { name = terraform.workspace, v = 1 }\n}\n"})
	}
	maps.Copy(p.commits, map[string]map[string]string{"c1": block("old"), "c2": block("new")})
	p.apply("c1")
	b := p.bench("c2", named(plan.DeleteWholeName))
	for _, c := range b.cures() {
		if !c.Cure.Proved || c.Cure.Thing.Name.String() != "name blue" {
			t.Errorf("%+v", c.Cure)
		}
	}
}
