package journal

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// failingDisk is a disk on which the n-th operation that changes something
// fails.
type failingDisk struct {
	osDisk
	n    int // operations until one fails; negative for never
	how  error
	part bool // a failing write leaves half of the data
	hits int
	log  *failingLog
}

var errNoSpace = unix.ENOSPC

func (d *failingDisk) step() error {
	if d.n--; d.n == 0 {
		d.hits++
		return d.how
	}
	return nil
}

func (d *failingDisk) openLog(path string) (logFile, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	l, err := d.osDisk.openLog(path)
	if err != nil {
		return nil, err
	}
	d.log = &failingLog{logFile: l, d: d}
	return d.log, nil
}

func (d *failingDisk) writeFile(path string, data []byte) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.osDisk.writeFile(path, data)
}

func (d *failingDisk) syncDir(dir string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.osDisk.syncDir(dir)
}

type failingLog struct {
	logFile
	d      *failingDisk
	writes int
	syncs  int
}

func (l *failingLog) Write(b []byte) (int, error) {
	l.writes++
	if err := l.d.step(); err != nil {
		if l.d.part {
			n, _ := l.logFile.Write(b[:len(b)/2])
			return n, err
		}
		return 0, err
	}
	return l.logFile.Write(b)
}

func (l *failingLog) sync() error {
	l.syncs++
	if err := l.d.step(); err != nil {
		return err
	}
	return l.logFile.sync()
}

func (l *failingLog) truncate(n int64) error {
	if err := l.d.step(); err != nil {
		return err
	}
	return l.logFile.truncate(n)
}

func TestAppend_isNeverRetriedAfterFailure(t *testing.T) {
	for _, c := range []struct {
		name string
		fail int // 1 is the write, 2 the sync
		part bool
	}{{"write", 1, false}, {"half a write", 1, true}, {"sync", 2, false}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			d := &failingDisk{n: -1, how: errNoSpace, part: c.part}
			j, err := open(d, dir, options())
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, j, evidence(1))
			writes, syncs := d.log.writes, d.log.syncs
			d.n = c.fail
			if _, err := j.Append(evidence(2)); !errors.Is(err, ErrUnusable) || !errors.Is(err, errNoSpace) {
				t.Fatalf("got %v", err)
			}
			for range 3 {
				if _, err := j.Append(evidence(3)); !errors.Is(err, ErrUnusable) {
					t.Fatalf("afterwards %v", err)
				}
			}
			if d.log.writes != writes+1 || d.log.syncs > syncs+1 {
				t.Errorf("%d writes and %d syncs after the failure", d.log.writes-writes, d.log.syncs-syncs)
			}
			if seq, _ := j.Head(); seq != 1 {
				t.Errorf("head is %d", seq)
			}
			j.Close()
			again := mustOpen(t, dir)
			if (again.Recovered() != nil) != c.part {
				t.Errorf("recovered %+v", again.Recovered())
			}
			mustAppend(t, again, evidence(4))
			if v := mustVerify(t, again.Path()); !v.Intact {
				t.Errorf("%v", v.Faults)
			}
		})
	}
}

// Whatever fails while a journal with an incomplete line is opened and written,
// no acknowledged record is lost and the next writer brings it in order.
func TestJournal_survivesEveryFailingOperation(t *testing.T) {
	seed := writeJournal(t)
	raw := mustRead(t, filepath.Join(seed, FileName))
	failed := 0
	for n := 1; ; n++ {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		mustWrite(t, path, append(raw[:len(raw):len(raw)], `{"v":1,"log"`...))
		d := &failingDisk{n: n, how: unix.EIO, part: true}
		acked := 24
		j, err := open(d, dir, options())
		if err == nil {
			for i := range 3 {
				if _, err = j.PutBlob("b", []byte{byte(i)}); err != nil {
					break
				}
				if _, err = j.Append(evidence(i)); err != nil {
					break
				}
				acked++
			}
			j.Close()
		}
		if (err != nil) != (d.hits > 0) {
			t.Fatalf("operation %d: %d failures, error %v", n, d.hits, err)
		}
		after := mustOpen(t, dir)
		all, err := Read(path)
		if err != nil || !bytes.HasPrefix(mustRead(t, path), raw) {
			t.Fatalf("operation %d: %v", n, err)
		}
		records, recovered := 0, 0
		for _, r := range all {
			if r.Kind == KindRecovered {
				recovered++
			} else {
				records++
			}
		}
		// A record whose sync failed may be there; one that was acknowledged must be.
		if records < acked || records > acked+1 || recovered == 0 {
			t.Fatalf("operation %d: %d records of %d, %d recovered", n, records, acked, recovered)
		}
		after.Close()
		if d.hits == 0 {
			break
		}
		failed++
	}
	if failed < 10 {
		t.Errorf("only %d operations could fail", failed)
	}
	t.Logf("%d operations failed one by one", failed)
}
