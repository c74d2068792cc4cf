package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPutBlob_isContentAddressedAndRepeatable(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir)
	a, err := j.PutBlob("plan", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := j.PutBlob("other name", []byte("content"))
	if err != nil || a.SHA256 != b.SHA256 || b.Name != "other name" || a.Size != 7 {
		t.Errorf("%+v then %+v, %v", a, b, err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, blobsName))
	if err != nil || len(entries) != 1 || entries[0].Name() != a.SHA256 {
		t.Errorf("blobs: %v, %v", entries, err)
	}
	got, err := ReadBlob(dir, b)
	if err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
	// A damaged blob is put right, never taken as there.
	mustWrite(t, blobPath(dir, a), []byte("damaged"))
	if _, err := j.PutBlob("plan", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadBlob(dir, a); err != nil || string(got) != "content" {
		t.Errorf("after repair %q, %v", got, err)
	}
}

func TestReadBlob_refusesWhatWasNotRecorded(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir)
	ref, err := j.PutBlob("plan", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]BlobRef{
		"size":      {Name: "plan", SHA256: ref.SHA256, Size: 8},
		"missing":   {Name: "plan", SHA256: strings.Repeat("0", 64), Size: 7},
		"traversal": {Name: "plan", SHA256: "../journal.jsonl", Size: 0},
	} {
		if _, err := ReadBlob(dir, bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	mustWrite(t, blobPath(dir, ref), []byte("c0ntent"))
	if _, err := ReadBlob(dir, ref); err == nil || !strings.Contains(err.Error(), "not what was recorded") {
		t.Errorf("changed: %v", err)
	}
}

func TestVerify_findsBlobsThatAreMissingOrChanged(t *testing.T) {
	dir := writeJournal(t)
	path := filepath.Join(dir, FileName)
	v := mustVerify(t, path)
	if !v.Intact || v.Blobs != 2 {
		t.Fatalf("%+v", v)
	}
	all, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	ref := all[2].Blobs[0]
	mustWrite(t, blobPath(dir, ref), []byte("changed"))
	if v := mustVerify(t, path); v.Intact || v.Faults[0].Line != 3 || !strings.Contains(v.Faults[0].What.String(), "not what was recorded") {
		t.Errorf("changed: %+v", v.Faults)
	}
	if err := os.Remove(blobPath(dir, ref)); err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, path); v.Intact || !strings.Contains(v.Faults[0].What.String(), "missing") {
		t.Errorf("missing: %+v", v.Faults)
	}
}
