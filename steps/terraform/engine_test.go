package terraform

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// chosen stands for the steps that pick the commit.
type chosen struct{ commit string }

func (c chosen) Run(_ context.Context, op engine.Operator) (engine.Report, error) {
	op.Facts().Commit = &engine.Candidate{Hash: c.commit, Short: c.commit}
	op.Facts().Head = c.commit
	return engine.Report{}, nil
}

// TestEngine_goesChangeByChangeAndKeepsNoSecret runs the real engine with a real
// journal and looks for secrets in every byte that is left.
func TestEngine_goesChangeByChangeAndKeepsNoSecret(t *testing.T) {
	t.Parallel()
	const token = "c4n4ry-engine-token"
	p := newProject(t, `
variable "token" {
  sensitive = true
}
resource "terraform_data" "a" {
  input = var.token
}
resource "terraform_data" "b" {
  triggers_replace = "1"
  input            = terraform_data.a.id
}
`)
	p.environ = append(p.environ, "TOKEN="+token)
	p.env.Terraform.Vars = map[string]string{"token": "${TOKEN}"}
	p.apply("c1")
	p.commit("c2", strings.TrimPrefix(p.commits["c1"]["main.tf"], backendBlock)+`
resource "terraform_data" "c" {
  input = "${nonsensitive(var.token)} in the clear"
  provisioner "local-exec" {
    command = "echo ${nonsensitive(var.token)}"
  }
}
`)
	p.commits["c2"]["main.tf"] = strings.Replace(p.commits["c2"]["main.tf"], `triggers_replace = "1"`, `triggers_replace = "2"`, 1)

	dir := t.TempDir()
	j, err := journal.Open(dir, journal.Options{Log: "lockstep/production"})
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	e := mustEngine(t, p.config(New(p.deps()), "c2", j, work, oneByOne()))
	o := p.operator(engine.Live) // only to keep what is told
	ask := asked(func(q engine.Question) { answer(t, e, q) })
	result, err := toTheEnd(t, e, func(ev engine.Envelope) {
		o.keep(ev)
		ask(ev)
	})
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if result != engine.OK || err != nil {
		t.Fatalf("%s %v", result, err)
	}
	if got := p.resources(); len(got) != 3 {
		t.Errorf("state %q", got)
	}
	if strings.Contains(o.said(), token) {
		t.Error("the token was told")
	}
	files, blobs := 0, 0
	err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		files++
		if strings.Contains(string(raw), token) {
			t.Errorf("%s holds the token", path)
		}
		if strings.Contains(string(raw), "provision_progress") {
			blobs++
		}
		return err
	})
	if err != nil || files < 4 || blobs == 0 {
		t.Errorf("%d files, %d logs of an apply with its output, %v", files, blobs, err)
	}
	if _, err := os.Stat(work); !os.IsNotExist(err) {
		t.Errorf("the work folder, which holds plans, is left: %v", err)
	}
}

func answer(t *testing.T, e *engine.Engine, q engine.Question) {
	a := engine.Answer{Question: q.ID, Digest: q.Digest}
	switch q.Kind {
	case engine.AskChange:
		a.Choice, a.Item = "take", q.Payload.(engine.PlanReview).Changes[0].ID
		for i := range q.Payload.(engine.PlanReview).Plan.Resources {
			if _, err := e.Fetch(t.Context(), engine.Request{Question: q.ID, What: "resource", Index: i}); err != nil {
				t.Error(err)
			}
		}
	case engine.AskApply:
		a.Choice, a.Typed = "apply", q.Choices[1].Typed
	case engine.AskNext:
		a.Choice = "continue"
	default:
		t.Errorf("asked %s: %s", q.Kind, q.Title)
		a.Choice = q.Choices[0].ID
	}
	if err := e.Answer(a); err != nil {
		t.Errorf("%s: %v", q.Kind, err)
	}
}
