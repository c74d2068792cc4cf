package terraform

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
)

const replaced = `
resource "terraform_data" "cert" {
  triggers_replace = "v1"
  lifecycle {
    create_before_destroy = true
  }
}
resource "terraform_data" "user" {
  input = terraform_data.cert.id
}
`

func TestPlan_keepsTheOldObjectUntilItsUsersAreSwitched(t *testing.T) {
	t.Parallel()
	p := newProject(t, replaced)
	p.apply("c1")
	p.commit("c2", strings.Replace(replaced, `"v1"`, `"v2"`, 1))
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	if got := o.facts.Plan.Plan.Targets; !slices.Equal(got, []string{"terraform_data.user"}) {
		t.Fatalf("targets %q: the replaced object must not be a target itself", got)
	}
	if !strings.Contains(o.warnings(), "terraform_data.cert: the old object is kept aside") {
		t.Errorf("warnings: %s", o.warnings())
	}
	o.mustStep(tool, runbook.KindApply)
	if got, want := p.resources(), []string{"cert", "cert deposed", "user"}; !slices.Equal(got, want) {
		t.Errorf("after the first change the state holds %q, want %q", got, want)
	}
	o.mustStep(tool, runbook.KindPlan)
	if r := o.facts.Plan.Plan.Resources; len(r) != 1 || r[0].Deposed == "" || r[0].Action != plan.Delete {
		t.Errorf("the second plan holds %+v", r)
	}
	o.mustStep(tool, runbook.KindApply)
	o.mustStep(tool, runbook.KindPlan)
	if got, want := p.resources(), []string{"cert", "user"}; !o.facts.PlanEmpty || !slices.Equal(got, want) {
		t.Errorf("empty %t, state %q", o.facts.PlanEmpty, got)
	}
}

func TestPlan_movesComeFirst(t *testing.T) {
	t.Parallel()
	p := newProject(t, before)
	p.apply("c1")
	p.commit("c2", strings.ReplaceAll(before, `"old"`, `"renamed"`)+`
moved {
  from = terraform_data.old
  to   = terraform_data.renamed
}
resource "terraform_data" "more" {}
`)
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		changes := q.Payload.(engine.PlanReview).Changes
		return engine.Answer{Choice: "take", Item: changes[len(changes)-1].ID}
	}
	tool := New(p.deps())
	_, err := o.step(t.Context(), tool, runbook.KindPlan)
	if err == nil || !strings.Contains(err.Error(), "has moved from terraform_data.old") {
		t.Errorf("another change before the move: %v", err)
	}
	o.take[engine.AskChange] = recommended
	titles := o.rounds(tool)
	if len(titles) != 2 || !strings.Contains(titles[0], "move terraform_data.renamed") {
		t.Errorf("titles %q", titles)
	}
	if got, want := p.resources(), []string{"base", "more", "renamed", "user"}; !slices.Equal(got, want) {
		t.Errorf("state %q, want %q", got, want)
	}
}

func TestPlan_targetsKeysWithQuotes(t *testing.T) {
	t.Parallel()
	const keys = `
resource "terraform_data" "base" {
  input = "v1"
}
resource "terraform_data" "k" {
  for_each = toset(["a\"b", "a\\b", "$${x}", "ünï", "a b"])
  input    = "${terraform_data.base.output} ${each.key}"
}
`
	p := newProject(t, keys)
	p.apply("c1")
	p.commit("c2", strings.Replace(keys, `"v1"`, `"v2"`, 1))
	o := p.operator(engine.Live)
	o.facts.Commit.Hash = "c2"
	titles := o.rounds(New(p.deps()))
	if len(titles) != 2 || len(p.resources()) != 6 {
		t.Errorf("titles %q, state %q", titles, p.resources())
	}
}

