package journal

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A powerDisk is a disk in memory that can lose its power. What was not synced
// then is there, or not, or garbage, each 512 bytes of a file on their own and each change of a
// folder on its own, after the crash tests of SQLite (test6.c). What was synced is never touched.
type powerDisk struct {
	rng  *rand.Rand
	dirs map[string]*powerDir
	last uint64 // number of the file that was made last
	gen  int    // of the processes that use it

	left  int // operations until the process dies; not positive for never
	off   bool
	wrong int // one in so many syncs fails; 0 for none
}

// A powerDir is the entries of a folder.
type powerDir struct {
	now, durable map[string]*powerFile
	pending      []map[string]*powerFile // changes that are not durable; nil takes out
	made         bool                    // durable in its parent
}

// A powerFile is the content of a file.
type powerFile struct {
	ino          uint64
	now, durable []byte
	pending      []powerWrite
	room         int64        // that was allocated
	owner        *powerHandle // that locked it
}

// A powerWrite is one write, or a cut when data is nil.
type powerWrite struct {
	at   int
	data []byte
}

var errOff = errors.New("the process is dead")

func newPowerDisk(rng *rand.Rand) *powerDisk {
	return &powerDisk{rng: rng, dirs: map[string]*powerDir{"/": newPowerDir(true)}}
}

func newPowerDir(made bool) *powerDir {
	return &powerDir{now: map[string]*powerFile{}, durable: map[string]*powerFile{}, made: made}
}

// tick counts an operation. half says that the process dies in the middle of
// this one.
func (d *powerDisk) tick() (half bool, err error) {
	if d.off {
		return false, errOff
	}
	if d.left--; d.left == 0 {
		d.off = true
		return d.rng.IntN(2) == 0, errOff
	}
	return false, nil
}

// kill ends the process. All it did stays as it is.
func (d *powerDisk) kill() {
	d.off, d.left = false, 0
	d.gen++
}

// cut ends the process and the power.
func (d *powerDisk) cut() {
	d.kill()
	for _, path := range slices.Sorted(maps.Keys(d.dirs)) {
		dir := d.dirs[path]
		parent := d.dirs[filepath.Dir(path)]
		if parent == nil || !dir.made && d.rng.IntN(2) == 0 {
			delete(d.dirs, path)
			continue
		}
		dir.made = true
		for _, change := range dir.pending {
			if d.rng.IntN(2) == 0 {
				apply(dir.durable, change)
			}
		}
		dir.pending, dir.now = nil, maps.Clone(dir.durable)
		for _, name := range slices.Sorted(maps.Keys(dir.now)) {
			d.settle(dir.now[name])
		}
	}
}

// settle decides what a file holds after a power cut.
func (d *powerDisk) settle(f *powerFile) {
	const sector = 512
	if len(f.pending) > 0 && d.rng.IntN(2) == 0 {
		f.room = 0
	}
	synced := len(f.durable)
	got := f.durable
	for _, w := range f.pending {
		if w.data == nil {
			if d.rng.IntN(2) == 0 {
				got = got[:min(w.at, len(got))]
				synced = min(synced, len(got))
			}
			continue
		}
		for from := w.at; from < w.at+len(w.data); {
			to := min(from-from%sector+sector, w.at+len(w.data))
			switch d.rng.IntN(4) {
			case 0: // dropped
			case 1:
				got = patch(got, from, d.garbage(to-from, f.durable))
			default:
				got = patch(got, from, w.data[from-w.at:to-w.at])
			}
			from = to
		}
	}
	if len(got) > synced && d.rng.IntN(3) == 0 { // the size is on the disk apart from the data
		got = got[:synced+d.rng.IntN(len(got)-synced+1)]
	}
	f.pending, f.durable, f.now = nil, got, bytes.Clone(got)
}

// garbage is what may stand in a sector that was being written: anything, zeros,
// or what stood in some file before.
func (d *powerDisk) garbage(n int, old []byte) []byte {
	b := make([]byte, n)
	switch kind := d.rng.IntN(4); {
	case kind == 0:
	case kind == 1 && len(old) > 0:
		copy(b, old[d.rng.IntN(len(old)):])
	default:
		const likely = "\n\n{}\",:0"
		for i := range b {
			if b[i] = byte(d.rng.Uint32()); b[i] > 200 {
				b[i] = likely[int(b[i])%len(likely)]
			}
		}
	}
	return b
}

// patch returns b with data in it from a place on, with zeros up to there.
func patch(b []byte, at int, data []byte) []byte {
	if end := at + len(data); len(b) < end {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[at:], data)
	return b
}

