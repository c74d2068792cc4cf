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

	"golang.org/x/sys/unix"

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
	Doing string    `json:"doing"` // what it said last, see [Journal.Doing]
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
	if e.Doing != "" {
		fmt.Fprintf(&b, ", doing: %s", safe.Show(e.Doing))
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
	// Shared, so that two who look do not take each other for a writer.
	switch err := flock(f, unix.LOCK_SH); {
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

// account is who this process runs as.
func account() Actor {
	a := Actor{Name: fmt.Sprintf("user %d", os.Getuid()), UID: os.Getuid()}
	if u, err := user.Current(); err == nil {
		a.Name = u.Username
	}
	a.Host, _ = os.Hostname()
	return a
}

// Doing says what the writer does now, for whoever finds the journal locked,
// such as "Apply (step 4.2)". It writes a small file when that is news and syncs nothing.
func (j *Journal) Doing(what string) {
	what = inert(what)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil || what == j.noted.Doing {
		return
	}
	j.noted.Doing = what
	j.note()
}

// note leaves word for whoever finds the journal locked. That is a courtesy: it
// is not synced, and failing to write it is no reason to stop.
func (j *Journal) note() {
	raw, err := json.Marshal(j.noted)
	if err != nil {
		return
	}
	j.disk.note(filepath.Join(j.dir, holderName), raw)
}
