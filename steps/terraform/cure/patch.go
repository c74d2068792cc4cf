package cure

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// An Edit is the new content of one file of the repository.
type Edit struct {
	Path     string // from the top of the repository, with slashes
	Old, New []byte
}

// patch writes edits as a unified diff that git apply takes.
func patch(edits []Edit) ([]byte, error) {
	var out bytes.Buffer
	for _, e := range edits {
		if strings.ContainsFunc(e.Path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }) {
			return nil, fmt.Errorf("the path %q cannot stand in a patch", e.Path)
		}
		end := ""
		if strings.Contains(e.Path, " ") {
			end = "\t" // how git marks the end of a path with blanks
		}
		body := diff.Diff("a", e.Old, "b", e.New)
		_, body, _ = bytes.Cut(body, []byte("\n+++ b\n"))
		fmt.Fprintf(&out, "diff --git a/%s b/%s\n--- a/%s%s\n+++ b/%s%s\n", e.Path, e.Path, e.Path, end, e.Path, end)
		out.Write(body)
	}
	return out.Bytes(), nil
}

// WritePatch writes the patch of a proposal into a new file. It never writes
// over one that is there.
func (p Proposal) WritePatch(file string) error {
	if len(p.Patch) == 0 {
		return errors.New("there is no patch to write: the cure could not be written down")
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%q exists already, and is not written over", file)
	}
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	_, err = out.Write(p.Patch)
	if err := errors.Join(err, out.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the patch: %w", err), os.Remove(file))
	}
	return nil
}
