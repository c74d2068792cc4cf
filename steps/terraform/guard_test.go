package terraform

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

// planned plans a project and returns what is needed to tamper with it.
func planned(t *testing.T) (*project, *operator, *Tool) {
	t.Helper()
	p := newProject(t, before)
	p.commits["c1"]["deploy.sh"] = "echo reviewed\n"
	p.commits["c1"]["own.tfvars"] = "\n"
	p.env.Terraform.VarFiles = []string{"own.tfvars", filepath.Join(p.dir, "outside.tfvars")}
	if err := os.WriteFile(filepath.Join(p.dir, "outside.tfvars"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.env.Terraform.Environment = []string{"APP_*"}
	o, tool := p.operator(engine.Live), New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	return p, o, tool
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestApply_isRefusedWhenAnythingMoved(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	w := tool.session(o).plans[o.facts.Plan.Plan.Digest].work
	keep := *o.facts.Plan
	for _, c := range []struct {
		name   string
		move   func() (back func())
		expect string
	}{
		{"plan bytes", func() func() {
			raw, err := os.ReadFile(keep.File)
			if err != nil {
				t.Fatal(err)
			}
			appendTo(t, keep.File, "x")
			return func() { writeFile(t, keep.File, string(raw)) }
		}, "saved plan"},
		{"plan removed", func() func() {
			if err := os.Rename(keep.File, keep.File+".away"); err != nil {
				t.Fatal(err)
			}
			return func() { _ = os.Rename(keep.File+".away", keep.File) }
		}, "saved plan"},
		{"script", func() func() {
			path := filepath.Join(w.top, "deploy.sh")
			appendTo(t, path, "rm -rf\n")
			return func() { writeFile(t, path, "echo reviewed\n") }
		}, "files of the checkout"},
		{"new file", func() func() {
			path := filepath.Join(w.top, "extra.tf")
			appendTo(t, path, "")
			return func() { _ = os.Remove(path) }
		}, "files of the checkout"},
		{"mode", func() func() {
			path := filepath.Join(w.top, "deploy.sh")
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			return func() { _ = os.Chmod(path, 0o700) }
		}, "files of the checkout"},
		{"variable file", func() func() {
			path := filepath.Join(p.dir, "outside.tfvars")
			appendTo(t, path, "# x\n")
			return func() { writeFile(t, path, "") }
		}, "variable files"},
		{"environment", func() func() {
			was := p.environ
			p.environ = append(p.environ[:len(was):len(was)], "APP_REGION=elsewhere")
			return func() { p.environ = was }
		}, "environment"},
		{"state", func() func() {
			if err := os.MkdirAll(filepath.Dir(p.statePath()), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, p.statePath(), `{"version":4,"terraform_version":"1.11.4","serial":7,"lineage":"","outputs":{},"resources":[],"check_results":null}`)
			return func() { _ = os.Remove(p.statePath()) }
		}, "serial 0 to 7"},
		{"another state", func() func() {
			writeFile(t, p.statePath(), `{"version":4,"terraform_version":"1.11.4","serial":0,"lineage":"abc","outputs":{},"resources":[],"check_results":null}`)
			return func() { _ = os.Remove(p.statePath()) }
		}, "another state"},
	} {
		saved := keep
		o.facts.Plan, o.refusals = &saved, nil
		back := c.move()
		was := p.state()
		_, err := o.step(t.Context(), tool, runbook.KindApply)
		if !errors.Is(err, engine.ErrStale) || !strings.Contains(err.Error(), c.expect) {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(o.refusals) != 1 || len(o.intents) != 0 || p.state() != was || o.facts.Plan != nil {
			t.Errorf("%s: refusals %q, %d intents, plan %v", c.name, o.refusals, len(o.intents), o.facts.Plan)
		}
		back()
	}
	o.facts.Plan = &keep
	o.mustStep(tool, runbook.KindApply) // all is back as it was
	if len(p.resources()) == 0 {
		t.Errorf("state: %q", p.resources())
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestApply_looksAtThePlanOnceMoreWhenItStarts(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	w := &work{session: tool.session(o), op: o, p: tool.session(o).plans[o.facts.Plan.Plan.Digest], planned: o.facts.Plan}
	appendTo(t, o.facts.Plan.File, "x")
	if _, err := w.do(t.Context()); !errors.Is(err, engine.ErrStale) || w.started || p.state() != "" {
		t.Errorf("%v, started %t", err, w.started)
	}
}

func TestPlan_checksOutAnewWhenTheCheckoutWasWrittenTo(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	appendTo(t, filepath.Join(tool.session(o).work.top, "main.tf"), "resource \"terraform_data\" \"slipped_in\" {}\n")
	o.mustStep(tool, runbook.KindPlan)
	if strings.Contains(o.said(), "slipped_in") || p.checkouts != 2 || !strings.Contains(o.warnings(), "checked out anew") {
		t.Errorf("opened %d times; %s", p.checkouts, o.warnings())
	}
}

func TestPlan_refusesAStateInTheCheckout(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *project){
		"relative path": func(p *project) { p.env.Terraform.Backend = map[string]string{"path": "terraform.tfstate"} },
		"no path":       func(p *project) { p.env.Terraform.Backend = nil },
		"no backend":    func(p *project) { p.commits["c1"]["main.tf"], p.env.Terraform.Backend = before, nil },
		"workspace":     func(p *project) { p.env.Terraform.Workspace = "blue" },
	} {
		p := newProject(t, before)
		change(p)
		o := p.operator(engine.Live)
		_, err := o.step(t.Context(), New(p.deps()), runbook.KindPlan)
		if err == nil || !strings.Contains(err.Error(), "in the checkout") || !strings.Contains(linesOf(err), "absolute path") {
			t.Errorf("%s: %v %s", name, err, linesOf(err))
		}
		if len(o.questions) > 0 || o.facts.Plan != nil {
			t.Errorf("%s: it went on", name)
		}
	}
}
