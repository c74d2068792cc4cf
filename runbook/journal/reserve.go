package journal

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	reserveName = "reserve"
	reserveSize = 1 << 20
)

// A reserve is a file that holds room on the disk, so that the outcome of an
// effect can be recorded although the disk became full meanwhile. It is there
// while an effect may be under way and removed before the outcome is written.
type reserve struct {
	wanted bool
	held   fileID // the file that holds the room; none when zero
}

// makeRoom makes the reserve before an intent and gives it up before an
// outcome. Other records get along without.
func (j *Journal) makeRoom(k Kind) error {
	switch {
	case !j.room.wanted:
	case k == KindIntent:
		return j.hold()
	case k == KindOutcome:
		j.release()
	}
	return nil
}

// hold makes the reserve unless it is there. Every failure means that the
// outcome might find no room.
func (j *Journal) hold() error {
	path := filepath.Join(j.dir, reserveName)
	if st, err := j.disk.stat(path); err == nil {
		if st.holdsRoom() {
			j.room.held = st.id
			return nil
		}
		// What a crash left of one must not stand in the way of a whole one.
		if err := j.disk.remove(path); err != nil {
			return unreserved(err)
		}
	}
	j.room.held = fileID{}
	f, err := j.disk.create(j.dir)
	if err != nil {
		return unreserved(err)
	}
	defer f.Close()
	if err = f.allocate(reserveSize); err == nil {
		// Some file systems look for the room only now.
		err = f.sync()
	}
	var st fileState
	if err == nil {
		st, err = f.stat()
	}
	if err == nil {
		err = j.disk.rename(f.name(), path)
	}
	if err != nil {
		j.disk.remove(f.name())
		return unreserved(err)
	}
	j.room.held = st.id
	return nil
}

// release gives the room back. It needs not be durable: after a power cut there
// is a new writer, who makes a new one.
func (j *Journal) release() {
	path := filepath.Join(j.dir, reserveName)
	if st, err := j.disk.stat(path); err != nil || st.id != j.room.held {
		return
	}
	j.disk.remove(path)
	j.room.held = fileID{}
}

func (s fileState) holdsRoom() bool {
	return s.plain && s.uid == os.Geteuid() && s.links == 1 && s.size == reserveSize && s.blocks >= reserveSize
}

func unreserved(err error) error {
	return fmt.Errorf("%w: %d KiB cannot be set aside for recording how an effect ends: %w", ErrNoRoom, reserveSize>>10, err)
}
