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

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestApply_isNotStartedWithoutALookAfterTheAnswer(t *testing.T) {
	t.Parallel()
	p, o, tool := planned(t)
	w := &work{session: tool.session(o), op: o, p: tool.session(o).plans[o.facts.Plan.Plan.Digest], planned: o.facts.Plan}
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
