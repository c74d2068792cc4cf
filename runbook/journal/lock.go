package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"lockstep/runbook/safe"
)

// FileName is the name of the file of records in the folder of a journal.
const FileName = "journal.jsonl"

const (
	holderName = "holder.json"
	blobsName  = "blobs"
)

// A LockedError says who writes a journal. Fields that could not be found out
// are empty.
type LockedError struct {
	Path  string    `json:"-"`
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	User  string    `json:"user"`
	Since time.Time `json:"since"`
	Run   string    `json:"run"`
}

// Error says it in one sentence.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("journal %q is being written by another process", e.Path)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "journal %q is being written by %s on %s (process %d, since %s", e.Path, safe.Show(e.User),
		safe.Show(e.Host), e.PID, e.Since.Format("2006-01-02 15:04:05 MST"))
	if e.Run != "" {
		fmt.Fprintf(&b, ", run %s", safe.Show(e.Run))
	}
	b.WriteString(")")
	return b.String()
}

// Holder returns who writes the journal in dir now, and nil when nobody does or
// there is no journal.
func Holder(dir string) (*LockedError, error) {
	path := filepath.Join(dir, FileName)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at journal: %w", err)
	}
	defer f.Close()
	switch err := (osLog{f}).lock(); {
	case errors.Is(err, errLocked):
		return readHolder(osDisk{}, dir), nil
	case err != nil:
		return nil, fmt.Errorf("look at journal %q: %w", path, err)
	}
	return nil, nil // closing the file gives the lock back
}

// readHolder reads what the writer of the journal in dir said of itself.
func readHolder(d disk, dir string) *LockedError {
	e := &LockedError{}
	if raw, err := d.readFile(filepath.Join(dir, holderName)); err != nil || json.Unmarshal(raw, e) != nil {
		e = &LockedError{}
	}
	e.Path = filepath.Join(dir, FileName)
	return e
}

// self describes this process for holder.json.
func self(now time.Time, run string) *LockedError {
	e := &LockedError{PID: os.Getpid(), Since: now.UTC().Truncate(time.Second), Run: run}
	e.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		e.User = u.Username
	} else {
		e.User = fmt.Sprintf("user %d", os.Getuid())
	}
	return e
}

// announce leaves a note for whoever finds the journal locked. The note is a
// courtesy: it is not synced, and failing to write it is no reason to stop.
func announce(dir string, e *LockedError) {
	raw, err := json.Marshal(e)
	if err != nil {
		return
	}
	tmp := filepath.Join(dir, "."+holderName)
	if os.WriteFile(tmp, raw, 0o600) == nil {
		os.Rename(tmp, filepath.Join(dir, holderName))
	}
}
