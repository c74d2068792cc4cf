package terraform

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
)

const leaky = `
variable "token" {
  type      = string
  sensitive = true
}
variable "region" {
  type = string
}
variable "zones" {
  type = list(string)
}
resource "terraform_data" "a" {
  input = {
    secret = var.token
    where  = "in ${var.region}"
    zones  = var.zones
    number = 12345678901234567890
    plain  = "shown"
    json   = jsonencode({ a = 1, b = { c = "deep" } })
  }
  provisioner "local-exec" {
    command = "echo leak ${nonsensitive(var.token)} ${nonsensitive(base64encode(var.token))}"
  }
}
output "token" {
  value     = var.token
  sensitive = true
}
output "where" {
  value = var.region
}
`

func TestSecrets_neverLeaveThePlan(t *testing.T) {
	t.Parallel()
	p := newProject(t, leaky)
	const token, region, zone = "c4n4ry-token-in-env", "c4n4ry-region", "c4n4ry-zone"
	p.environ = append(p.environ, "SECRET_TOKEN="+token)
	p.env.Terraform.Vars = map[string]string{
		"token": "${SECRET_TOKEN}", "region": region, "zones": `["` + zone + `"]`,
	}
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.rounds(tool)
	p.commits["c1"]["main.tf"] = strings.Replace(p.commits["c1"]["main.tf"], `plain  = "shown"`, `plain  = file("missing-${var.token}-${var.region}")`, 1)
	tool = New(p.deps())
	p.commits["c2"] = p.commits["c1"]
	o.facts.Commit = &engine.Candidate{Hash: "c2"}
	if _, err := o.step(t.Context(), tool, "plan"); err == nil {
		t.Error("a plan that reads a missing file is made")
	}
	said := o.said()
	for _, canary := range []string{token, region, zone, base64.StdEncoding.EncodeToString([]byte(token)), filepath.Dir(p.statePath())} {
		if i := strings.Index(said, canary); i >= 0 {
			t.Errorf("%q got out: …%s…", canary, said[max(0, i-200):i+len(canary)+20])
		}
	}
	for _, want := range []string{"‹sensitive›", "in ‹var.region›", "leak ‹var.token›", "12345678901234567890"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing", want)
		}
	}
	attr := attributesOf(t, o)
	if a := attr["input.secret"]; !a.Sensitive || len(a.After) != 1 || a.After[0].String() != "‹sensitive›" {
		t.Errorf("input.secret: %+v", a)
	}
	if a := attr["input.json"]; len(a.After) != 6 {
		t.Errorf("input.json is not indented: %q", a.After)
	}
	if a := attr["id"]; !a.Unknown || a.After != nil {
		t.Errorf("id: %+v", a)
	}
}

func attributesOf(t *testing.T, o *operator) map[string]plan.Attribute {
	t.Helper()
	out := map[string]plan.Attribute{}
	for _, part := range o.parts {
		for _, a := range part.(engine.ResourceDetail).Attributes {
			if _, seen := out[a.Path.String()]; !seen {
				out[a.Path.String()] = a
			}
		}
	}
	return out
}

func TestSecrets_filesAreForThisUserOnly(t *testing.T) {
	t.Parallel()
	p := newProject(t, leaky)
	p.env.Terraform.Vars = map[string]string{"token": "c4n4ry-token", "region": "r", "zones": "[]"}
	o := p.operator(engine.Live)
	o.mustStep(New(p.deps()), "plan")
	found := 0
	err := filepath.Walk(filepath.Join(o.run.WorkDir, "terraform"), func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if info.IsDir() && strings.HasPrefix(name, "plan-") && info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if slices.Contains([]string{"saved", "plan.json", "runbook.tfvars.json", "backend.hcl"}, name) {
			found++
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v", path, info.Mode())
			}
		}
		return nil
	})
	if err != nil || found < 4 {
		t.Errorf("%d files looked at, %v", found, err)
	}
}

