package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

func commandOf(argv ...string) *runbook.Probe {
	return &runbook.Probe{Name: "c", Command: &runbook.CommandProbe{Argv: argv}}
}

func TestCommand_everyTroubleHasItsOwnWord(t *testing.T) {
	d := Deps{Folder: t.TempDir()}
	printing := commandOf("printf", "%s", "all is well\x1b[31m")
	printing.Command.Output = "all is well"
	expect(t, measure(t, printing, d), engine.Pass, "ok", "exit 0")
	printing.Command.Output = "trouble"
	expect(t, measure(t, printing, d), engine.Fail, "wrong output", `it said: all is well\x1b[31m`)
	expect(t, measure(t, commandOf("false"), d), engine.Fail, "wrong exit", "exit 1; expected 0")
	expect(t, measure(t, commandOf("no-such-program-here"), d), engine.Inconclusive, "not started", "no program")
	slow := commandOf("sleep", "600")
	slow.Timeout = runbook.Duration(50 * time.Millisecond)
	expect(t, measure(t, slow, d), engine.Fail, "timeout", "still running")
}

func TestCommand_isNoShellAndSeesFewVariables(t *testing.T) {
	d := Deps{Folder: t.TempDir(), Environ: func() []string { return []string{"PATH=/usr/bin:/bin", "AWS_SECRET=canary"} }}
	literal := commandOf("printf", "%s", "$(id); $HOME")
	literal.Command.Output = "$(id); $HOME"
	expect(t, measure(t, literal, d), engine.Pass, "ok", "")
	env := commandOf("env")
	env.Command.Output = "canary"
	m := measure(t, env, d)
	expect(t, m, engine.Fail, "wrong output", "")
	if strings.Contains(m.Got.String(), "canary;") {
		t.Errorf("got %q", m.Got)
	}
}

func TestNoChanges_countsWhatIsLeft(t *testing.T) {
	p := &runbook.Probe{Name: "plan", NoChanges: &runbook.NoChangesProbe{}}
	with := func(n int, err error) Deps {
		return Deps{NoChanges: func(context.Context) (int, safe.Text, error) { return n, safe.Lit("1 create"), err }}
	}
	expect(t, measure(t, p, with(0, nil)), engine.Pass, "ok", "no changes")
	expect(t, measure(t, p, with(1, nil)), engine.Fail, "changes", "1 left: 1 create")
	expect(t, measure(t, p, with(0, errors.New("state locked"))), engine.Inconclusive, "cannot plan", "state locked")
	expect(t, measure(t, p, Deps{}), engine.Inconclusive, "cannot plan", "no Terraform plan")
}
