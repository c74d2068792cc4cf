package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// doubtName is a file that says that a sync failed. Until the power goes, what
// was written then can be read although it may not be on the disk, and the system has
// forgotten that; so a writer must not take it for granted. After a power cut the
// file may be gone, but what is read then is what is on the disk.
const doubtName = "doubt"

// doubt leaves word for the next writer that a sync failed.
func (j *Journal) doubt() {
	j.disk.note(filepath.Join(j.dir, doubtName), []byte("a sync of the journal failed; the next writer writes the file anew\n"))
}

// renew writes the file of records anew, as another file, when a sync failed
// since it was last renewed.
func (j *Journal) renew() error {
	doubt := filepath.Join(j.dir, doubtName)
	switch _, err := j.disk.stat(doubt); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	data := make([]byte, j.size)
	if _, err := io.ReadFull(io.NewSectionReader(j.file, 0, j.size), data); err != nil {
		return fmt.Errorf("write the journal anew: %w", err)
	}
	if err := writeFile(j.disk, j.Path(), data); err != nil {
		return fmt.Errorf("write the journal anew: %w", noRoom(err))
	}
	if err := j.syncDir(j.dir); err != nil {
		return fmt.Errorf("write the journal anew: %w", err)
	}
	if err := j.disk.remove(doubt); err != nil {
		return err
	}
	// Another process may be quicker and take the new file; this one is locked out then.
	if err := j.file.Close(); err != nil {
		return err
	}
	var err error
	if j.file, err = j.disk.openLog(j.Path()); err != nil {
		return err
	}
	return j.take()
}
