package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/install"
)

func newResumeCommand(s *settings) *cobra.Command {
	sel := &selection{settings: s}
	v := &viewing{}
	var terraform, operator string
	cmd := &cobra.Command{
		Use:     "resume [RUN]",
		GroupID: groupDeploy,
		Short:   "Go on with a run whose runner died",
		Long: `Resume goes on with a run that was interrupted: a machine or a runner died. RUN is the id
of the run or how it begins; without it, the last unfinished run is taken.

Steps that are finished are not repeated, but for two looks: before the pin is written,
whether the plan is empty and the last verification passes. An effect that was started
and has no outcome in the journal is unknown: what is left of it is looked at, the
evidence is shown, and where it does not prove what happened you decide; it is never
repeated by itself. A plan is always made and approved anew.

It needs the same runbook, byte for byte, on the same machine. It refuses when the run
goes on, was closed or was a rehearsal, and when a later run changed the environment.

With --answers, what became of an effect is answered by what is found:
  settle.reconciled-applied: { choose: done, reason: the state has it }`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: sel.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			v.stateDir = s.stateDir
			t, err := sel.interrupted(cmd.Context(), first(args))
			if err != nil {
				return err
			}
			t.terraform, t.operator = terraform, operator
			return deploy(cmd, t, *v)
		},
	}
	sel.flags(cmd)
	cmd.Flags().StringVar(&terraform, "terraform", "", "`path` of Terraform (default $"+install.Variable+", else what the runbook says)")
	cmd.Flags().StringVar(&operator, "operator", "", "`name` that is recorded (default the user of this process)")
	v.flags(cmd)
	return cmd
}

// interrupted returns the target of the run that is to be resumed.
func (s *selection) interrupted(ctx context.Context, id string) (target, error) {
	r, err := s.unfinished(id)
	if err != nil {
		return target{}, err
	}
	dir := filepath.Dir(r.path)
	if live := findLive(ctx, dir); live != nil && live.Run == r.info.ID {
		return target{}, &engine.Problem{Err: fmt.Errorf("run %s goes on", safe.Show(live.Run)), Hint: commandFor("attach", live.Run, s.settings.stateDir) + " shows it"}
	}
	records, err := readTorn(r.path)
	if err != nil {
		return target{}, err
	}
	past, err := readPast(records, r.info.ID, dir)
	if err != nil {
		return target{}, err
	}
	if err := mayResume(records, past, s.settings.stateDir); err != nil {
		return target{}, err
	}
	path := s.runbook
	if path == "" {
		path = past.Runbook
		if n := readNote(dir); n != nil && n.Run == r.info.ID && n.Runbook != "" {
			path = n.Runbook
		}
	}
	t := target{
		runbook: path, environment: past.Environment, mode: engine.Live, stateDir: s.settings.stateDir, run: past.Run, resume: true,
	}
	_, env, err := loadTarget(t)
	if err != nil {
		if s.runbook == "" {
			err = &engine.Problem{Err: err, Hint: "name the runbook that the run was started with by --runbook FILE"}
		}
		return target{}, err
	}
	if _, there, err := placesOf(t, env); err != nil || there != dir {
		return target{}, errors.Join(err, fmt.Errorf("by the runbook %s the journal is in %s, and that of run %s is in %s", safe.Show(path), there, safe.Show(past.Run), dir))
	}
	return t, nil
}

// unfinished returns the run with an id, or the last one that is not finished.
func (s *selection) unfinished(id string) (journalRun, error) {
	if id != "" {
		return s.find(id)
	}
	all, err := s.runs()
	last := map[string]journalRun{} // by journal
	for _, r := range all {
		if r.info.Mode == string(engine.Live) {
			last[r.path] = r
		}
	}
	var found []journalRun
	for _, r := range all {
		if last[r.path].info.ID == r.info.ID && !r.info.Closed {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var names []string
		for _, r := range found {
			names = append(names, safe.Sprintf("%s (%s)", safe.Show(r.info.ID), safe.Show(r.info.Environment)).String())
		}
		return journalRun{}, usagef("several runs are not finished, name one: %s", strings.Join(names, ", "))
	}
	return journalRun{}, errors.Join(&engine.Problem{Err: errors.New("there is no run that could be resumed"), Hint: "lockstep runs lists the runs and how they ended"}, err)
}

// readTorn reads a journal whose writer may have died within a line.
func readTorn(path string) ([]journal.Record, error) {
	records, err := journal.Read(path)
	var torn *journal.TornError
	if errors.As(err, &torn) {
		err = nil
	}
	return records, err
}

func readPast(records []journal.Record, run, dir string) (*engine.Past, error) {
	return engine.ReadPast(records, run, func(ref journal.BlobRef) ([]byte, error) { return journal.ReadBlob(dir, ref) })
}

// mayResume says why a run cannot be resumed, as far as its journal tells.
func mayResume(records []journal.Record, past *engine.Past, stateDir string) error {
	id := safe.Show(past.Run)
	runs := journal.Runs(records)
	var info journal.RunInfo
	var later *journal.RunInfo
	for i, r := range runs {
		switch {
		case r.ID == past.Run:
			info, later = r, nil
		case r.Mode == string(engine.Live):
			later = &runs[i]
		}
	}
	host, _ := os.Hostname()
	switch {
	case past.Mode != engine.Live:
		return &engine.Problem{Err: fmt.Errorf("run %s was a rehearsal and changed nothing; there is nothing to resume", id), Hint: "lockstep rehearse starts another"}
	case past.Closed:
		return &engine.Problem{Err: fmt.Errorf("run %s is closed: it ended as %q", id, safe.Show(info.Result)), Hint: commandFor("show", past.Run, stateDir) + " tells it; lockstep run starts another"}
	case later != nil:
		return &engine.Problem{
			Err:  fmt.Errorf("run %s came after run %s on %s, so that one cannot go on", safe.Show(later.ID), id, safe.Show(past.Environment)),
			Hint: commandFor("show", later.ID, stateDir) + " tells what it did",
		}
	case info.Actor.Host != host:
		return &engine.Problem{
			Err:  fmt.Errorf("run %s was started on %s, and this is %s: what is left of it is there", id, safe.Show(info.Actor.Host), safe.Show(host)),
			Hint: "resume it on that machine",
		}
	}
	return nil
}

// pastOf reads the past of the run that a target resumes, from the journal that is
// ours by now; nil for a new run.
func pastOf(t target, rb *runbook.Runbook, path string) (*engine.Past, error) {
	if !t.resume {
		return nil, nil
	}
	records, err := journal.Read(path)
	if err != nil {
		return nil, err
	}
	past, err := readPast(records, t.run, filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := mayResume(records, past, t.stateDir); err != nil {
		return nil, err
	}
	if past.Digest != rb.Digest {
		return nil, &engine.Problem{
			Err:  fmt.Errorf("the runbook %s was changed since run %s was started with %s", safe.Show(rb.File), safe.Show(past.Run), safe.Show(past.Runbook)),
			Hint: asItWas(past, filepath.Dir(path)),
		}
	}
	return past, nil
}

// asItWas says how to get the runbook of a run back.
func asItWas(past *engine.Past, dir string) string {
	kept := filepath.Join(dir, workName, filepath.Base(past.Run), keptRunbook)
	if exists(kept) {
		return fmt.Sprintf("keep yours aside, and bring back that one for this run: cp %s %s", safe.Show(kept), safe.Show(past.Runbook))
	}
	return fmt.Sprintf("bring back the bytes whose SHA-256 is %s, or name the file that has them by --runbook", safe.Show(past.Digest))
}
