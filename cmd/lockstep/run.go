package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lockstep/runbook/engine"
	"lockstep/steps/terraform/install"
)

// defaultRunbook is what is run when no runbook is named.
const defaultRunbook = "lockstep.yaml"

func newRunCommand(s *settings) *cobra.Command {
	cmd := newDeployCommand(s, engine.Live)
	cmd.Use = "run [RUNBOOK]"
	cmd.Short = "Deploy: pick a commit, review, apply one change at a time, verify, announce"
	cmd.Long = `Run walks through the steps of a runbook for one environment. Without a name the
runbook is lockstep.yaml in this folder. Nothing is applied before you have seen
the exact plan and said yes to it; every question, answer and effect is recorded.

With --answers it needs no terminal: the questions are answered from a file, and
it does not start when one of them would have no answer. The file says what is
answered to each kind of question, or to that of one step by its id:

  lockstep-answers: 1
  answers:
    pick_commit: { choose: take, item: next }
    review_diff: { choose: continue, acknowledge: all }
    plan:        { choose: take }
    apply:       { choose: apply, typed: production }
    next_change: { choose: continue }
    verify:      { choose: stop }
    record_pin:  { choose: write }
    announce:    { choose: send }
    failure:     { choose: stop }
    unknown:     { choose: stop }

The exit code is 0 when the run is done or there was nothing to deploy, 1 when it
failed, 2 when it was called wrongly, 3 when you declined or stopped it, 4 when an
effect started and nobody knows how it ended.`
	return cmd
}

func newRehearseCommand(s *settings) *cobra.Command {
	cmd := newDeployCommand(s, engine.Rehearsal)
	cmd.Use = "rehearse [RUNBOOK]"
	cmd.Short = "The same without any effect: nothing is applied, sent or written"
	cmd.Long = `Rehearse walks through the same steps as run, with the same screens and questions,
for the same environment. It reads, plans and measures, and it changes nothing:
no apply, no announcement, no pin. The journal says that it was a rehearsal.`
	return cmd
}

func newDeployCommand(s *settings, mode engine.Mode) *cobra.Command {
	t := target{mode: mode}
	v := viewing{}
	cmd := &cobra.Command{
		GroupID: groupDeploy,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.runbook = defaultRunbook
			if len(args) > 0 {
				t.runbook = args[0]
			}
			t.stateDir, v.stateDir = s.stateDir, s.stateDir
			return deploy(cmd, t, v)
		},
	}
	cmd.Flags().StringVar(&t.environment, "env", "", "the `environment` that is deployed to; may be left out when there is only one")
	cmd.Flags().StringVar(&t.terraform, "terraform", "", "`path` of Terraform (default $"+install.Variable+", else what the runbook says)")
	cmd.Flags().StringVar(&t.operator, "operator", "", "`name` that is recorded (default the user of this process)")
	if mode == engine.Live {
		cmd.Flags().StringVar(&t.giveUp, "give-up", "", "start anew although the last `run`, with this id, was interrupted; it cannot be resumed then")
	}
	v.flags(cmd)
	return cmd
}

// deploy runs a runbook and says in its exit code how that ended.
func deploy(cmd *cobra.Command, t target, v viewing) error {
	script, err := v.script(t)
	if err != nil {
		return err
	}
	v.endStops = true
	watch, err := v.watcher(cmd, script, t.mode)
	if err != nil {
		return err
	}
	if t.terraform == "" {
		t.terraform = os.Getenv(install.Variable)
	}
	if t.mode == engine.Live {
		dial := func(ctx context.Context) (*seat, error) { return start(ctx, t) }
		return follow(cmd.Context(), dial, watch, cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	// What a channel says to standard output waits until the screen has closed.
	var later bytes.Buffer
	t.stdout = &later
	end := drive(cmd.Context(), func(ctx context.Context) (*session, error) { return openSession(ctx, t) }, watch, cmd.ErrOrStderr())
	_, werr := io.Copy(cmd.OutOrStdout(), &later)
	return errors.Join(end.asError(), werr)
}

// start starts a runner and attaches to it.
func start(ctx context.Context, t target) (*seat, error) {
	_, env, err := loadTarget(t)
	if err != nil {
		return nil, err
	}
	_, dir, err := placesOf(t, env)
	if err != nil {
		return nil, err
	}
	o := order{
		Run: t.run, Resume: t.resume, Runbook: t.runbook, Environment: env.Name, StateDir: t.stateDir, Terraform: t.terraform,
		Operator: t.operator, Key: rand.Text(), GiveUp: t.giveUp,
	}
	if o.Run == "" {
		o.Run = newRunID()
	}
	note, err := launch(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	s, err := note.dial(ctx, hello(t.operator, o.Key, false), t.stateDir)
	if err != nil {
		back := commandFor("attach", o.Run, t.stateDir)
		if live := findLive(ctx, dir); live == nil {
			back = "its runner is gone; " + commandFor("resume", o.Run, t.stateDir) + " goes on with it"
		}
		return nil, &engine.Problem{Err: fmt.Errorf("run %s was started, but no screen came to it: %w", o.Run, err), Hint: back}
	}
	return s, nil
}

// asError returns what the exit code is made of.
func (e ending) asError() error {
	switch {
	case e.session == nil, e.err == nil && e.result == engine.OK:
		return e.err
	case e.err == nil && e.result == engine.Unknown:
		return engine.ErrUnknown
	}
	return &runError{e.result, e.err}
}

// toolsDir is where a Terraform that Lockstep installed is kept.
func toolsDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(base, "lockstep", "bin"), nil
}
