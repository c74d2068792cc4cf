package export

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// ErrNoRun says that a journal holds no such run.
var ErrNoRun = errors.New("no such run")

// A source is a journal and the run of it that is told about.
type source struct {
	dir     string
	path    string
	records []journal.Record // of the run
	locks   []journal.Record // under which it was written
	info    journal.RunInfo
	verdict journal.Verdict
	damage  error // why records may be missing, or nil
}

// open reads the journal at path, which is its file or its folder, and finds
// the run in it.
func open(path, run string) (*source, error) {
	s := &source{path: path}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		s.path = filepath.Join(path, journal.FileName)
	}
	s.dir = filepath.Dir(s.path)
	all, err := journal.Read(s.path)
	var bad *journal.CorruptError
	var torn *journal.TornError
	switch {
	case errors.As(err, &bad):
		s.damage = err
	case err != nil && !errors.As(err, &torn):
		return nil, err
	}
	if s.verdict, err = journal.Verify(s.path); err != nil {
		return nil, err
	}
	if s.info, err = Find(all, run); err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Run == s.info.ID {
			s.records = append(s.records, r)
		}
	}
	s.locks = locksOf(all, s.records)
	return s, nil
}

// Find returns the run with the given id, or the only one whose id starts like
// that, or the last run when it is "last" or empty. The error wraps [ErrNoRun].
func Find(records []journal.Record, run string) (journal.RunInfo, error) {
	runs := journal.Runs(records)
	if len(runs) == 0 {
		return journal.RunInfo{}, fmt.Errorf("%w: the journal holds none", ErrNoRun)
	}
	if run == "" || run == "last" {
		return runs[len(runs)-1], nil
	}
	var found []journal.RunInfo
	for _, r := range runs {
		if r.ID == run {
			return r, nil
		}
		if strings.HasPrefix(r.ID, run) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return journal.RunInfo{}, fmt.Errorf("%w: %q", ErrNoRun, safe.Show(run))
	case 1:
		return found[0], nil
	}
	return journal.RunInfo{}, fmt.Errorf("%w: %d runs start with %q", ErrNoRun, len(found), safe.Show(run))
}
