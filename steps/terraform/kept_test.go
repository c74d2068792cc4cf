package terraform

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	job "lockstep/steps/keep"
)

func TestApply_killedByTheOperatorIsUnknown(t *testing.T) {
	t.Parallel()
	p := newProject(t, `
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "echo running-${1 + 1}; while [ -d \"$DIR\" ] && [ ! -e \"$LOG.go\" ]; do sleep 0.05; done"
  }
}
`)
	log := filepath.Join(p.dir, "log")
	p.environ = append(p.environ, "LOG="+log, "DIR="+p.dir)
	p.env.Terraform.Environment = []string{"LOG", "DIR"}
	t.Cleanup(func() { writeFile(t, log+".go", "") })
	o := p.operator(engine.Live)
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	var once sync.Once
	press := func() {
		i := o.intents[0]
		s, err := job.Look(i.Facts["kept"].(string))
		if err != nil || s.Phase != job.Running || !s.Kept {
			t.Errorf("%+v %v", s, err)
		}
		if err := i.Force(engine.CancelNow); err == nil {
			t.Error("forced by what forces nothing")
		}
		if err := i.Force(engine.Kill); err != nil {
			t.Error(err)
		}
	}
	o.onEvent = func(ev engine.Event) {
		if w, ok := ev.(engine.OutputWritten); ok && strings.Contains(w.Lines[0].String(), "running-2") {
			once.Do(press)
		}
	}
	_, err := o.step(t.Context(), tool, runbook.KindApply)
	if !errors.Is(err, engine.ErrUnknown) || o.endings[0].Result != engine.Unknown {
		t.Errorf("got %v, %+v\n%s", err, o.endings, linesOf(err))
	}
}
