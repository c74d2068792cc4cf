package journal

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// A fault is how an operation fails.
type fault struct {
	name  string
	err   error
	short bool // a write takes half of the data and says so, without an error
	part  bool // a write takes half of the data before it fails
	ever  bool // all later operations that need what is missing fail too
}

func faults() []fault {
	return []fault{
		{name: "no space", err: unix.ENOSPC, part: true},
		{name: "no space from then on", err: unix.ENOSPC, ever: true},
		{name: "input/output error", err: unix.EIO, part: true},
		{name: "input/output errors from then on", err: unix.EIO, ever: true},
		{name: "short write", err: unix.EIO, short: true},
		{name: "interrupted", err: unix.EINTR},
		{name: "read-only from then on", err: unix.EROFS, ever: true},
	}
}

// A faultyDisk is a disk on which the n-th operation fails.
type faultyDisk struct {
	disk
	fault
	n     int // operations until one fails; not positive for never
	seen  int
	only  string   // every operation of this kind fails, whatever n says
	kinds []string // of the operations that failed

	unsynced  map[string]bool // files whose sync failed
	rewritten []string        // that were written to afterwards
	log       *faultyFile
}

// broken reports how an operation fails.
func (d *faultyDisk) broken(kind string) error {
	d.seen++
	if d.only == kind {
		return d.err
	}
	if d.n <= 0 || d.seen < d.n || d.seen > d.n && !d.ever {
		return nil
	}
	if d.seen > d.n && !d.stays(kind) {
		return nil
	}
	d.kinds = append(d.kinds, kind)
	return d.err
}

// stays reports whether a disk that is full or read-only still refuses this.
func (d *faultyDisk) stays(kind string) bool {
	switch d.err {
	case unix.ENOSPC:
		return kind == "write" || kind == "allocate" || kind == "create"
	case unix.EROFS:
		return kind != "stat" && kind != "read" && kind != "sync" && kind != "dirsync"
	}
	return true
}

func (d *faultyDisk) makeDir(dir string) error {
	if err := d.broken("mkdir"); err != nil {
		return err
	}
	return d.disk.makeDir(dir)
}

func (d *faultyDisk) openLog(path string) (file, error) {
	if err := d.broken("open"); err != nil {
		return nil, err
	}
	f, err := d.disk.openLog(path)
	if err != nil {
		return nil, err
	}
	d.log = &faultyFile{file: f, d: d}
	return d.log, nil
}

func (d *faultyDisk) create(dir string) (file, error) {
	if err := d.broken("create"); err != nil {
		return nil, err
	}
	f, err := d.disk.create(dir)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file: f, d: d}, nil
}

func (d *faultyDisk) rename(from, to string) error {
	if err := d.broken("rename"); err != nil {
		return err
	}
	return d.disk.rename(from, to)
}

func (d *faultyDisk) remove(path string) error {
	if err := d.broken("remove"); err != nil {
		return err
	}
	return d.disk.remove(path)
}

func (d *faultyDisk) readFile(path string) ([]byte, error) {
	if err := d.broken("read"); err != nil {
		return nil, err
	}
	return d.disk.readFile(path)
}

func (d *faultyDisk) names(dir string) ([]string, error) {
	if err := d.broken("read"); err != nil {
		return nil, err
	}
	return d.disk.names(dir)
}

func (d *faultyDisk) syncDir(dir string) error {
	if err := d.broken("dirsync"); err != nil {
		return err
	}
	return d.disk.syncDir(dir)
}

func (d *faultyDisk) stat(path string) (fileState, error) {
	if err := d.broken("stat"); err != nil {
		return fileState{}, err
	}
	return d.disk.stat(path)
}

type faultyFile struct {
	file
	d      *faultyDisk
	writes int
	syncs  int
}

func (f *faultyFile) Write(b []byte) (int, error) {
	f.writes++
	f.touched("written")
	err := f.d.broken("write")
	switch {
	case err == nil:
		return f.file.Write(b)
	case f.d.short:
		return f.file.Write(b[:len(b)/2])
	case f.d.part:
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	return 0, err
}

// touched notes what is done to a file whose sync failed.
func (f *faultyFile) touched(how string) {
	if f.d.unsynced[f.name()] {
		f.d.rewritten = append(f.d.rewritten, fmt.Sprintf("%s was %s", f.name(), how))
	}
}

func (f *faultyFile) sync() error {
	f.syncs++
	f.touched("synced")
	if err := f.d.broken("sync"); err != nil {
		if f.d.unsynced == nil {
			f.d.unsynced = make(map[string]bool)
		}
		f.d.unsynced[f.name()] = true
		return err
	}
	return f.file.sync()
}

func (f *faultyFile) truncate(n int64) error {
	f.touched("cut")
	if err := f.d.broken("truncate"); err != nil {
		return err
	}
	return f.file.truncate(n)
}

func (f *faultyFile) allocate(n int64) error {
	if err := f.d.broken("allocate"); err != nil {
		return err
	}
	return f.file.allocate(n)
}

func (f *faultyFile) stat() (fileState, error) {
	if err := f.d.broken("stat"); err != nil {
		return fileState{}, err
	}
	return f.file.stat()
}

func (f *faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if err := f.d.broken("read"); err != nil {
		return 0, err
	}
	return f.file.ReadAt(b, at)
}

var _ io.ReaderAt = (*faultyFile)(nil)
