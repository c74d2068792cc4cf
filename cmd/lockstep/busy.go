package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform"
)

// busy says of a journal that is locked which run has the environment, what that run
// is doing, and how to get to it.
func busy(ctx context.Context, t target, env, dir string, err error) error {
	var locked *journal.LockedError
	if !errors.As(err, &locked) || locked.Run == "" {
		return err
	}
	words := fmt.Sprintf("%s is busy: run %s of %s on %s has it since %s (process %d)", safe.Show(env), safe.Show(locked.Run), safe.Show(locked.User),
		safe.Show(locked.Host), locked.Since.UTC().Format("2006-01-02 15:04:05 MST"), locked.PID)
	p := &engine.Problem{Hint: hint(err)}
	live := findLive(ctx, dir)
	switch {
	case live != nil && live.status != nil:
		words += fmt.Sprintf("; it %s", doing(*live.status))
	case locked.Doing != "":
		words += fmt.Sprintf("; it is at %s", safe.Show(locked.Doing))
	}
	if live != nil {
		p.Hint = commandFor("attach", live.Run, t.stateDir) + " shows that run; only one at a time can work on an environment"
	}
	p.Err = errors.New(words)
	return p
}

// superseded looks at the last run that was to have effects on an environment. As
// long as that can be resumed there is no new run, unless it is given up by name. It
// returns the run that is given up, or nil.
func superseded(t target, path string) (*journal.RunInfo, error) {
	if t.mode != engine.Live || t.resume {
		return nil, nil
	}
	records, err := journal.Read(path)
	if err != nil {
		return nil, err
	}
	var last *journal.RunInfo
	runs := journal.Runs(records)
	for i := range runs {
		if runs[i].Mode == string(engine.Live) {
			last = &runs[i]
		}
	}
	switch {
	case last == nil || last.Closed:
		return nil, nil
	case len(last.Unknown) > 0:
		return nil, &engine.Problem{
			Err: fmt.Errorf("run %s was interrupted while it changed %s, and nobody knows how that ended (%s without an outcome)",
				safe.Show(last.ID), safe.Show(last.Environment), count(len(last.Unknown), "effect")),
			Hint: fmt.Sprintf("%s finds out and goes on; %s tells what it did", commandFor("resume", last.ID, t.stateDir), commandFor("show", last.ID, t.stateDir)),
		}
	}
	if last.ID != t.giveUp {
		return nil, &engine.Problem{
			Err: fmt.Errorf("run %s of %s on %s was interrupted and is not finished", safe.Show(last.ID),
				safe.Show(last.Start.UTC().Format("2006-01-02 15:04 MST")), safe.Show(last.Environment)),
			Hint: fmt.Sprintf("%s goes on with it; lockstep run --give-up %s gives it up and starts anew", commandFor("resume", last.ID, t.stateDir), safe.Show(last.ID)),
		}
	}
	return last, nil
}

// giveUp closes a run that will not be resumed and removes what was kept for that.
// It returns what the new run has to say about it.
func giveUp(j *journal.Journal, t target, old *journal.RunInfo, states string) ([]safe.Text, error) {
	notes := []safe.Text{safe.Sprintf("run %s of %s was not finished, and was given up for this one; nothing of it is unknown",
		safe.Show(old.ID), safe.Show(old.Start.UTC().Format("2006-01-02 15:04 MST")))}
	if _, err := j.Append(journal.Draft{Run: old.ID, Kind: journal.KindClose, Actor: actor(t.operator), Body: journal.CloseBody{
		Result: string(engine.Stopped), Summary: safe.Lit("It was interrupted, and given up for a new run."),
	}}); err != nil {
		return nil, err
	}
	if _, err := terraform.CloseRun(states, old.ID, engine.Stopped); err != nil {
		return nil, fmt.Errorf("remove the copies of the state of run %s: %w", safe.Show(old.ID), err)
	}
	note, err := clearWork(filepath.Dir(j.Path()), old.ID)
	if err != nil {
		return nil, fmt.Errorf("remove the work folder of run %s: %w", safe.Show(old.ID), err)
	}
	if !note.IsEmpty() {
		notes = append(notes, note)
	}
	return notes, nil
}

// clearWork removes the work folder of a run that will not be resumed: it may hold a
// plan and a checkout, and so secrets. It stays when it holds the only copy of a
// state that Terraform could not save, and the note says so.
func clearWork(dir, run string) (note safe.Text, err error) {
	if !filepath.IsLocal(run) {
		return note, nil // no folder of ours
	}
	work := filepath.Join(dir, workName, run)
	rescued := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, rescuedName, "*"))
	if err != nil {
		return note, err
	}
	for _, f := range files {
		if raw, err := os.ReadFile(f); err == nil {
			rescued[string(raw)] = true
		}
	}
	only := ""
	err = filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || only != "" || d.Name() != "errored.tfstate" || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil && len(raw) > 0 && !rescued[string(raw)] {
			only = path
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return note, nil
	case err != nil:
		return note, err
	case only != "":
		return safe.Sprintf("the work folder of run %s is kept, with its secrets: %s is the only copy of a state that Terraform could not save", safe.Show(run), safe.Show(only)), nil
	}
	return note, os.RemoveAll(work)
}
