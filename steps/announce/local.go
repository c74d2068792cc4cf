package announce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// appendTo writes a message at the end of a file below the runbook's folder. It
// is on the disk when there is no error.
func appendTo(folder, name string, now func() time.Time) func(context.Context, message) error {
	return func(_ context.Context, m message) (err error) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return &neverSentError{fmt.Errorf("open the runbook's folder: %w", err)}
		}
		defer func() { _ = root.Close() }()
		f, err := root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return &neverSentError{fmt.Errorf("open the file: %w", err)}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		// One write, so that two runs that share a file do not mix their lines.
		if _, err := fmt.Fprintf(f, "%s\n%s\n\n", now().UTC().Format("2006-01-02 15:04:05 UTC"), m.whole()); err != nil {
			return fmt.Errorf("write the file: %w", err)
		}
		if err := f.Sync(); err != nil {
			return fmt.Errorf("write the file to disk: %w", err)
		}
		return nil
	}
}

// print writes a message to standard output.
func (s *step) print(_ context.Context, m message) error {
	if s.deps.Stdout == nil {
		return &neverSentError{errNoOutput}
	}
	_, err := io.WriteString(s.deps.Stdout, m.whole()+"\n")
	return err
}
