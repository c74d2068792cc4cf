package journal

import (
	"strings"
	"testing"
)

// The specification shows a line. It must be one that a reader accepts.
func TestSpecification_exampleIsARecord(t *testing.T) {
	var line strings.Builder
	for l := range strings.Lines(string(mustRead(t, "doc.go"))) {
		l, example := strings.CutPrefix(strings.TrimSuffix(l, "\n"), "//\t")
		if example && (line.Len() > 0 || strings.HasPrefix(l, `{"v":1`)) {
			line.WriteString(l)
		} else if line.Len() > 0 {
			break
		}
	}
	r, err := decode([]byte(line.String()))
	if err != nil {
		t.Fatalf("%v: %s", err, line.String())
	}
	if r.Kind != KindOutcome || r.Seq != 6 || len(r.Blobs) != 1 {
		t.Errorf("%+v", r)
	}
}
