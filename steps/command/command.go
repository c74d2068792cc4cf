// Package command is the step that runs a program.
//
// The program is an argument list; no shell reads it. It runs in a folder below
// that of the runbook, from which no link may lead out, and sees a few variables
// that every program needs and those the runbook names. The values of the named
// ones are replaced by their names in what it prints. Standard input is empty.
//
// A program that has an effect is shown to the operator first, and the record
// says that it is about to start before it does. It is kept (see package keep): it
// goes on when Lockstep dies, and how it ended can be found out. One that only
// reads (effect: none) is neither asked for nor held back in a rehearsal.
//
// When time is up or the run is cancelled, the program and all it started are
// asked to end by SIGTERM. What only reads or can be repeated is killed after a
// grace of ten seconds. What is irreversible is never killed: the step waits for
// it, and says so.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/command/process"
	"lockstep/steps/keep"
)

// Grace is how long a program may take to end after it was asked to.
const Grace = 10 * time.Second

// Deps is what the step needs from outside. The zero value is ready to use.
type Deps struct {
	Environ func() []string // os.Environ when nil
	Grace   time.Duration   // Grace when zero
}

// Kit returns the builder of the step.
func Kit(d Deps) engine.Kit {
	if d.Environ == nil {
		d.Environ = os.Environ
	}
	if d.Grace <= 0 {
		d.Grace = Grace
	}
	return engine.Kit{runbook.KindCommand: func(s runbook.Step) (engine.Step, error) {
		c := *s.Command
		if len(c.Argv) == 0 || c.Argv[0] == "" {
			return nil, errors.New("argv names no program")
		}
		switch c.Effect {
		case runbook.EffectNone, runbook.EffectRepeatable, runbook.EffectIrreversible:
		case "":
			c.Effect = runbook.EffectIrreversible
		default:
			return nil, fmt.Errorf("there is no effect %q", safe.Show(string(c.Effect)))
		}
		return &step{deps: d, spec: c}, nil
	}}
}

type step struct {
	deps Deps
	spec runbook.Command
}

// Run asks when there is something to ask, and runs the program.
func (s *step) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	dir, err := within(op.Run().Folder, s.spec.Directory)
	if err != nil {
		return engine.Report{}, &engine.Problem{Err: err, Hint: "correct directory in the runbook"}
	}
	if s.spec.Effect == runbook.EffectNone {
		e, err := process.Run(ctx, s.process(op, dir))
		if !errors.Is(err, process.ErrNotStarted) {
			err = errors.Join(err, op.Evidence(safe.Sprintf("ran %s: %s", process.Quote(s.spec.Argv), e.Describe()), s.facts(dir, e), blob(e)))
		}
		return s.report(e, err)
	}
	a, err := op.Ask(ctx, s.question(dir, op.Run().Rehearsal()))
	switch {
	case err != nil:
		return engine.Report{}, err
	case a.Choice == "skip":
		return engine.Report{Summary: safe.Lit("skipped"), Result: engine.Skipped}, nil
	}
	// It is there before the intent names it: one that is missing later says nothing.
	kept, err := keep.Folder(op.Run().WorkDir, "command")
	if err != nil {
		return engine.Report{}, err
	}
	if op.Run().WorkDir == "" {
		defer func() { _ = os.RemoveAll(kept) }()
	}
	if err := keep.Make(kept); err != nil {
		return engine.Report{}, err
	}
	_, allowed := process.Environ(s.spec.Environment, s.deps.Environ())
	intent := engine.Intent{
		Effect: s.spec.Effect, What: safe.Sprintf("run %s", process.Quote(s.spec.Argv)),
		Facts: map[string]any{
			"argv": s.argv(), "dir": safe.Show(dir).String(), "kept": kept, "environment": slices.Sorted(maps.Keys(allowed)),
		},
		Force: forced(kept),
	}
	var e process.Ending
	_, err = op.Effect(ctx, intent, func(ctx context.Context) (engine.Ending, error) {
		var err error
		e, err = process.Keep(ctx, kept, s.process(op, dir))
		switch {
		case errors.Is(err, process.ErrNotStarted):
			return engine.Ending{Result: engine.Failed}, err
		case err != nil:
			return engine.Ending{}, fmt.Errorf("%w: %w", engine.ErrUnknown, err)
		}
		end := engine.Ending{Detail: e.Describe(), Facts: s.facts(dir, e), Blobs: []engine.Blob{blob(e)}}
		_, err = s.report(e, nil)
		return end, err
	})
	if errors.Is(err, engine.ErrRehearsed) {
		return engine.Report{Summary: safe.Lit("not run in a rehearsal")}, nil
	}
	return s.report(e, err)
}

