package journal

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"lockstep/runbook/failpoint"
)

// mine refuses when the end of the file is not where this writer left it, or
// the path names another file. Whoever did that may write too, in an epoch of their own.
func (j *Journal) mine() error {
	open, err := j.file.stat()
	if err != nil {
		return j.die(err)
	}
	named, err := j.disk.stat(j.Path())
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrFenced, err)
	case named.id != j.id:
		err = fmt.Errorf("%w: %s was removed or replaced by another file", ErrFenced, j.Path())
	case open.links != 1:
		err = fmt.Errorf("%w: %s has %d names, it was linked while it was open", ErrFenced, j.Path(), open.links)
	case open.size != j.size:
		err = fmt.Errorf("%w: %s has %d bytes, this writer left it at %d; something else wrote to it", ErrFenced, j.Path(), open.size, j.size)
	default:
		return nil
	}
	return j.die(err)
}

// die makes the journal unusable.
func (j *Journal) die(err error) error {
	j.dead = fmt.Errorf("%w: %w", ErrUnusable, err)
	return j.dead
}

// write puts a line at the end of the file. After any failure but that of a
// full disk the journal is dead: nothing is known of the file then.
func (j *Journal) write(line []byte) error {
	if err := failpoint.Hit("journal.write"); err != nil {
		return j.die(err)
	}
	n, err := j.file.Write(line)
	switch {
	case isNoRoom(err):
		return j.takeBack(err)
	case err != nil:
		return j.die(err)
	case n != len(line):
		return j.die(io.ErrShortWrite)
	}
	if err := failpoint.Hit("journal.written"); err != nil {
		return j.die(err)
	}
	if err := j.sync(); err != nil {
		return j.die(err)
	}
	return nil
}

// sync makes what was written durable. It is called once: after a sync that
// failed another one may succeed without the data being anywhere.
func (j *Journal) sync() error {
	err := failpoint.Hit("journal.sync")
	if err == nil {
		err = j.file.sync()
	}
	if err != nil {
		j.doubt()
		return err
	}
	return failpoint.Hit("journal.synced")
}

// takeBack cuts off what a full disk took of a line. Nothing was synced yet, so
// nothing is in doubt, and the outcome of an effect that is under way must not be lost because
// some other record found no room.
func (j *Journal) takeBack(full error) error {
	if err := j.file.truncate(j.size); err != nil {
		return j.die(errors.Join(full, err))
	}
	if st, err := j.file.stat(); err != nil || st.size != j.size {
		return j.die(errors.Join(full, err))
	}
	return noRoom(full)
}

// isNoRoom reports whether an error is that of a full disk.
func isNoRoom(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// noRoom marks the error of a full disk, and leaves others as they are.
func noRoom(err error) error {
	if isNoRoom(err) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}
