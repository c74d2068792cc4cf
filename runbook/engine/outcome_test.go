package engine

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"lockstep/runbook/journal"
)

// lossy is a journal that cannot store some blobs.
type lossy struct {
	*memory
	lost string
}

func (l lossy) PutBlob(name string, data []byte) (journal.BlobRef, error) {
	if name == l.lost {
		return journal.BlobRef{}, journal.ErrNoRoom
	}
	return l.memory.PutBlob(name, data)
}

func TestEngine_recordsAnOutcomeWithoutTheBlobsThatFindNoRoom(t *testing.T) {
	m := &memory{}
	d := &desk{engine: &Engine{cfg: Config{Journal: lossy{m, "log\x1b"}}, stream: newStream(time.Now)}, step: "apply", attempt: 1}
	facts := map[string]any{"exit": 0}
	end := Ending{Result: OK, Facts: facts, Blobs: []Blob{{Name: "log\x1b", Data: []byte("a")}, {Name: "state", Data: []byte("b")}}}
	if err := d.recordOutcome(7, end, nil); err != nil {
		t.Fatal(err)
	}
	var b struct {
		Intent int64
		Facts  struct {
			Exit *int
			Lost []string `json:"blobs_lost"`
		}
	}
	if err := json.Unmarshal(m.records[0].Body, &b); err != nil {
		t.Fatal(err)
	}
	if b.Intent != 7 || b.Facts.Exit == nil || !slices.Equal(b.Facts.Lost, []string{`log\x1b`}) {
		t.Errorf("%s", m.records[0].Body)
	}
	if blobs := m.records[0].Blobs; len(blobs) != 1 || blobs[0].Name != "state" {
		t.Errorf("%v", blobs)
	}
	if len(facts) != 1 {
		t.Errorf("the step's own facts were changed: %v", facts)
	}
}
