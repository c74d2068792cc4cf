package cure

import (
	"bytes"
	"fmt"
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