func TestApply_oneLineOfTwoMegabytes(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "a" {
  input = 1
  provisioner "local-exec" {
    command = "head -c 2000000 /dev/zero | tr '\\0' x; echo; echo end"
  }
}
output "big" {
  value = join("", [for i in range(1000) : "${i} ${join("", [for j in range(200) : "0123456789"])}"])
}
`)
	o := p.operator(engine.Live)
	o.rounds(New(p.deps()))
	var bytes int
	var end bool
	for _, ev := range o.events {
		if w, ok := ev.(engine.OutputWritten); ok {
			for _, l := range w.Lines {
				bytes += strings.Count(l.String(), "x")
				end = end || strings.HasSuffix(l.String(), ": end")
			}
		}
	}
	if bytes == 0 || !end {
		t.Errorf("%d bytes of the line were seen, end %t", bytes, end)
	}
}

func TestApply_cancelSendsOneInterruptAndKeepsTheState(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "first" {}
resource "terraform_data" "slow" {
  input = terraform_data.first.id
  provisioner "local-exec" {
    command = <<-EOT
      trap 'echo INTERRUPTED >> "$LOG"' INT
      echo started >> "$LOG"
      echo provisioner is running
      while [ ! -e "$LOG.go" ]; do sleep 0.05; done
      echo ended >> "$LOG"
    EOT
  }
}
resource "terraform_data" "never" {
  input = terraform_data.slow.id
}
`)
	log := filepath.Join(p.dir, "log")
	p.environ = append(p.environ, "LOG="+log)
	p.env.Terraform.Environment = []string{"LOG"}
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	o.onEvent = func(ev engine.Event) {
		if w, ok := ev.(engine.OutputWritten); ok && strings.Contains(w.Lines[0].String(), "provisioner is running") {
			cancel(engine.ErrStopped)
			writeFile(t, log+".go", "")
		}
	}
	_, err := o.step(ctx, tool, runbook.KindApply)
	if !errors.Is(err, engine.ErrStopped) {
		t.Errorf("got %v\n%s", err, linesOf(err))
	}
	if got := p.resources(); !slices.Contains(got, "first") || slices.Contains(got, "never") {
		t.Errorf("state %q", got)
	}
	if matches, _ := filepath.Glob(filepath.Join(filepath.Dir(p.statePath()), "*.lock.info")); len(matches) > 0 {
		t.Errorf("the lock is left: %q", matches)
	}
	end := o.endings[0]
	if end.Result != engine.Stopped || end.Facts["exit"] != 1 || end.Facts["serial"].(int64) == 0 {
		t.Errorf("ending %+v", end)
	}
	var never engine.ApplyState
	var items []engine.ApplyItem
	for _, ev := range o.events {
		switch ev := ev.(type) {
		case engine.ApplyStarted:
			items = ev.Items
		case engine.ResourceMoved:
			if items[ev.Item].Address.String() == "terraform_data.never" {
				never = ev.State
			}
		}
	}
	if never != engine.NotStarted {
		t.Errorf("what did not get its turn is %q", never)
	}
}

// failingBackend is an http backend that takes no state.
func failingBackend(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch r.Method {
		case http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodPost:
			w.WriteHeader(http.StatusInsufficientStorage)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestApply_keepsAStateThatCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"file", "print"} {
		p := newProject(t, before)
		p.commits["c1"]["main.tf"] = "terraform {\n  backend \"http\" {}\n}\n" + before
		if way == "print" {
			// Terraform cannot write its file where there is a folder, and prints.
			p.commits["c1"]["errored.tfstate/in-the-way"] = ""
		}
		p.env.Terraform.Backend = map[string]string{"address": failingBackend(t), "retry_max": "0"}
		o := p.operator(engine.Live)
		o.take[engine.AskSettle] = func(engine.Question) engine.Answer { return engine.Answer{Choice: "stop"} }
		tool := New(p.deps())
		o.mustStep(tool, runbook.KindPlan)
		_, err := o.step(t.Context(), tool, runbook.KindApply)
		if err == nil || !strings.Contains(err.Error(), "the state could not be saved") {
			t.Fatalf("%s: got %v", way, err)
		}
		kept, gerr := filepath.Glob(filepath.Join(p.dir, "rescued", "*-errored.tfstate"))
		if gerr != nil || len(kept) != 1 {
			t.Fatalf("%s: kept %q, %v", way, kept, gerr)
		}
		info, serr := os.Stat(kept[0])
		raw, rerr := os.ReadFile(kept[0])
		if serr != nil || rerr != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(raw), `"lineage"`) || !strings.Contains(string(raw), "terraform_data") {
			t.Errorf("%s: %v %v %v %.200s", way, info, serr, rerr, raw)
		}
		if text := linesOf(err); !strings.Contains(text, kept[0]) || !strings.Contains(text, "state push") || !strings.Contains(o.warnings(), kept[0]) {
			t.Errorf("%s: the operator is not told where it is: %s", way, text)
		}
		if strings.Contains(o.said(), "check_results") {
			t.Errorf("%s: the state itself was told or recorded", way)
		}
	}
}
