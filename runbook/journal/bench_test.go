package journal

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkAppend compares an append with the least that makes the same bytes
// durable, in the same run.
func BenchmarkAppend(b *testing.B) {
	b.Run("journal", func(b *testing.B) {
		j := mustOpen(b, b.TempDir())
		for i := 0; b.Loop(); i++ {
			mustAppend(b, j, evidence(i))
		}
	})
	b.Run("write+fdatasync", func(b *testing.B) {
		j := mustOpen(b, b.TempDir())
		mustAppend(b, j, evidence(0))
		line := mustRead(b, j.Path())
		f, err := os.OpenFile(filepath.Join(b.TempDir(), "plain"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		for b.Loop() {
			if _, err := f.Write(line); err != nil {
				b.Fatal(err)
			}
			if err := syncData(f); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		j := mustOpen(b, b.TempDir())
		for i := 0; b.Loop(); i++ {
			if _, _, err := j.record(evidence(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerify compares the verification of a journal with one SHA-256 over
// its file.
func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	j, err := open(unsyncedDisk{}, dir, options())
	if err != nil {
		b.Fatal(err)
	}
	for range 1000 {
		writeRun(b, j, "r-1", "live", "aaaa")
	}
	path := j.Path()
	j.Close()
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(st.Size())
		for b.Loop() {
			if v, err := Verify(path); err != nil || !v.Intact {
				b.Fatal(err, v.Faults)
			}
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(st.Size())
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(sha256.New(), f); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}

// unsyncedDisk makes a long journal for a benchmark in a short time.
type unsyncedDisk struct{ osDisk }

func (d unsyncedDisk) openLog(path string) (file, error) {
	l, err := d.osDisk.openLog(path)
	return unsyncedLog{l}, err
}

type unsyncedLog struct{ file }

func (unsyncedLog) sync() error { return nil }
