package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// Version is the version of the format that this package reads and writes.
	Version = 1
	// maxLine is the length of the longest line, in bytes, without its line feed.
	maxLine = 4 << 20
	// stampLayout is the one form of a time stamp.
	stampLayout = "2006-01-02T15:04:05.000Z"
	// domain is hashed before each line, so that the digest of a record can't be
	// the digest of anything else.
	domain = "lockstep-record-v1\n"
	// digestPrefix stands before the digits of a digest.
	digestPrefix = "sha256:"
)

// noPrev is the prev of the first record.
var noPrev = digestPrefix + strings.Repeat("0", sha256.Size*2)

// digest returns what the record after a line carries as prev.
func digest(line []byte) string {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write(line)
	return digestPrefix + hex.EncodeToString(h.Sum(nil))
}

// encode returns the line of a record, without a line feed.
func encode(r Record) ([]byte, error) {
	if r.Blobs == nil {
		r.Blobs = []BlobRef{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	line := b.Bytes()[:b.Len()-1]
	if len(line) > maxLine {
		return nil, fmt.Errorf("the record has %d bytes, more than the %d that a line may have", len(line), maxLine)
	}
	return line, nil
}

// decode reads a line and refuses whatever encode would not have written.
func decode(line []byte) (Record, error) {
	var r Record
	if len(line) > maxLine {
		return r, fmt.Errorf("the line has %d bytes, more than the %d that are allowed", len(line), maxLine)
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return r, fmt.Errorf("not a record: %w", shorten(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("something follows the record")
	}
	if r.V != Version {
		return r, fmt.Errorf("version %d of the format, only %d can be read", r.V, Version)
	}
	again, err := encode(r)
	if err != nil {
		return r, fmt.Errorf("not a record: %w", err)
	}
	if at := firstDifference(line, again); at >= 0 {
		return r, fmt.Errorf("not in canonical form from byte %d on", at+1)
	}
	return r, r.check()
}

// check looks at the fields that have a form of their own.
func (r Record) check() error {
	if r.Log == "" {
		return errors.New("the log has no name")
	}
	if id, err := uuid.Parse(r.RID); err != nil || id.Version() != 7 || id.String() != r.RID {
		return fmt.Errorf("the rid %q is not a UUID of version 7", r.RID)
	}
	if t, err := time.Parse(stampLayout, r.TS); err != nil || t.Format(stampLayout) != r.TS {
		return fmt.Errorf("the time stamp %q is not in the form %s", r.TS, stampLayout)
	}
	if !isDigest(r.Prev) {
		return fmt.Errorf("prev is not a digest: %q", r.Prev)
	}
	if r.Epoch < 0 || r.Attempt < 0 {
		return errors.New("a count is negative")
	}
	for _, b := range r.Blobs {
		if !isDigest(digestPrefix+b.SHA256) || b.Size < 0 || b.Name == "" {
			return fmt.Errorf("the blob %q has no name, digest or size", b.Name)
		}
	}
	if err := checkBody(r.Kind, r.Body); err != nil {
		return fmt.Errorf("body of kind %q: %w", r.Kind, err)
	}
	return nil
}

// isDigest reports whether s is a digest as this format writes it.
func isDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(digits) != sha256.Size*2 {
		return false
	}
	return strings.Trim(digits, "0123456789abcdef") == ""
}

// firstDifference returns the index of the first byte that differs, or -1.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// shorten keeps the words of an error of encoding/json to one line.
func shorten(err error) error {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return fmt.Errorf("the field %q has the wrong type", typ.Field)
	}
	return err
}
