package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
)

// blobStore is what a writer knows of the folder of blobs.
type blobStore struct {
	mu      sync.Mutex
	durable map[string]bool // digests whose blobs are on the disk, name and all
	dead    error           // why none can be stored any more
}

// PutBlob stores data beside the journal under its digest and returns the
// reference a record carries. It returns when the data is on the disk. Storing the same data
// twice is as good as once. The name says what it is; it is no path. An error
// leaves the journal usable; on a full disk it wraps [ErrNoRoom].
func (j *Journal) PutBlob(name string, data []byte) (BlobRef, error) {
	sum := sha256.Sum256(data)
	ref := BlobRef{Name: inert(name), SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	if name == "" {
		return BlobRef{}, errors.New("store blob: it has no name")
	}
	if err := j.store(ref, data); err != nil {
		return BlobRef{}, fmt.Errorf("store blob %q: %w", ref.Name, noRoom(err))
	}
	return ref, nil
}

func (j *Journal) store(ref BlobRef, data []byte) error {
	if err := failpoint.Hit("journal.blob"); err != nil {
		return err
	}
	path := blobPath(j.dir, ref)
	s := &j.storing
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead != nil {
		return s.dead
	}
	// One that an earlier writer left may not be on the disk, name and all, although it
	// can be read.
	if s.durable[ref.SHA256] {
		if old, err := j.disk.readFile(path); err == nil && bytes.Equal(old, data) {
			return nil
		}
	}
	if err := writeFile(j.disk, path, data); err != nil {
		return err
	}
	if err := j.syncDir(filepath.Dir(path)); err != nil {
		// Another sync of the folder could seem to succeed.
		s.dead = fmt.Errorf("the folder of blobs cannot be trusted since an earlier failure: %w", err)
		return err
	}
	if s.durable == nil {
		s.durable = make(map[string]bool)
	}
	s.durable[ref.SHA256] = true
	return nil
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
