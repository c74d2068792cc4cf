package journal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAppend_isNeverRetriedAfterFailure(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault fault
		kind  string
		torn  bool
	}{
		{"write", fault{err: unix.EIO}, "write", false},
		{"half a write", fault{err: unix.EIO, part: true}, "write", true},
		{"short write", fault{err: unix.EIO, short: true}, "write", true},
		{"sync", fault{err: unix.EIO}, "sync", false},
		{"sync that says the disk is full", fault{err: unix.ENOSPC}, "sync", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			d := &faultyDisk{disk: osDisk{}, fault: c.fault}
			j, err := open(d, dir, options())
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, j, evidence(1))
			writes, syncs := d.log.writes, d.log.syncs
			d.n = d.seen + map[string]int{"write": 3, "sync": 4}[c.kind] // after two looks at the file
			if _, err := j.Append(evidence(2)); !errors.Is(err, ErrUnusable) {
				t.Fatalf("got %v", err)
			}
			if !slices.Equal(d.kinds, []string{c.kind}) {
				t.Fatalf("%v failed", d.kinds)
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
			if (again.Recovered() != nil) != c.torn {
				t.Errorf("recovered %+v", again.Recovered())
			}
			mustAppend(t, again, evidence(4))
			if v := mustVerify(t, again.Path()); !v.Intact {
				t.Errorf("%v", v.Faults)
			}
		})
	}
}

// A record that finds no room is not there, and the journal goes on.
func TestAppend_goesOnAfterAFullDisk(t *testing.T) {
	d := &faultyDisk{disk: osDisk{}, fault: fault{err: unix.ENOSPC, part: true}}
	j, err := open(d, t.TempDir(), options())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	mustAppend(t, j, evidence(1))
	before := mustRead(t, j.Path())
	d.n = d.seen + 3
	if _, err := j.Append(evidence(2)); !errors.Is(err, ErrNoRoom) || errors.Is(err, ErrUnusable) {
		t.Fatalf("got %v", err)
	}
	if got := mustRead(t, j.Path()); string(got) != string(before) {
		t.Errorf("the file has %d bytes and not %d", len(got), len(before))
	}
	if r := mustAppend(t, j, evidence(3)); r.Seq != 2 {
		t.Errorf("the next record is %d", r.Seq)
	}
	if v := mustVerify(t, j.Path()); !v.Intact || v.Records != 2 {
		t.Errorf("%+v", v)
	}
}

// silent are operations whose failure need not be told: they tidy up, or
// what was asked for is there all the same.
var silent = []string{"remove", "stat", "read"}

// Whatever fails, and whether it keeps failing: nothing happens without an
// intent on the disk, what was acknowledged can be read also when the power goes then, and a file
// whose sync failed is left alone.
func TestJournal_survivesEveryFailingOperation(t *testing.T) {
	t.Parallel()
	failed := make(map[string]int)
	for _, f := range faults() {
		for n := 2; ; n++ {
			base := newPowerDisk(rand.New(rand.NewPCG(uint64(n), 2)))
			before := &trip{}
			if n%2 == 1 { // there is a journal already, and its writer died in the middle of a line
				if before = travel(base, powerFolder); len(before.errs) > 0 {
					t.Fatal(before.errs)
				}
				f := base.dirs[powerFolder].now[FileName]
				f.now = append(f.now, `{"v":1,"log"`...)
				f.durable = bytes.Clone(f.now)
			}
			d := &faultyDisk{disk: base, fault: f, n: n / 2}
			tr := travel(d, powerFolder)
			where := fmt.Sprintf("%s at operation %d (%s)", f.name, n, strings.Join(d.kinds, ", "))
			tr.mustBeTold(t, where, d)
			base.cut()
			tr.acked, tr.intents, tr.effects = merged(before, tr), tr.intents+before.intents, tr.effects+before.effects
			tr.mustBeThere(t, where, base, powerFolder, "b2")
			if len(d.kinds) == 0 && n%2 == 1 {
				break
			}
			if len(d.kinds) > 0 {
				failed[d.kinds[0]]++
			}
		}
	}
	for _, k := range []string{"mkdir", "open", "create", "write", "sync", "truncate", "allocate", "rename", "dirsync", "remove", "stat", "read"} {
		if failed[k] == 0 {
			t.Errorf("no %s failed", k)
		}
	}
	t.Logf("failed one by one: %v", failed)
}

// The same on a real disk, without the power cut.
func TestJournal_survivesEveryFailingOperationOfTheSystem(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		dir := filepath.Join(t.TempDir(), "production")
		d := &faultyDisk{disk: osDisk{}, fault: fault{err: unix.EIO, part: true}, n: n}
		tr := travel(d, dir)
		where := fmt.Sprintf("operation %d (%s)", n, strings.Join(d.kinds, ", "))
		tr.mustBeTold(t, where, d)
		tr.mustBeThere(t, where, osDisk{}, dir, "b1")
		if v := mustVerify(t, filepath.Join(dir, FileName)); !v.Intact {
			t.Fatalf("%s: %v", where, v.Faults)
		}
		if len(d.kinds) == 0 {
			break
		}
	}
}

func merged(a, b *trip) map[int64]string {
	all := maps.Clone(b.acked)
	maps.Copy(all, a.acked)
	return all
}
