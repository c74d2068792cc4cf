package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"lockstep/runbook"
	"lockstep/runbook/export"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A selection says which journals a command is about. Without anything it is
// all journals of this user.
type selection struct {
	settings *settings
	runbook  string
	env      string
	journal  string
}

// flags adds the flags of a selection to a command.
func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.runbook, "runbook", "", "only the environments of this runbook `file`")
	cmd.Flags().StringVar(&s.env, "env", "", "only this `environment`")
	cmd.Flags().StringVar(&s.journal, "journal", "", "the journal at this `path`, a folder or a file")
}

// paths returns the files of the journals that are selected. The list is empty
// when nothing was ever run.
func (s *selection) paths() ([]string, error) {
	switch {
	case s.journal != "" && (s.runbook != "" || s.env != ""):
		return nil, usagef("--journal says already which one; leave out --runbook and --env")
	case s.journal != "":
		path := s.journal
		st, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("open journal: %w", err)
		}
		if st.IsDir() {
			path = filepath.Join(path, journal.FileName)
		}
		return []string{path}, nil
	case s.runbook != "":
		return s.ofRunbook()
	}
	root, err := s.root()
	if err != nil {
		return nil, err
	}
	folders, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look for journals: %w", err)
	}
	var found []string
	for _, f := range folders {
		envs, err := os.ReadDir(filepath.Join(root, f.Name()))
		if err != nil {
			continue // not a folder
		}
		for _, e := range envs {
			path := filepath.Join(root, f.Name(), e.Name(), journal.FileName)
			if exists(path) && (s.env == "" || isEnvironment(e.Name(), s.env)) {
				found = append(found, path)
			}
		}
	}
	return found, nil
}

// isEnvironment reports whether a journal's folder is that of an environment.
func isEnvironment(folder, env string) bool {
	return filepath.Base(journal.StateDir(string(filepath.Separator), ".", env)) == folder
}

// root returns the folder that the journals are under.
func (s *selection) root() (string, error) {
	if s.settings.stateDir != "" {
		return s.settings.stateDir, nil
	}
	return journal.DefaultRoot()
}

// ofRunbook returns the journals of the environments of a runbook.
func (s *selection) ofRunbook() ([]string, error) {
	rb, err := runbook.Load(s.runbook)
	if err != nil {
		return nil, err
	}
	names := environmentNames(rb)
	if s.env != "" {
		if _, err := environmentOf(rb, s.env); err != nil {
			return nil, err
		}
		names = []string{s.env}
	}
	folder, err := filepath.Abs(filepath.Dir(s.runbook))
	if err != nil {
		return nil, fmt.Errorf("find the runbook's folder: %w", err)
	}
	var found []string
	for _, name := range names {
		dir := journal.StateDir(s.settings.stateDir, inFolder(folder, rb.Environments[name].Repository), name)
		if path := filepath.Join(dir, journal.FileName); exists(path) {
			found = append(found, path)
		}
	}
	return found, nil
}

// A run of a journal.
type journalRun struct {
	path string
	info journal.RunInfo
}

// runs returns the runs of the selected journals, oldest first. A journal that
// is damaged gives those before the damage, and the error says so besides.
func (s *selection) runs() ([]journalRun, error) {
	paths, err := s.paths()
	if err != nil {
		return nil, err
	}
	var all []journalRun
	var damage error
	for _, path := range paths {
		records, err := journal.Read(path)
		var torn *journal.TornError
		var bad *journal.CorruptError
		switch {
		case err == nil || errors.As(err, &torn): // being written, or cut off by a crash
		case errors.As(err, &bad):
			damage = errors.Join(damage, err)
		default:
			return nil, err
		}
		for _, info := range journal.Runs(records) {
			all = append(all, journalRun{path, info})
		}
	}
	slices.SortStableFunc(all, func(a, b journalRun) int {
		return cmp.Or(a.info.Start.Compare(b.info.Start), cmp.Compare(a.path, b.path))
	})
	return all, damage
}

// find returns the run with an id that is whole or its beginning, and the last
// run for "last" or "".
func (s *selection) find(id string) (journalRun, error) {
	all, err := s.runs()
	if len(all) == 0 {
		return journalRun{}, errors.Join(fmt.Errorf("%w: nothing was run yet", export.ErrNoRun), err)
	}
	if id == "" || id == "last" {
		return all[len(all)-1], nil
	}
	var found []journalRun
	for _, r := range all {
		if r.info.ID == id {
			return r, nil
		}
		if len(r.info.ID) > len(id) && r.info.ID[:len(id)] == id {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return journalRun{}, errors.Join(fmt.Errorf("%w: %q", export.ErrNoRun, safe.Show(id)), err)
	}
	return journalRun{}, usagef("%d runs start with %q", len(found), safe.Show(id))
}

// complete offers the ids of runs to the shell.
func (s *selection) complete(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := s.runs() // what can't be read can't be offered
	var out []string
	for _, r := range slices.Backward(all) {
		out = append(out, fmt.Sprintf("%s\t%s %s %s", safe.Show(r.info.ID), safe.Show(r.info.Environment), safe.Show(r.info.Mode), safe.Show(r.info.Result)))
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// environmentNames returns the names of a runbook's environments, sorted.
func environmentNames(rb *runbook.Runbook) []string {
	return slices.Sorted(maps.Keys(rb.Environments))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
