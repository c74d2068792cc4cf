package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/safe"
	"lockstep/steps/command/process"
)

// commandGrace is how long a program that only reads may take to end.
const commandGrace = 2 * time.Second

func newCommand(p *runbook.CommandProbe, d Deps) (func(context.Context) verdict, safe.Text, error) {
	if len(p.Argv) == 0 || p.Argv[0] == "" {
		return nil, safe.Text{}, errors.New("argv names no program")
	}
	environ := d.Environ
	if environ == nil {
		environ = os.Environ
	}
	look := func(ctx context.Context) verdict {
		env, _ := process.Environ(nil, environ())
		e, err := process.Run(ctx, process.Spec{Argv: p.Argv, Dir: d.Folder, Env: env, Grace: commandGrace, Force: true})
		switch {
		case errors.Is(err, process.ErrNotStarted):
			return unsure(safe.Lit("not started"), safe.Show(err.Error()))
		case err != nil:
			return unsure(safe.Lit("error"), safe.Show(err.Error()))
		case e.Asked:
			return fail(safe.Lit("timeout"), safe.Sprintf("it was still running; %s", e.Describe()))
		case e.Exit != p.Exit:
			return fail(safe.Lit("wrong exit"), safe.Sprintf("%s; expected %d%s", e.Describe(), p.Exit, last(e.Output)))
		case p.Output != "" && !e.Output.Contains(p.Output):
			return fail(safe.Lit("wrong output"), safe.Sprintf("%d lines that do not hold %q%s", e.Output.Lines, p.Output, last(e.Output)))
		}
		return pass(e.Describe())
	}
	return look, process.Quote(p.Argv), nil
}

// last quotes the last line of an output, shortened to what fits a row.
func last(o process.Output) string {
	lines := o.Last(1)
	if len(lines) == 0 || lines[0].IsEmpty() {
		return ""
	}
	line := []rune(lines[0].String())
	if len(line) > 120 {
		line = append(line[:119], '…')
	}
	return fmt.Sprintf("; it said: %s", string(line))
}
