package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"lockstep/runbook/safe"
)

// ErrUnusable says that a journal can't be written any more, because a write
// failed earlier. What is on the disk then is not known, and a second attempt on the same file
// could seem to succeed without having written anything. Opening the journal
// anew finds out.
var ErrUnusable = errors.New("the journal cannot be written since an earlier failure")

// Options say how a journal is opened.
type Options struct {
	Log  string           // name of the log, such as "lockstep/production"; required
	Now  func() time.Time // the clock; time.Now when nil
	Boot string           // identity of the boot; that of this machine when empty
}

// A Journal is a journal that is open for writing. Its methods may be called
// by several goroutines at once. The owner closes it.
type Journal struct {
	dir  string
	opts Options
	disk disk

	mu        sync.Mutex
	file      logFile
	chain     *chain
	size      int64
	dead      error // why nothing can be written any more
	run       string
	recovered *RecoveredBody
}

// Open opens the journal in the folder dir for writing and makes both when they
// are not there. It checks every record. When another process writes the
// journal the error is a *[LockedError]; when a record is not what its writer wrote, a
// *[CorruptError], and nothing is changed. An incomplete last line is moved to a file of
// its own and a record says so; see [Journal.Recovered].
func Open(dir string, o Options) (*Journal, error) { return open(osDisk{}, dir, o) }

func open(d disk, dir string, o Options) (*Journal, error) {
	if dir == "" {
		return nil, errors.New("open journal: there is no folder to keep it in")
	}
	if o.Log == "" {
		return nil, errors.New("open journal: the log has no name")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Boot == "" {
		o.Boot = bootID()
	}
	o.Log, o.Boot = safe.Show(o.Log).String(), safe.Show(o.Boot).String()
	j := &Journal{dir: dir, opts: o, disk: d}
	if err := j.start(); err != nil {
		if j.file != nil {
			j.file.Close()
		}
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// start takes the file and brings it to a state that can be appended to.
func (j *Journal) start() error {
	if err := j.disk.makeDir(filepath.Join(j.dir, blobsName)); err != nil {
		return err
	}
	if err := j.disk.makeDir(j.dir); err != nil {
		return err
	}
	var err error
	if j.file, err = j.disk.openLog(j.Path()); err != nil {
		return err
	}
	switch err := j.file.lock(); {
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
	// The folder was made in its parent and the file in the folder; both entries
	// must survive a power cut before the first record counts as written.
	for _, dir := range []string{filepath.Dir(j.dir), j.dir} {
		if err := j.disk.syncDir(dir); err != nil {
			return err
		}
	}
	announce(j.dir, self(j.opts.Now(), ""))
	mentioned := make(map[string]bool)
	c, size, err := readChain(j.Path(), io.NewSectionReader(j.file, 0, st.size), func(r Record) { noteTorn(mentioned, r) })
	j.chain, j.size = c, size
	var torn *TornError
	if err != nil && !errors.As(err, &torn) {
		return err
	}
	if c.log != "" && c.log != j.opts.Log {
		return fmt.Errorf("%s holds the log %q and not %q", j.Path(), safe.Show(c.log), j.opts.Log)
	}
	if torn != nil {
		if err := j.setAside(torn); err != nil {
			return fmt.Errorf("set an incomplete line aside: %w", err)
		}
	}
	return j.recordTorn(mentioned)
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

// Append writes one record and returns when it is on the disk. After an error
// that wraps [ErrUnusable] nothing more can be written; any other error means that the
// draft was refused and nothing was written.
func (j *Journal) Append(d Draft) (Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.append(d)
}

func (j *Journal) append(d Draft) (Record, error) {
	if j.dead != nil {
		return Record{}, fmt.Errorf("append to journal: %w", j.dead)
	}
	r, line, err := j.record(d)
	if err != nil {
		return Record{}, fmt.Errorf("append to journal: %w", err)
	}
	if err := j.write(append(line, '\n')); err != nil {
		j.dead = fmt.Errorf("%w: %w", ErrUnusable, err)
		return Record{}, fmt.Errorf("append to journal: %w", j.dead)
	}
	j.chain.log, j.chain.seq, j.chain.head = r.Log, r.Seq, digest(line)
	j.size += int64(len(line)) + 1
	if d.Run != "" && d.Run != j.run {
		j.run = d.Run
		announce(j.dir, self(j.opts.Now(), d.Run))
	}
	return r, nil
}

// record makes the record of a draft and its line.
func (j *Journal) record(d Draft) (Record, []byte, error) {
	rid, err := uuid.NewV7()
	if err != nil {
		return Record{}, nil, err
	}
	body, err := encodeBody(d.Kind, d.Body)
	if err != nil {
		return Record{}, nil, err
	}
	r := Record{
		V: Version, Log: j.opts.Log, Seq: j.chain.seq + 1, Prev: j.chain.head, RID: rid.String(),
		TS: j.opts.Now().UTC().Format(stampLayout), Boot: j.opts.Boot,
		Run: inert(d.Run), Step: inert(d.Step), Attempt: d.Attempt, Kind: d.Kind,
		Actor: Actor{Name: inert(d.Actor.Name), Key: inert(d.Actor.Key), Host: inert(d.Actor.Host), UID: d.Actor.UID},
		Body:  body, Blobs: append([]BlobRef{}, d.Blobs...),
	}
	line, err := encode(r)
	if err != nil {
		return Record{}, nil, err
	}
	// What cannot be read back must not be written: it would make the whole
	// journal unreadable.
	if _, err := decode(line); err != nil {
		return Record{}, nil, fmt.Errorf("a record of kind %q could not be read back: %w", d.Kind, err)
	}
	return r, line, nil
}

func inert(s string) string { return safe.Show(s).String() }

// write puts a line at the end of the file, if that end is where this writer
// left it.
func (j *Journal) write(line []byte) error {
	st, err := j.file.stat()
	switch {
	case err != nil:
		return err
	case st.size != j.size:
		return fmt.Errorf("%s has %d bytes, this writer left it at %d: something else wrote to it", j.Path(), st.size, j.size)
	case st.links != 1:
		return fmt.Errorf("%s has %d names: it was removed or linked while it was open", j.Path(), st.links)
	}
	n, err := j.file.Write(line)
	if err != nil {
		return err
	}
	if n != len(line) {
		return io.ErrShortWrite
	}
	return j.file.sync()
}

// Path returns the path of the file of records.
func (j *Journal) Path() string { return filepath.Join(j.dir, FileName) }

// Head returns the number and the digest of the last record; 0 and a digest of
// zeros when there is none.
func (j *Journal) Head() (seq int64, digest string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.chain.seq, j.chain.head
}

// Recovered returns what was set aside when the journal was opened, or nil.
func (j *Journal) Recovered() *RecoveredBody { return j.recovered }

// Close gives the journal back for other writers. Nothing can be appended
// afterwards.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	j.dead = os.ErrClosed
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}