func TestOutsideText_isInert(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "a" {
  for_each = toset(["k\u001b[2J\u202e"])
  input    = "v\u001b]0;title\u0007\u202e\r\nsecond"
  provisioner "local-exec" {
    command = "printf 'out\\033[31mred\\r\\302\\233x\\n'"
  }
}
`)
	o := p.operator(engine.Live)
	o.rounds(New(p.deps()))
	for _, line := range strings.Split(o.said(), "\n") {
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Fatalf("%U in %q", r, line)
			}
		}
	}
	if !strings.Contains(o.said(), `\\x1b[31mred`) {
		t.Error("the output of the provisioner is missing")
	}
	if got := p.resources(); len(got) != 1 {
		t.Errorf("state: %q", got)
	}
}

func TestEnvironment_ofTheShellChangesNothing(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
variable "x" {
  default = "from the configuration"
}
resource "terraform_data" "a" {
  input = var.x
}
`)
	p.apply("c1")
	p.environ = append(p.environ, p.shell()...)
	p.env.Terraform.Environment = []string{"TF_*", "AWS_*"}
	o := p.operator(engine.Live)
	o.mustStep(New(p.deps()), "plan")
	if !o.facts.PlanEmpty {
		t.Errorf("the environment changed the plan: %s", o.said())
	}
	if !strings.Contains(o.warnings(), "TF_WORKSPACE") {
		t.Errorf("nobody is told that TF_WORKSPACE does not count: %s", o.warnings())
	}
}

// shell is what a shell can hold that Terraform would heed.
func (p *project) shell() []string {
	return []string{
		"TF_CLI_ARGS=-bogus", "TF_CLI_ARGS_init=-bogus", "TF_CLI_ARGS_plan=-destroy", "TF_CLI_ARGS_apply=-destroy", "TF_CLI_ARGS_show=-bogus",
		"TF_VAR_x=other", "TF_DATA_DIR=/nonexistent", "TF_WORKSPACE=elsewhere", "TF_LOG=TRACE", "TF_LOG_CORE=TRACE",
		"TF_LOG_PATH=" + filepath.Join(p.dir, "terraform.log"), "TF_INPUT=1", "TF_REATTACH_PROVIDERS={}", "TF_IGNORE=TRACE",
		"TF_STATE_PERSIST_INTERVAL=3600", "TF_SKIP_REMOTE_TESTS=1", "TF_CLOUD_ORGANIZATION=other", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1",
		"TF_APPEND_USER_AGENT=x", "TF_IN_AUTOMATION=", "CHECKPOINT_DISABLE=",
	}
}

// TestEnvironment_ofTheShellChangesNoApply sets them between review and apply.
func TestEnvironment_ofTheShellChangesNoApply(t *testing.T) {
	t.Parallel()
	p := newProject(t, "variable \"x\" {\n  default = \"reviewed\"\n}\nresource \"terraform_data\" \"a\" {\n  input = var.x\n}\n")
	p.env.Terraform.Environment = []string{"TF_*"}
	o, tool := p.operator(engine.Live), New(p.deps())
	o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
		p.environ = append(p.environ, p.shell()...)
		return yes(q)
	}
	o.mustStep(tool, "plan")
	o.mustStep(tool, "apply")
	if len(o.refusals) > 0 || !strings.Contains(p.state(), `"reviewed"`) || exists(filepath.Join(p.dir, "terraform.log")) {
		t.Errorf("refusals %q, state %s", o.refusals, p.state())
	}
}

func TestVariables_reachTerraformAsArgumentsWould(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
variable "s" { type = string }
variable "n" { type = number }
variable "l" { type = list(string) }
variable "o" { type = object({ a = number }) }
variable "u" {}
variable "any" { type = any }
variable "f" { type = string }
resource "terraform_data" "a" {
  input = jsonencode({ s = var.s, n = var.n, l = var.l, o = var.o, u = var.u, any = var.any, f = var.f })
}
`)
	p.commits["c1"]["own.tfvars"] = "f = \"file\"\ns = \"overridden\"\n"
	p.env.Terraform.VarFiles = []string{"own.tfvars"}
	p.env.Terraform.Vars = map[string]string{
		"s": `a "q" \ ${x} %{y}` + "\nb", "n": "5", "l": `["x"]`, "o": `{a=1}`, "u": "05", "any": "true",
	}
	o := p.operator(engine.Live)
	o.rounds(New(p.deps()))
	want := `"input":{"value":"{\"any\":true,\"f\":\"file\",\"l\":[\"x\"],\"n\":5,\"o\":{\"a\":1},\"s\":\"a \\\"q\\\" \\\\ ${x} %{y}\\nb\",\"u\":\"05\"}"`
	got := strings.NewReplacer(" ", "", "\n", "").Replace(p.state())
	if !strings.Contains(got, strings.ReplaceAll(want, " ", "")) {
		t.Errorf("state:\n%s\nwant\n%s", got, want)
	}
}
