package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
)

// start takes the file and brings it to a state that can be appended to.
func (j *Journal) start() error {
	if err := failpoint.Hit("journal.open"); err != nil {
		return err
	}
	if err := j.makeFolders(); err != nil {
		return err
	}
	var err error
	if j.file, err = j.disk.openLog(j.Path()); err != nil {
		return noRoom(err)
	}
	if err := j.take(); err != nil {
		return err
	}
	// The file was made in the folder, and that must survive a power cut before the
	// first record counts as written.
	if err := j.syncDir(j.dir); err != nil {
		return err
	}
	if err := j.renew(); err != nil {
		return err
	}
	j.noted = LockedError{
		PID: os.Getpid(), Host: j.opts.Actor.Host, User: j.opts.Actor.Name, Since: j.opts.Now().UTC().Truncate(time.Second),
	}
	j.note()
	j.sweep()
	torn, mentioned, err := j.readAll()
	if err != nil {
		return err
	}
	if torn != nil {
		if err := j.setAside(torn); err != nil {
			return fmt.Errorf("set an incomplete line aside: %w", noRoom(err))
		}
	}
	if err := j.begin(); err != nil {
		return err
	}
	return j.recordTorn(mentioned)
}

// makeFolders makes the folder of the journal, and every one that was made for
// it durable in its parent. It looks at the folders and not at what this writer
// did, because an earlier one may have died after it made them.
func (j *Journal) makeFolders() error {
	for _, dir := range []string{j.dir, filepath.Join(j.dir, blobsName)} {
		if err := j.disk.makeDir(dir); err != nil {
			return noRoom(err)
		}
	}
	for dir := j.dir; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		st, err := j.disk.stat(dir)
		if err != nil {
			return err
		}
		ours := st.uid == os.Geteuid() && st.perm&0o077 == 0 // as makeDir makes them
		if !ours && dir != j.dir {
			break
		}
		err = j.syncDir(filepath.Dir(dir))
		if errors.Is(err, os.ErrPermission) && dir != j.dir {
			break // nobody made a folder in what they cannot read
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take locks the file and makes sure that it is the one that the path names.
func (j *Journal) take() error {
	if err := failpoint.Hit("lock.acquire"); err != nil {
		return err
	}
	err := j.file.lock()
	// Somebody who only looks, see [Holder], holds it for a moment.
	for n := 0; errors.Is(err, errLocked) && n < 5; n++ {
		time.Sleep(5 * time.Millisecond)
		err = j.file.lock()
	}
	switch {
	case errors.Is(err, errLocked):
		return readHolder(j.disk, j.dir)
	case err != nil:
		return fmt.Errorf("lock %q: %w", j.Path(), err)
	}
	st, err := j.file.stat()
	if err != nil {
		return err
	}
	if err := st.check(j.Path()); err != nil {
		return err
	}
	named, err := j.disk.stat(j.Path())
	if err != nil {
		return err
	}
	if named.id != st.id {
		return fmt.Errorf("%s was replaced while it was being opened", j.Path())
	}
	j.id, j.size = st.id, st.size
	return nil
}

// check refuses a file that something else may write or that is not where it
// seems to be.
func (s fileState) check(path string) error {
	switch {
	case !s.plain:
		return fmt.Errorf("%s is not a plain file", path)
	case s.uid != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d", path, s.uid)
	case s.links != 1:
		return fmt.Errorf("%s has %d names (hard links), it must have one", path, s.links)
	}
	return nil
}

// readAll reads what is there. torn is what a writer left incomplete, or nil;
// mentioned are the torn files that records tell of.
func (j *Journal) readAll() (torn *TornError, mentioned map[string]bool, err error) {
	mentioned = make(map[string]bool)
	boot := ""
	c, size, err := readChain(j.Path(), io.NewSectionReader(j.file, 0, j.size), func(r Record) {
		noteTorn(mentioned, r)
		boot = r.Boot
	})
	whole := j.size
	j.chain, j.size = c, size
	if c.log != "" && c.log != j.opts.Log {
		return nil, nil, fmt.Errorf("%s holds the log %q and not %q", j.Path(), safe.Show(c.log), j.opts.Log)
	}
	var bad *CorruptError
	switch {
	case errors.As(err, &torn):
		return torn, mentioned, nil
	case errors.As(err, &bad) && bad.Tail && (c.seq == 0 || boot != j.opts.Boot):
		// A process that dies leaves the beginning of a line and no more. But a power
		// cut may leave anything of the one write that was not acknowledged, line
		// feeds too, and the machine was booted since.
		return &TornError{Path: bad.Path, Line: bad.Line, Bytes: whole - size}, mentioned, nil
	}
	return nil, mentioned, err
}

// begin begins an epoch when the journal is opened for a purpose.
func (j *Journal) begin() error {
	if j.opts.Purpose == "" {
		return nil
	}
	j.room.wanted = true
	if err := j.hold(); err != nil {
		return err
	}
	started, err := ProcessStart(os.Getpid())
	if err != nil {
		return err
	}
	_, err = j.put(Draft{Kind: KindLock, Actor: j.opts.Actor, Body: LockBody{
		User: j.opts.Actor.Name, Host: j.opts.Actor.Host, PID: os.Getpid(), Started: started,
		Purpose: inert(j.opts.Purpose),
	}})
	return err
}

// sweep removes what a writer that died left half written. It takes up room and
// says nothing.
func (j *Journal) sweep() {
	for _, dir := range []string{j.dir, filepath.Join(j.dir, blobsName)} {
		names, err := j.disk.names(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if strings.HasPrefix(name, newPrefix) {
				j.disk.remove(filepath.Join(dir, name))
			}
		}
	}
}
