package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpen_setsIncompleteLineAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := mustOpen(t, dir)
	mustAppend(t, j, evidence(1))
	good := mustRead(t, j.Path())
	mustAppend(t, j, evidence(2))
	raw := mustRead(t, j.Path())
	j.Close()

	every := 5
	if os.Getenv("LOCKSTEP_NIGHTLY") != "" {
		every = 1
	}
	for cut := len(good) + 1; cut < len(raw); cut += every {
		work := t.TempDir()
		path := filepath.Join(work, FileName)
		mustWrite(t, path, raw[:cut])

		var torn *TornError
		if all, err := Read(path); !errors.As(err, &torn) || torn.Line != 2 || len(all) != 1 {
			t.Fatalf("cut at %d: read %d records, %v", cut, len(all), err)
		}
		if v := mustVerify(t, path); !v.Intact || v.Complete || v.Torn != int64(cut-len(good)) {
			t.Fatalf("cut at %d: %+v", cut, v)
		}
		j := mustOpen(t, work)
		rec := j.Recovered()
		if rec == nil || rec.Size != int64(cut-len(good)) {
			t.Fatalf("cut at %d: recovered %+v", cut, rec)
		}
		if got := mustRead(t, filepath.Join(work, rec.File)); !bytes.Equal(got, raw[len(good):cut]) {
			t.Fatalf("cut at %d: set aside %q", cut, got)
		}
		mustAppend(t, j, evidence(3))
		j.Close()
		all, err := Read(path)
		if err != nil || len(all) != 3 || all[1].Kind != KindRecovered || all[2].Kind != KindEvidence {
			t.Fatalf("cut at %d: %d records, %v", cut, len(all), err)
		}
		if v := mustVerify(t, path); !v.Intact {
			t.Fatalf("cut at %d: %v", cut, v.Faults)
		}
		// Opening it again finds nothing more to say.
		if j := mustOpen(t, work); j.Recovered() != nil {
			t.Fatalf("cut at %d: recovered twice", cut)
		}
	}
}

// A writer that dies between cutting the line off and recording it must not
// leave the loss unrecorded.
func TestOpen_recordsWhatAnEarlierWriterSetAside(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir).Close()
	mustWrite(t, filepath.Join(dir, "torn-1-0123456789ab.bin"), []byte(`{"v":1`))
	j := mustOpen(t, dir)
	if rec := j.Recovered(); rec == nil || rec.File != "torn-1-0123456789ab.bin" || rec.Size != 6 {
		t.Fatalf("recovered %+v", rec)
	}
	if all, err := Read(j.Path()); err != nil || len(all) != 1 || all[0].Kind != KindRecovered {
		t.Errorf("%d records, %v", len(all), err)
	}
}

func TestOpen_setsHugeTailAside(t *testing.T) {
	dir := writeJournal(t)
	path := filepath.Join(dir, FileName)
	good := mustRead(t, path)
	tail := bytes.Repeat([]byte{0}, 3*maxLine)
	mustWrite(t, path, append(good[:len(good):len(good)], tail...))
	j := mustOpen(t, dir)
	rec := j.Recovered()
	if rec == nil || rec.Size != int64(len(tail)) {
		t.Fatalf("recovered %+v", rec)
	}
	if raw := mustRead(t, path); !bytes.HasPrefix(raw, good) {
		t.Error("the good records changed")
	}
	if st, err := os.Stat(filepath.Join(dir, rec.File)); err != nil || st.Size() != int64(len(tail)) {
		t.Errorf("%v, %v", st, err)
	}
}

// After a sync that failed the next writer goes on in another file, because what
// can be read of the old one may not be on the disk.
func TestOpen_writesTheFileAnewAfterAFailedSync(t *testing.T) {
	dir := t.TempDir()
	d := &faultyDisk{disk: osDisk{}, fault: fault{err: unix.EIO}}
	j, err := open(d, dir, options())
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, j, evidence(1))
	d.only = "sync"
	if _, err := j.Append(evidence(2)); !errors.Is(err, ErrUnusable) {
		t.Fatalf("got %v", err)
	}
	j.Close()
	before := mustRead(t, j.Path())
	var files []fileID
	for range 2 {
		again := mustOpen(t, dir)
		mustAppend(t, again, evidence(3))
		files = append(files, again.id)
		again.Close()
		if _, err := (osDisk{}).stat(filepath.Join(dir, doubtName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the doubt is not settled: %v", err)
		}
	}
	if files[0] == j.id || files[1] != files[0] {
		t.Errorf("the files were %v, then %v", j.id, files)
	}
	if raw := mustRead(t, j.Path()); !bytes.HasPrefix(raw, before) || len(lines(raw)) != 4 {
		t.Errorf("%d records", len(lines(raw)))
	}
}
