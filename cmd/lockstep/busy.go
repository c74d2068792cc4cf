package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
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

// unfinished looks at the last run that was to have effects on an environment. When
// nobody knows what became of one of them, there must be no new run; when that run
// just was not finished, the new one says that it stays so.
func unfinished(t target, path string) ([]safe.Text, error) {
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
	// It may hold a plan and a checkout, and so secrets.
	if err := os.RemoveAll(filepath.Join(filepath.Dir(path), workName, last.ID)); err != nil {
		return nil, fmt.Errorf("remove the work folder of run %s: %w", safe.Show(last.ID), err)
	}
	return []safe.Text{safe.Sprintf("run %s of %s was not finished; nothing of it is unknown, and it will not be resumed",
		safe.Show(last.ID), safe.Show(last.Start.UTC().Format("2006-01-02 15:04 MST")))}, nil
}
