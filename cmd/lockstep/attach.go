package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// attaching are the flags of attach.
type attaching struct {
	sel      selection
	view     viewing
	take     string
	watch    bool
	operator string
}

func newAttachCommand(s *settings) *cobra.Command {
	a := &attaching{sel: selection{settings: s}}
	cmd := &cobra.Command{
		Use:     "attach [RUN]",
		GroupID: groupDeploy,
		Short:   "Come back to a run that goes on, or watch it",
		Long: `Attach shows a run that goes on in its runner, from its first event on. RUN is the id
of the run or how it begins; it may be left out when only one goes on.

The first screen to come holds the answers when nobody does; every other one
watches. To answer although somebody else holds them, take them with a reason, which
is recorded: --take REASON. With --watch the answers are left alone.

Detaching, a closed terminal and a signal end the screen and not the run: the step in
flight ends, and nothing new starts before somebody holds the answers again.

The exit code is that of the run when it ends, as with lockstep run, and 0 when you
detach.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.sel.completeLive,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.view.stateDir = s.stateDir
			return a.run(cmd, first(args))
		},
	}
	a.sel.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&a.take, "take", "", "take the answers from whoever holds them, for this `reason`")
	f.BoolVar(&a.watch, "watch", false, "only watch, even when nobody holds the answers")
	f.StringVar(&a.operator, "operator", "", "`name` that is recorded (default the user of this process)")
	a.view.flags(cmd)
	return cmd
}

func (a *attaching) run(cmd *cobra.Command, id string) error {
	switch {
	case a.watch && a.take != "":
		return usagef("--watch leaves the answers alone and --take takes them; choose one")
	case a.watch && a.view.answers != "":
		return usagef("--watch answers nothing, so leave out --answers")
	case cmd.Flags().Changed("take") && strings.TrimSpace(a.take) == "":
		return usagef("--take needs a reason; it is recorded")
	}
	script, err := a.view.load()
	if err != nil {
		return err
	}
	live, err := a.sel.live(cmd.Context(), id)
	if err != nil {
		return err
	}
	watch, err := a.view.watcher(cmd, script, engine.Live)
	if err != nil {
		return err
	}
	dial := func(ctx context.Context) (*seat, error) {
		s, err := live.dial(ctx, hello(a.operator, "", a.watch), a.sel.settings.stateDir)
		// A script that only watches would wait for ever. The answers may be kept for a
		// screen that never came; then nobody holds them, and taking needs no reason.
		if err != nil || a.take == "" && (script == nil || s.client.Holds()) {
			return s, err
		}
		if err := s.client.Take(a.take); err != nil {
			s.client.Close()
			return nil, fmt.Errorf("take the answers: %w", err)
		}
		return s, nil
	}
	return follow(cmd.Context(), dial, watch, cmd.OutOrStdout(), cmd.ErrOrStderr())
}

// lives returns the runs of the selected journals that go on.
func (s *selection) lives(ctx context.Context) ([]*liveRun, error) {
	paths, err := s.paths()
	if err != nil {
		return nil, err
	}
	var out []*liveRun
	for _, path := range paths {
		if l := findLive(ctx, filepath.Dir(path)); l != nil {
			out = append(out, l)
		}
	}
	return out, nil
}

// live returns the run that goes on with an id that is whole or its beginning, or
// the only one.
func (s *selection) live(ctx context.Context, id string) (*liveRun, error) {
	all, err := s.lives(ctx)
	if err != nil {
		return nil, err
	}
	var found []*liveRun
	for _, l := range all {
		if strings.HasPrefix(l.Run, id) {
			found = append(found, l)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var names []string
		for _, l := range found {
			names = append(names, safe.Sprintf("%s (%s)", safe.Show(l.Run), safe.Show(filepath.Base(l.dir))).String())
		}
		return nil, usagef("several runs go on, name one: %s", strings.Join(names, ", "))
	case id == "":
		return nil, &engine.Problem{Err: errors.New("no run goes on"), Hint: "lockstep runs lists those that were; lockstep run starts one"}
	}
	r, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return nil, notLive(r, s.settings.stateDir)
}

// notLive says why there is nothing to attach to.
func notLive(r journalRun, stateDir string) error {
	id := safe.Show(r.info.ID)
	switch {
	case r.info.Closed:
		return &engine.Problem{Err: fmt.Errorf("run %s has ended as %q", id, safe.Show(r.info.Result)), Hint: commandFor("show", r.info.ID, stateDir) + " tells it"}
	case isRunning(r):
		return fmt.Errorf("run %s goes on within the command that started it, and nobody can attach to it", id)
	case r.info.Mode != string(engine.Live):
		return fmt.Errorf("run %s was a rehearsal, and does not go on", id)
	}
	return &engine.Problem{Err: fmt.Errorf("run %s does not go on: its runner is gone", id), Hint: commandFor("resume", r.info.ID, stateDir) + " finds out what became of it and goes on"}
}

// completeLive offers the runs that go on to the shell.
func (s *selection) completeLive(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	all, _ := s.lives(ctx) // what can't be read can't be offered
	var out []string
	for _, l := range all {
		out = append(out, fmt.Sprintf("%s\t%s", safe.Show(l.Run), safe.Show(filepath.Base(l.dir))))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
