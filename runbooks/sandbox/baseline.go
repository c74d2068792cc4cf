package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lockstep/runbooks/sandbox/history"
)

// applyBaseline makes both environments be what they are locked to, at the same
// time, with the real Terraform. Certificates are issued without a wait meanwhile.
func (s *Sandbox) applyBaseline(ctx context.Context, step func(string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(environments))
	for i, env := range environments {
		wg.Go(func() {
			if errs[i] = s.applyTo(ctx, env, step); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	// When one fails, the other says no more than that it was cancelled.
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

func (s *Sandbox) applyTo(ctx context.Context, env string, step func(string)) error {
	work := filepath.Join(s.o.Dir, "baseline", env)
	defer os.RemoveAll(work)
	if err := history.Export(s.RepoDir(), s.repo.Baseline(), work); err != nil {
		return err
	}
	root := filepath.Join(work, "environments", env)
	if err := s.run(ctx, root, env, "init", "-input=false", "-backend-config=path="+s.TerraformState(env)); err != nil {
		return err
	}
	step(env + ": Terraform is ready")
	if err := s.run(ctx, root, env, "apply", "-input=false", "-auto-approve"); err != nil {
		return err
	}
	step(env + ": deployed")
	return nil
}

// run runs Terraform and waits for it. When ctx ends, Terraform is interrupted
// once, so that it ends its provider and writes its state.
func (s *Sandbox) run(ctx context.Context, dir, env string, args ...string) error {
	cmd := exec.CommandContext(ctx, s.o.Terraform, append(args, "-no-color")...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	cmd.Env = s.Env()
	for _, v := range os.Environ() {
		// TF_… of the person at the keyboard is about other things than the sandbox.
		if !strings.HasPrefix(v, "TF_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	for name, value := range s.Vars(env) {
		cmd.Env = append(cmd.Env, "TF_VAR_"+name+"="+value)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("deploy the baseline to %s: %w", env, ctx.Err())
	case err != nil:
		return fmt.Errorf("deploy the baseline to %s: terraform %s: %w\n%s", env, args[0], err, said.String())
	}
	return nil
}
