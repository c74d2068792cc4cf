package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbooks/sandbox/provider"
)

// bound is a configuration that rests on everything that can be tampered with.
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

// A tampering is something that happens after the plan was shown.
type tampering struct {
	name   string
	do     func(x *target) (undo func())
	expect string // in what the operator is told
}

// refuse applies the plan while it is tampered with, and wants a refusal.
func (x *target) refuse(c tampering, between func(tamper func())) {
	t := x.t
	t.Helper()
	planned := x.planned
	x.o.facts.Plan, x.o.refusals, x.o.binds, x.o.intents = &planned, nil, nil, nil
	var undo func()
	var state string
	between(func() { undo = c.do(x); state = x.state() })
	effects := x.read("effects")
	_, err := x.o.step(t.Context(), x.tool, runbook.KindApply)
	text := fmt.Sprint(err) + "\n" + linesOf(err)
	if undo == nil {
		t.Errorf("%s: it was never done: %v", c.name, err)
		return
	}
	if !errors.Is(err, engine.ErrStale) || !strings.Contains(text, c.expect) || !strings.Contains(text, "Plan again") {
		t.Errorf("%s: it says\n%s", c.name, text)
	}
	if strings.Contains(text, "c4n4ry") {
		t.Errorf("%s: it tells a secret\n%s", c.name, text)
	}
	if len(x.o.refusals) != 1 || len(x.o.binds) != 1 || x.o.facts.Plan != nil || x.session().work != nil {
		t.Errorf("%s: refusals %q, %d binds, plan %v", c.name, x.o.refusals, len(x.o.binds), x.o.facts.Plan)
	}
	if exists(x.at("ran")) {
		t.Errorf("%s: a program that was put there was run", c.name)
	}
	if x.read("effects") != effects || x.state() != state {
		t.Errorf("%s: it was applied", c.name)
	}
	undo()
}

func TestApproval_holdsForAllThatRuns(t *testing.T) {
	t.Parallel()
	all := tamperings()
	if len(all) < 30 {
		t.Fatalf("only %d", len(all))
	}
	const lanes = 2
	for lane := range lanes {
		t.Run(fmt.Sprint("part ", lane+1), func(t *testing.T) {
			t.Parallel()
			x := newTarget(t)
			for i, c := range all {
				if i%lanes != lane {
					continue
				}
				x.refuse(c, func(tamper func()) {
					x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
						tamper()
						return yes(q)
					}
				})
				if n := len(x.o.intents); n > 0 {
					t.Errorf("%s: %d intents", c.name, n)
				}
			}
			x.control()
		})
	}
}

// control applies the plan that nobody tampered with.
func (x *target) control() {
	x.t.Helper()
	x.o.take[engine.AskApply] = yes
	planned := x.planned
	x.o.facts.Plan, x.o.refusals = &planned, nil
	x.o.mustStep(x.tool, runbook.KindApply)
	if got := x.read("effects"); got != "v1\nv2\n" || len(x.o.refusals) > 0 {
		x.t.Errorf("effects %q, refusals %q", got, x.o.refusals)
	}
}

// TestApproval_isLookedAtOnceMoreWhenTerraformStarts tampers after the answer was
// checked, when the intent is written.
func TestApproval_isLookedAtOnceMoreWhenTerraformStarts(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	done := 0
	for _, c := range tamperings() {
		if !strings.HasPrefix(c.name, "late ") {
			continue
		}
		done++
		x.refuse(c, func(tamper func()) {
			x.o.take[engine.AskApply] = yes
			x.o.onIntent = tamper
		})
		x.o.onIntent = nil
		if end := x.o.endings[len(x.o.endings)-1]; len(x.o.intents) != 1 || end.Result != engine.Failed || end.Facts["started"] != false {
			t.Errorf("%s: %d intents, ending %+v", c.name, len(x.o.intents), end)
		}
	}
	if done < 12 {
		t.Errorf("only %d", done)
	}
	x.control()
}

