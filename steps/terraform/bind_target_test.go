package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbooks/sandbox/provider"
)

// boundMain is a configuration that rests on everything that can be tampered with.
const boundMain = `
terraform {
  required_providers {
    sandbox = { source = "` + provider.Source + `" }
  }
}
variable "token" {}
variable "count_" { type = number }
variable "loud" { type = bool }
variable "own" {}
variable "outside" {}
module "part" {
  source = "./part"
}
resource "terraform_data" "a" {
  input = [var.count_, var.loud, var.own, var.outside, "VERSION"]
}
resource "terraform_data" "run" {
  triggers_replace = terraform_data.a.input
  provisioner "local-exec" {
    command = "sh ${path.module}/deploy.sh"
  }
}
`

// A target is a plan that waits for its approval, and all it rests on.
type target struct {
	*project
	o       *operator
	tool    *Tool
	w       *workplace
	planned engine.Planned
	effects string // written to by what is applied
	other   string // a saved plan of another commit

	offBranch, otherInputs bool // what the branch says
}

// Standing makes a target a source that knows where the branch is.
func (x *target) Standing(context.Context, string, string, []string) (on, same bool, err error) {
	return !x.offBranch, !x.otherInputs, nil
}

func newTarget(t *testing.T) *target {
	p := newProject(t, "")
	x := &target{project: p, effects: filepath.Join(p.dir, "effects")}
	p.environ = append(p.environ, "TOKEN=c4n4ry-token", "COUNT=7", "LOUD=true", "APP_REGION=here", "STATE="+p.statePath())
	p.env.Inputs = []string{"own.tfvars"}
	p.env.Terraform.Vars = map[string]string{"token": "${TOKEN}", "count_": "${COUNT}", "loud": "${LOUD}"}
	p.env.Terraform.Environment = []string{"APP_*"}
	p.env.Terraform.Backend = map[string]string{"path": "${STATE}"}
	p.env.Terraform.VarFiles = []string{"own.tfvars", x.at("outside.tfvars")}
	writeFile(t, x.at("outside.tfvars"), "outside = 1\n")
	for _, version := range []string{"v1", "v2", "v3"} {
		p.commits[version] = map[string]string{
			"main.tf":      backendBlock + strings.Replace(boundMain, "VERSION", version, 1),
			"part/main.tf": `resource "terraform_data" "p" {}`,
			"deploy.sh":    fmt.Sprintf("echo %s >> %s\n", version, x.effects),
			"own.tfvars":   "own = 1\n",
			"notes":        "-> deploy.sh", // a link
		}
	}
	x.writeRunbook()
	x.installTerraform()
	x.installProvider()
	p.apply("v1")
	if got := x.read("effects"); got != "v1\n" {
		t.Fatalf("effects %q", got)
	}
	x.plan("v3")
	x.other = x.at("other.plan")
	if err := os.Rename(x.planned.File, x.other); err != nil {
		t.Fatal(err)
	}
	x.plan("v2")
	return x
}

func (x *target) at(name string) string { return filepath.Join(x.dir, name) }

func (x *target) read(name string) string {
	x.t.Helper()
	raw, err := os.ReadFile(x.at(name))
	if err != nil {
		x.t.Fatal(err)
	}
	return string(raw)
}

// plan plans a commit whole.
func (x *target) plan(commit string) {
	x.o = x.operator(engine.Live)
	x.o.facts.Commit = &engine.Candidate{Hash: commit, Short: commit}
	raw := x.read("lockstep.yaml")
	sum := sha256.Sum256([]byte(raw))
	x.o.run.Runbook.File, x.o.run.Runbook.Digest = x.at("lockstep.yaml"), hex.EncodeToString(sum[:])
	x.o.take[engine.AskChange] = func(engine.Question) engine.Answer {
		return engine.Answer{Choice: everything, Reason: "one test, one plan"}
	}
	deps := x.deps()
	deps.Open = func(*runbook.Environment, string) (Source, error) { return x, nil }
	x.tool = New(deps)
	x.o.mustStep(x.tool, runbook.KindPlan)
	x.planned = *x.o.facts.Plan
	x.w = x.session().plans[x.planned.Plan.Digest].work
}

func (x *target) session() *session { return x.tool.session(x.o) }

func (x *target) writeRunbook() {
	writeFile(x.t, x.at("lockstep.yaml"), "lockstep: 1\n")
}

// installTerraform puts a script in the place of Terraform that starts it. It
// says another version when it is told to, and runs what is in the file "during"
// while the state is read.
func (x *target) installTerraform() {
	x.t.Helper()
	real, err := exec.LookPath("terraform")
	if err != nil {
		x.t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = version ] && [ -f %[1]s/version.json ] && exec cat %[1]s/version.json\n[ \"$1\" = state ] && [ -f %[1]s/during ] && . %[1]s/during\nexec %[2]s \"$@\"\n", x.dir, real)
	if err := os.WriteFile(x.at("terraform"), []byte(script), 0o700); err != nil {
		x.t.Fatal(err)
	}
	x.env.Terraform.Binary = x.at("terraform")
}

// installProvider makes a mirror with a provider that no resource uses: a script
// that starts the provider of the sandbox, which is this test.
func (x *target) installProvider() {
	x.t.Helper()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, x.at(provider.FileName))
	}
	if err != nil {
		x.t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n# a provider\n", x.at(provider.FileName))
	for _, name := range []string{"mirror", "elsewhere"} {
		dir := filepath.Join(x.at(name), filepath.FromSlash(provider.Source), provider.Version, osArch())
		if err := os.MkdirAll(dir, 0o700); err != nil {
			x.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, provider.FileName), []byte(script), 0o700); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := os.MkdirAll(x.at("own"), 0o700); err != nil {
		x.t.Fatal(err)
	}
	writeFile(x.t, x.at("own/terraform-provider-mine"), "mine\n")
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"example.com/own/mine\" = %q\n  }\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		x.at("own"), x.at("mirror"))
	writeFile(x.t, x.at("terraform.tfrc"), config)
	for i, nv := range x.environ {
		if strings.HasPrefix(nv, "TF_CLI_CONFIG_FILE=") {
			x.environ[i] = "TF_CLI_CONFIG_FILE=" + x.at("terraform.tfrc")
		}
	}
}

// mirrored is the provider as it lies in the mirror.
func (x *target) mirrored() string {
	return filepath.Join(x.at("mirror"), filepath.FromSlash(provider.Source), provider.Version, osArch(), provider.FileName)
}
