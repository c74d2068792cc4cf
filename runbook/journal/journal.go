package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
)

// The errors that callers tell apart.
var (
	// ErrUnusable says that a journal can't be written any more, because a write
	// failed earlier. What is on the disk then is not known, and a second attempt on the same file
	// could seem to succeed without having written anything. Opening the journal
	// anew finds out.
	ErrUnusable = errors.New("the journal cannot be written since an earlier failure")
	// ErrFenced says that the file of records is not this writer's any more. It
	// comes with ErrUnusable.
	ErrFenced = errors.New("this process lost the journal")
	// ErrNoRoom says that the disk is full. Nothing was written, and the
	// journal can be used further.
	ErrNoRoom = errors.New("the disk has no room for the journal")
)

// Options say how a journal is opened.
type Options struct {
	Log  string           // name of the log, such as "lockstep/production"; required
	Now  func() time.Time // the clock; time.Now when nil
	Boot string           // identity of the boot; that of this machine when empty

	// Purpose says what the journal is opened for: run, rehearse, resume, demo.
	// With it, Open takes the environment: it writes a record of kind lock, which begins a
	// new epoch, and holds room for the outcome of every effect. Without it the
	// journal goes on in the epoch it is in.
	Purpose string
	// Actor is who opens it; the account of this process when empty.
	Actor Actor
}

// A Journal is a journal that is open for writing. Its methods may be called
// by several goroutines at once. The owner closes it.
type Journal struct {
	dir  string
	opts Options
	disk disk

	mu        sync.Mutex
	file      file
	id        fileID
	chain     *chain
	size      int64
	dead      error // why nothing can be written any more
	recovered *RecoveredBody
	room      reserve

	noted   LockedError // what holder.json says
	storing blobStore
}

// Open opens the journal in the folder dir for writing and makes both when they
// are not there. It checks every record. When another process writes the
// journal the error is a *[LockedError]; when a record is not what its writer wrote, a
// *[CorruptError], and nothing is changed. An incomplete last line, and what a power cut
// left of one, is moved to a file of its own and a record says so; see
// [Journal.Recovered].
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
		o.Boot = BootID()
	}
	if o.Actor == (Actor{}) {
		o.Actor = account()
	}
	o.Log, o.Boot, o.Actor = safe.Show(o.Log).String(), safe.Show(o.Boot).String(), o.Actor.inert()
	j := &Journal{dir: dir, opts: o, disk: d}
	if err := j.start(); err != nil {
		if j.file != nil {
			j.file.Close()
		}
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// Append writes one record and returns when it is on the disk. After an error
// that wraps [ErrUnusable] nothing more can be written; any other error means that the
// draft was refused and nothing was written, because of what is in it or for
// want of room ([ErrNoRoom]). An intent is refused when there would be no room for its outcome.
func (j *Journal) Append(d Draft) (Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.append(d)
}

func (j *Journal) append(d Draft) (Record, error) {
	if j.dead != nil {
		return Record{}, fmt.Errorf("append to journal: %w", j.dead)
	}
	if d.Kind == KindLock {
		return Record{}, errors.New("append to journal: only opening it locks it")
	}
	return j.put(d)
}

// put writes a record of any kind.
func (j *Journal) put(d Draft) (Record, error) {
	r, line, err := j.record(d)
	if err == nil {
		err = j.mine()
	}
	if err == nil {
		err = j.makeRoom(d.Kind)
	}
	if err == nil {
		err = j.write(append(line, '\n'))
	}
	if err != nil {
		return Record{}, fmt.Errorf("append to journal: %w", err)
	}
	j.chain.log, j.chain.seq, j.chain.head, j.chain.epoch = r.Log, r.Seq, digest(line), r.Epoch
	j.size += int64(len(line)) + 1
	if d.Run != "" && d.Run != j.noted.Run {
		j.noted.Run = d.Run
		j.note()
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
		Epoch: j.chain.epoch, TS: j.opts.Now().UTC().Format(stampLayout), Boot: j.opts.Boot,
		Run: inert(d.Run), Step: inert(d.Step), Attempt: d.Attempt, Kind: d.Kind,
		Actor: d.Actor.inert(), Body: body, Blobs: append([]BlobRef{}, d.Blobs...),
	}
	if d.Kind == KindLock {
		r.Epoch++
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

func (a Actor) inert() Actor {
	return Actor{Name: inert(a.Name), Key: inert(a.Key), Host: inert(a.Host), UID: a.UID}
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
	if j.dead == nil && j.mine() == nil {
		j.release()
	}
	err := failpoint.Hit("lock.release")
	err = errors.Join(err, j.file.Close())
	j.file = nil
	j.dead = os.ErrClosed
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}
