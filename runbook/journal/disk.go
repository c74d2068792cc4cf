package journal

import (
	"io"
	"path/filepath"

	"lockstep/runbook/failpoint"
)

// A disk is every operation on files that a promise of this package rests on,
// so that a test can let any one of them fail, or the power.
type disk interface {
	// makeDir makes a private folder, parents too, and refuses one that others
	// may write or that belongs to somebody else.
	makeDir(dir string) error
	// openLog opens or makes the file of records, for appending.
	openLog(path string) (file, error)
	// create makes a new file in dir under a name that starts like [newPrefix].
	create(dir string) (file, error)
	rename(from, to string) error
	remove(path string) error
	readFile(path string) ([]byte, error)
	// names returns the files in a folder.
	names(dir string) ([]string, error)
	// syncDir makes the entries of a folder durable.
	syncDir(dir string) error
	// stat says what a path names, without following a link.
	stat(path string) (fileState, error)
	// note writes a small file that nothing rests on, whole or not at all.
	note(path string, data []byte)
}

// A file is an open file of a [disk].
type file interface {
	io.Writer
	io.ReaderAt
	io.Closer
	name() string
	// lock takes the file for one writer; errLocked when there is one already.
	lock() error
	// sync returns when all that was written is on the disk.
	sync() error
	truncate(size int64) error
	// allocate gives an empty file a size for which there is room on the disk.
	allocate(size int64) error
	stat() (fileState, error)
}

// A fileState is what has to be so of a file.
type fileState struct {
	id     fileID
	size   int64
	blocks int64 // bytes on the disk
	links  uint64
	uid    int
	perm   uint32
	plain  bool
}

// A fileID is what tells files apart whatever their name.
type fileID struct{ dev, ino uint64 }

// newPrefix starts the name of a file that is not complete yet. One that is
// there when a writer opens the journal was left by one that died.
const newPrefix = ".new-"

// writeFile writes a whole file so that it is there completely or not at all.
// Its content is durable on return, its name once the folder is synced. A file whose
// sync failed is thrown away and never used.
func writeFile(d disk, path string, data []byte) (err error) {
	f, err := d.create(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			d.remove(f.name())
		}
	}()
	if n, err := f.Write(data); err != nil {
		return err
	} else if n != len(data) {
		return io.ErrShortWrite
	}
	if err := f.sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return d.rename(f.name(), path)
}

// syncDir makes the entries of a folder durable.
func (j *Journal) syncDir(dir string) error {
	err := failpoint.Hit("journal.dirsync")
	if err == nil {
		err = j.disk.syncDir(dir)
	}
	if err != nil {
		j.doubt()
	}
	return err
}
