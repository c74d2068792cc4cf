// Package steps puts the steps of a runbook together: for each kind the package
// that does it, with what it needs from the others. The steps know each other
// only through here and through the facts of the run.
package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/steps/announce"
	"lockstep/steps/command"
	"lockstep/steps/git"
	"lockstep/steps/manual"
	"lockstep/steps/probe"
	"lockstep/steps/terraform"
	"lockstep/steps/terraform/origin"
	"lockstep/steps/verify"
)

// A Wiring is what a run's steps need from whoever starts the run.
type Wiring struct {
	Runbook   *runbook.Runbook // with the probes of the run's environment
	Folder    string           // that relative paths of the runbook start from
	Terraform string           // used instead of what the environment says, when set
	Rescue    string           // folder for states that Terraform could not save
	Stdout    io.Writer        // for announcements to standard output
	// Verified says when a commit was verified in an environment, as the journals
	// of this machine know it. It may be nil.
	Verified func(environment, commit string) (time.Time, bool)
	// Head returns the digest of the journal's last record, for announcements.
	Head func() string
	// Attempted reports whether an announcement may have reached a channel before.
	Attempted func(id, channel string) bool
}

// NewKit returns the builders of all kinds of step, and the probers that measure
// beside them for as long as the run lasts.
func NewKit(w Wiring) (engine.Kit, []engine.Prober, error) {
	tool := terraform.New(terraform.Deps{
		Open: func(env *runbook.Environment, folder string) (terraform.Source, error) {
			return source{env, folder}, nil
		},
		Binary: w.Terraform,
		Rescue: w.Rescue,
	})
	hub, err := probe.NewHub(w.Runbook, w.Folder, probe.Deps{})
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the probes: %w", err)
	}
	kit := engine.Kit{}
	for _, part := range []engine.Kit{
		git.Kit(git.Deps{Verified: w.Verified}),
		tool.Kit(),
		verify.Kit(verify.Deps{Hub: hub, NoChanges: tool.Left}),
		announce.Kit(announce.Deps{Stdout: w.Stdout, Head: w.Head, Attempted: w.Attempted}),
		manual.Kit(manual.Deps{Hub: hub}),
		command.Kit(command.Deps{}),
	} {
		maps.Copy(kit, part)
	}
	return kit, hub.Probers(), nil
}

// A source opens the repository for each checkout, so that none of its files
// stays open while Terraform works.
type source struct {
	env    *runbook.Environment
	folder string
}

func (s source) Checkout(ctx context.Context, commit, head string, inputs []string, into string) (tree string, err error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Checkout(ctx, commit, head, inputs, into)
}

// History opens the repository to trace a plan to its commits.
func (s source) History(context.Context) (origin.History, error) {
	r, err := git.Open(s.env, s.folder)
	if err != nil {
		return nil, err
	}
	return r, nil
}

var _ origin.Historian = source{}
