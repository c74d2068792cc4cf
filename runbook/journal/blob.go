package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lockstep/runbook/safe"
)

// PutBlob stores data beside the journal under its digest and returns the
// reference a record carries. It returns when the data is on the disk. Storing the same data
// twice is as good as once. The name says what it is; it is no path.
func (j *Journal) PutBlob(name string, data []byte) (BlobRef, error) {
	sum := sha256.Sum256(data)
	ref := BlobRef{Name: inert(name), SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	if name == "" {
		return BlobRef{}, errors.New("store blob: it has no name")
	}
	path := blobPath(j.dir, ref)
	if old, err := j.disk.readFile(path); err == nil && bytes.Equal(old, data) {
		return ref, nil
	}
	if err := j.disk.writeFile(path, data); err != nil {
		return BlobRef{}, fmt.Errorf("store blob %q: %w", ref.Name, err)
	}
	return ref, nil
}

// ReadBlob returns the content that ref names from the folder of a journal. It
// refuses content that has another digest or size.
func ReadBlob(dir string, ref BlobRef) ([]byte, error) {
	if !isDigest(digestPrefix + ref.SHA256) {
		return nil, fmt.Errorf("read blob %q: %q is not a digest", safe.Show(ref.Name), safe.Show(ref.SHA256))
	}
	data, err := os.ReadFile(blobPath(dir, ref))
	if err != nil {
		return nil, fmt.Errorf("read blob %q: %w", safe.Show(ref.Name), err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != ref.SHA256 || int64(len(data)) != ref.Size {
		return nil, fmt.Errorf("read blob %q: %s is not what was recorded", safe.Show(ref.Name), blobPath(dir, ref))
	}
	return data, nil
}

func blobPath(dir string, ref BlobRef) string { return filepath.Join(dir, blobsName, ref.SHA256) }