func apply(entries, change map[string]*powerFile) {
	for name, f := range change {
		if f == nil {
			delete(entries, name)
		} else {
			entries[name] = f
		}
	}
}

// change changes the entries of a folder.
func (d *powerDisk) change(dir string, change map[string]*powerFile) error {
	at := d.dirs[dir]
	if at == nil {
		return os.ErrNotExist
	}
	half, err := d.tick()
	if err == nil || half {
		apply(at.now, change)
		at.pending = append(at.pending, change)
	}
	return err
}

func (d *powerDisk) find(path string) (*powerFile, error) {
	if d.off {
		return nil, errOff
	}
	dir := d.dirs[filepath.Dir(path)]
	if dir == nil || dir.now[filepath.Base(path)] == nil {
		return nil, os.ErrNotExist
	}
	return dir.now[filepath.Base(path)], nil
}

func (d *powerDisk) makeDir(dir string) error {
	if d.dirs[dir] != nil {
		return nil
	}
	if err := d.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if _, err := d.tick(); err != nil {
		return err
	}
	d.dirs[dir] = newPowerDir(false)
	return nil
}

func (d *powerDisk) openLog(path string) (file, error) {
	f, err := d.find(path)
	if errors.Is(err, os.ErrNotExist) {
		return d.newFile(filepath.Dir(path), filepath.Base(path))
	}
	if err != nil {
		return nil, err
	}
	return &powerHandle{d: d, f: f, path: path, gen: d.gen}, nil
}

func (d *powerDisk) create(dir string) (file, error) {
	return d.newFile(dir, newPrefix+string(rune('a'+d.last%26)))
}

func (d *powerDisk) newFile(dir, name string) (file, error) {
	d.last++
	f := &powerFile{ino: d.last}
	if err := d.change(dir, map[string]*powerFile{name: f}); err != nil {
		return nil, err
	}
	return &powerHandle{d: d, f: f, path: filepath.Join(dir, name), gen: d.gen}, nil
}

func (d *powerDisk) rename(from, to string) error {
	f, err := d.find(from)
	if err != nil {
		return err
	}
	return d.change(filepath.Dir(to), map[string]*powerFile{filepath.Base(from): nil, filepath.Base(to): f})
}

func (d *powerDisk) remove(path string) error {
	if _, err := d.find(path); err != nil {
		return err
	}
	return d.change(filepath.Dir(path), map[string]*powerFile{filepath.Base(path): nil})
}

func (d *powerDisk) readFile(path string) ([]byte, error) {
	f, err := d.find(path)
	if err != nil {
		return nil, err
	}
	return f.now, nil
}

func (d *powerDisk) names(dir string) ([]string, error) {
	if d.off || d.dirs[dir] == nil {
		return nil, errOff
	}
	return slices.Sorted(maps.Keys(d.dirs[dir].now)), nil
}

func (d *powerDisk) syncDir(dir string) error {
	if _, err := d.tick(); err != nil {
		return err
	}
	at := d.dirs[dir]
	if at == nil {
		return os.ErrNotExist
	}
	// Folders above are made once and for all; when their sync fails, nothing can
	// make up for it.
	failed := strings.HasPrefix(dir, powerFolder) && d.fails()
	for _, change := range at.pending {
		if !failed {
			apply(at.durable, change)
		}
	}
	at.pending = nil // a sync that failed forgets what it had to do
	if failed {
		return unix.EIO
	}
	for path, sub := range d.dirs {
		if filepath.Dir(path) == dir {
			sub.made = true
		}
	}
	return nil
}

func (d *powerDisk) fails() bool { return d.wrong > 0 && d.rng.IntN(d.wrong) == 0 }

func (d *powerDisk) stat(path string) (fileState, error) {
	if d.dirs[path] != nil && !d.off {
		return fileState{uid: os.Geteuid(), perm: 0o700}, nil
	}
	f, err := d.find(path)
	if err != nil {
		return fileState{}, err
	}
	return f.state(), nil
}

// note is no operation that a process could die in the middle of; nothing rests
// on it.
func (d *powerDisk) note(path string, data []byte) {
	dir := d.dirs[filepath.Dir(path)]
	if d.off || dir == nil || filepath.Base(path) != doubtName {
		return
	}
	d.last++
	change := map[string]*powerFile{doubtName: {ino: d.last, now: data}}
	apply(dir.now, change)
	dir.pending = append(dir.pending, change)
}