// TestApproval_isLookedAtAfterTheStateWasRead tampers while Terraform tells the
// state, which is the last that is asked before the start.
func TestApproval_isLookedAtAfterTheStateWasRead(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	script := filepath.Join(x.w.top, "deploy.sh")
	x.refuse(tampering{"while the state is read", func(x *target) func() {
		undo := x.put(script, x.commits["v2"]["deploy.sh"]) // to bring it back
		writeFile(t, x.at("during"), "echo '# x' >> "+script+"\n")
		return func() { x.must(os.Remove(x.at("during"))); undo() }
	}, `"deploy.sh" was changed`}, func(tamper func()) {
		x.o.take[engine.AskApply] = yes
		x.o.onIntent = tamper
	})
	if len(x.o.intents) != 1 {
		t.Errorf("%d intents: it was found before the last look", len(x.o.intents))
	}
	x.o.onIntent = nil
	x.control()
}

// TestApproval_namesAllThatMovedAtOnce also says what it was and what it is.
func TestApproval_namesAllThatMovedAtOnce(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	both := tampering{"three at once", func(x *target) func() {
		a := x.append(filepath.Join(x.w.top, "deploy.sh"))
		b := x.setenv("APP_REGION", "elsewhere")
		was := x.env.Terraform.Parallelism
		x.env.Terraform.Parallelism = 3
		return func() { a(); b(); x.env.Terraform.Parallelism = was }
	}, "the number of workers was 10 and is 3"}
	x.refuse(both, func(tamper func()) {
		x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
			tamper()
			return yes(q)
		}
	})
	for _, want := range []string{`"deploy.sh"`, "the environment variable APP_REGION has another value", "the number of workers was 10 and is 3"} {
		if !strings.Contains(x.o.refusals[0], want) {
			t.Errorf("%q is missing in %q", want, x.o.refusals[0])
		}
	}
	x.control()
}

// TestApproval_isRecordedBeforeTheQuestion looks at the record.
func TestApproval_isRecordedBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	asked := false
	x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
		asked = true
		if len(x.o.binds) != 1 {
			t.Fatalf("%d records", len(x.o.binds))
		}
		return engine.Answer{Choice: "stop"}
	}
	if _, err := x.o.step(t.Context(), x.tool, runbook.KindApply); !errors.Is(err, engine.ErrDeclined) || !asked {
		t.Fatal(err)
	}
	things := x.o.binds[0]
	for _, name := range recordNames {
		if things[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for name, group := range map[string]string{"token": "variables", "count_": "variables", "loud": "variables", "APP_REGION": "environment", "path": "backend"} {
		value, _ := things[group].(map[string]any)[name].(string)
		if !strings.HasPrefix(value, "hmac:") || len(value) != len("hmac:")+keptDigits {
			t.Errorf("%s is recorded as %q", name, value)
		}
	}
	for _, secret := range []string{"c4n4ry", x.statePath()} {
		if strings.Contains(fmt.Sprint(things), secret) {
			t.Errorf("%q is in the record", secret)
		}
	}
	if a, b := x.session().keyed([]byte("true")), newSession(x.tool.deps, x.o.run).keyed([]byte("true")); a == b {
		t.Error("two runs have the same key")
	}
}

// TestApproval_costs says what taking down everything costs, for people.
func TestApproval_costs(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	s := x.session()
	p := s.plans[x.planned.Plan.Digest]
	var before *binding
	for _, d := range []struct {
		depth depth
		name  string
	}{{basis, "after the plan"}, {full, "before the question"}, {gate, "after the answer"}, {last, "before the start"}} {
		began := time.Now()
		b, err := s.look(t.Context(), p, d.depth, before)
		if err != nil {
			t.Fatal(err)
		}
		before = b
		t.Logf("%s: %v", d.name, time.Since(began).Round(time.Millisecond))
	}
}
