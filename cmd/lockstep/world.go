package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"lockstep/runbook/answers"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox"
)

// A world is the sandbox of a demo, with staging brought up to date.
type world struct {
	o        demoOptions
	say      io.Writer
	box      *sandbox.Sandbox
	journals string // root of the journals, which outlive the sandbox
}

// make builds the sandbox and has Lockstep itself bring staging to the head of
// the branch, commit by commit, so that production may follow.
func (w *world) make(ctx context.Context, tell func(safe.Text)) error {
	box, err := sandbox.New(ctx, w.o.Options, func(what string, done, total int) {
		tell(safe.Sprintf("sandbox %d of %d: %s", done, total, what))
	})
	if err != nil {
		return err
	}
	w.box, w.journals = box, box.StateRoot()
	if !w.o.Keep {
		if w.journals, err = os.MkdirTemp("", "lockstep-journals-"); err != nil {
			return fmt.Errorf("make a folder for the journals: %w", err)
		}
	}
	// Terraform finds the provider by these; the runbook lets them through.
	for _, v := range box.Env() {
		name, value, _ := strings.Cut(v, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	candidates := box.History().Candidates()
	for i, c := range candidates {
		tell(safe.Sprintf("staging %d of %d: %s", i+1, len(candidates), c.Subject))
		if _, err := w.deploy(ctx, "staging", stagingAnswers(), io.Discard, false); err != nil {
			return fmt.Errorf("bring staging to %s: %w", c.Hash, err)
		}
	}
	return nil
}

// target says what a run in the sandbox is for.
func (w *world) target(env string, mode engine.Mode, stdout io.Writer) target {
	return target{
		runbook: w.box.RunbookPath(), environment: env, mode: mode, stateDir: w.journals,
		terraform: w.o.Terraform, stdout: stdout, demo: true,
	}
}

// deploy runs the runbook once with scripted answers.
func (w *world) deploy(ctx context.Context, env string, a *answers.Answers, out io.Writer, asJSON bool) (ending, error) {
	var later bytes.Buffer
	t := w.target(env, engine.Live, &later)
	rb, _, err := loadTarget(t)
	if err != nil {
		return ending{}, err
	}
	if err := complete(a, rb, env); err != nil {
		return ending{}, err
	}
	end := drive(ctx, func(ctx context.Context) (*session, error) { return openSession(ctx, t) }, teller(a, out, asJSON, w.export), w.say)
	if end.err == nil && end.result != engine.OK {
		end.err = fmt.Errorf("it ended as %q: %s", end.result, end.summary.Sentence)
	}
	_, werr := io.Copy(out, &later)
	return end, errors.Join(end.err, werr)
}

// export is the command that hands a run to somebody, during the demo and after it.
func (w *world) export(run string) safe.Text {
	return safe.Sprintf("lockstep export %s --format md --state-dir %s", safe.Show(run), safe.Show(w.journals))
}

// close ends the sandbox and says what is left of it.
func (w *world) close(out io.Writer) error {
	if w.box == nil {
		return nil
	}
	err := w.box.Close()
	if w.o.Keep {
		fmt.Fprintf(out, "the sandbox's files are in %s; its servers are gone\n", safe.Show(w.box.Dir()))
	}
	fmt.Fprintf(out, "what was recorded: lockstep runs --state-dir %s\n", safe.Show(w.journals))
	return err
}