// forced presses a program that is kept and all it started.
func forced(kept string) func(engine.Interrupt) error {
	return func(how engine.Interrupt) error {
		switch how {
		case engine.SecondInterrupt:
			return keep.SignalGroup(kept, syscall.SIGTERM)
		case engine.Kill:
			return keep.SignalGroup(kept, syscall.SIGKILL)
		}
		return errors.New("it cannot be forced that way")
	}
}

// process is the program, which tells what it prints.
func (s *step) process(op engine.Operator, dir string) process.Spec {
	env, allowed := process.Environ(s.spec.Environment, s.deps.Environ())
	return process.Spec{
		Argv: s.spec.Argv, Dir: dir, Env: env, Secrets: allowed,
		Grace: s.deps.Grace, Force: s.spec.Effect != runbook.EffectIrreversible,
		Lines: func(lines []safe.Text, dropped int) { op.Tell(engine.OutputWritten{Lines: lines, Dropped: dropped}) },
		Lingers: func(pid int) {
			op.Tell(engine.Warned{Text: safe.Sprintf("the program was asked to end and has not; it is irreversible, so it is waited for (process %d)", pid)})
		},
	}
}

// report says how the program ended; an exit code other than 0 is a failure
// that the operator may accept.
func (s *step) report(e process.Ending, err error) (engine.Report, error) {
	var p *engine.Problem
	switch {
	case errors.As(err, &p), errors.Is(err, engine.ErrUnknown):
		return engine.Report{}, err
	case errors.Is(err, process.ErrNotStarted):
		return engine.Report{}, &engine.Problem{Err: err, Hint: "look at argv in the runbook", Acceptable: true}
	case err != nil:
		return engine.Report{}, err
	case e.Exit != 0 || e.Asked:
		return engine.Report{}, &engine.Problem{
			Err:  fmt.Errorf("%s: %s", process.Quote(s.spec.Argv), e.Describe()),
			Hint: "look at what it printed", Lines: e.Output.Last(200), Acceptable: true,
		}
	}
	return engine.Report{Summary: e.Describe()}, nil
}

func (s *step) facts(dir string, e process.Ending) map[string]any {
	return map[string]any{
		"argv": s.argv(), "dir": safe.Show(dir).String(), "exit": e.Exit, "signal": e.Signal.String(),
		"took_ms": e.Took.Milliseconds(), "lines": e.Output.Lines, "bytes": e.Output.Bytes, "asked_to_end": e.Asked, "killed": e.Forced,
		"left_something_running": e.Left,
	}
}

func (s *step) argv() []string {
	out := make([]string, len(s.spec.Argv))
	for i, a := range s.spec.Argv {
		out[i] = safe.Show(a).String()
	}
	return out
}

func blob(e process.Ending) engine.Blob {
	return engine.Blob{Name: "output", Data: bytes.TrimRight(e.Output.Text(), "\n")}
}

// question shows what is about to run.
func (s *step) question(dir string, rehearsal bool) engine.Question {
	q := engine.Question{
		Kind: engine.AskCommand, Title: safe.Lit("Run this program?"),
		Body: []safe.Text{process.Quote(s.spec.Argv), safe.Sprintf("in %s", dir)},
		Choices: []engine.Choice{
			{ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Consequence: safe.Lit("it does not run, and the run ends")},
			{
				ID: "run", Tags: []string{"recommended"}, Key: "x", Label: safe.Lit("run it"), Recommended: true,
				Irreversible: s.spec.Effect == runbook.EffectIrreversible, Consequence: safe.Lit("it can be repeated without harm"),
			},
			{ID: "skip", Key: "k", Label: safe.Lit("go on without it"), NeedsReason: true, Consequence: safe.Lit("the reason is recorded")},
		},
	}
	if s.spec.Effect == runbook.EffectIrreversible {
		q.Choices[1].Consequence = safe.Lit("what it does cannot be undone")
	}
	if len(s.spec.Environment) > 0 {
		q.Body = append(q.Body, safe.Sprintf("with the variables %s", strings.Join(s.spec.Environment, ", ")))
	}
	if rehearsal {
		q.Body = append(q.Body, safe.Lit("This is a rehearsal: it will not run."))
	}
	return q
}

// within returns the folder dir below root. It must be there, and no link on
// the way may lead out of root.
func within(root, dir string) (string, error) {
	if dir == "" {
		dir = "."
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return "", fmt.Errorf("open the runbook's folder: %w", err)
	}
	defer func() { _ = r.Close() }()
	info, err := r.Stat(dir)
	switch {
	case err != nil:
		return "", fmt.Errorf("the folder %q of the program: %w", safe.Show(dir), err)
	case !info.IsDir():
		return "", fmt.Errorf("%q is not a folder", safe.Show(dir))
	}
	return filepath.Join(root, dir), nil
}
