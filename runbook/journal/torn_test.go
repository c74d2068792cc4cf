package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpen_setsIncompleteLineAside(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir)
	mustAppend(t, j, evidence(1))
	good := mustRead(t, j.Path())
	mustAppend(t, j, evidence(2))
	raw := mustRead(t, j.Path())
	j.Close()

	for cut := len(good) + 1; cut < len(raw); cut++ {
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
