package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"lockstep/runbook"
	"lockstep/runbook/answers"
	"lockstep/runbook/attach"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui"
	"lockstep/tui/plain"
)

// viewing is how a run is shown and answered.
type viewing struct {
	plain   bool
	json    bool
	answers string // path of a file, or ""

	stateDir string // for the command that exports the run
	endStops bool   // the end of an input that is no terminal stops the run
}

func (v *viewing) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&v.plain, "plain", false, "lines and prompts instead of a screen, for screen readers and dumb terminals")
	cmd.Flags().BoolVar(&v.json, "json", false, "print one event a line as JSON; needs --answers")
	cmd.Flags().StringVar(&v.answers, "answers", "", "answer the questions from this `file` instead of asking")
}

// script reads the answers and refuses to start when a question of the runbook
// would have none. It returns nil when a person answers.
func (v *viewing) script(t target) (*answers.Answers, error) {
	a, err := v.load()
	if a == nil || err != nil {
		return nil, err
	}
	rb, env, err := loadTarget(t)
	if err != nil {
		return nil, err
	}
	return a, complete(a, rb, env.Name)
}

// load reads the answers of a script, if there are any.
func (v *viewing) load() (*answers.Answers, error) {
	if v.answers == "" {
		if v.json {
			return nil, usagef("--json prints events and asks nothing, so it needs --answers")
		}
		return nil, nil
	}
	a, err := answers.Load(v.answers)
	if err != nil {
		return nil, &engine.Problem{Err: err, Hint: "lockstep run --help shows what a file with answers holds"}
	}
	return a, nil
}

// complete reports the questions of a run that have no answer.
func complete(a *answers.Answers, rb *runbook.Runbook, env string) error {
	missing := runbook.Problems(a.Missing(rb, env))
	if len(missing) == 0 {
		return nil
	}
	return &usageError{fmt.Errorf("nothing was started, because the answers are not complete:\n%w", &missing), "lockstep run"}
}

// watcher returns what shows the run.
func (v *viewing) watcher(cmd *cobra.Command, a *answers.Answers, mode engine.Mode) (watcher, error) {
	out := cmd.OutOrStdout()
	switch {
	case a != nil:
		return teller(a, out, v.json, v.export), nil
	case v.plain, os.Getenv("TERM") == "dumb":
		return prompted(cmd.InOrStdin(), out, plain.Options{Export: v.export, EndStops: v.endStops && !isTerminal(cmd.InOrStdin())}), nil
	}
	if !isTerminal(cmd.InOrStdin()) || !isTerminal(out) {
		return nil, &usageError{errors.New("there is no terminal to show the run on and to ask questions; use --plain or --answers FILE"), "lockstep run"}
	}
	o := tui.Options{Colour: colour(), Mode: mode, Export: v.export}
	return func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error {
		return tui.Start(ctx, prepare, o)
	}, nil
}

// teller returns what answers from a script and tells what happens meanwhile.
func teller(a *answers.Answers, out io.Writer, asJSON bool, export func(string) safe.Text) watcher {
	tell := func(ctx context.Context, c engine.Console) error {
		if asJSON {
			return plain.JSON(ctx, c, out)
		}
		return plain.Tell(ctx, c, out, plain.Options{Export: export})
	}
	return func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error {
		c, err := prepare(ctx)
		if err != nil {
			return err
		}
		told := make(chan error, 1)
		go func() { told <- tell(ctx, c) }()
		asked := c
		if attached, ok := c.(*attach.Client); ok {
			asked = attached.Open()
		}
		stuck := a.Drive(ctx, asked)
		return errors.Join(stuck, <-told)
	}
}

// prompted asks with lines and prompts.
func prompted(in io.Reader, out io.Writer, o plain.Options) watcher {
	return func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error {
		c, err := prepare(ctx)
		if err != nil {
			return err
		}
		return plain.Run(ctx, c, in, out, o)
	}
}

// export is the command that hands a run to somebody.
func (v *viewing) export(run string) safe.Text {
	if v.stateDir != "" {
		return safe.Sprintf("lockstep export %s --format md --state-dir %s", safe.Show(run), safe.Show(v.stateDir))
	}
	return safe.Sprintf("lockstep export %s --format md", safe.Show(run))
}

// colour reports whether the operator wants colours: https://no-color.org
func colour() bool { return os.Getenv("NO_COLOR") == "" }

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
