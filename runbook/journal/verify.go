package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lockstep/runbook/safe"
)

// A Fault is one thing that is wrong with a journal.
type Fault struct {
	Line int       `json:"line"` // from 1
	What safe.Text `json:"what"`
}

// A Verdict is what can be said of a journal, in four parts that do not follow
// from each other.
type Verdict struct {
	Path    string `json:"path"`
	Log     string `json:"log"`
	Records int64  `json:"records"` // complete lines
	Blobs   int    `json:"blobs"`   // blobs that were checked
	Head    string `json:"head"`    // digest of the last line
	Epoch   int64  `json:"epoch"`   // how often the journal was locked

	// Intact: every line follows from the one before and every blob is right.
	Intact bool    `json:"intact"`
	Faults []Fault `json:"faults"`

	// SignedBy is who signed it; empty in this version, which signs nothing.
	SignedBy []string `json:"signed_by"`

	// Anchored is the last record whose digest is known to be kept elsewhere; 0
	// in this version, which knows of no such place.
	Anchored int64 `json:"anchored"`

	// Complete: every run was closed, every effect has an outcome, and the last
	// line is whole.
	Complete bool     `json:"complete"`
	Open     []string `json:"open"`    // runs without a close
	Unknown  []int64  `json:"unknown"` // intents without an outcome
	Torn     int64    `json:"torn"`    // bytes of an incomplete last line

	// Notes are worth knowing and no fault.
	Notes []Fault `json:"notes"`
}

// Verify checks the journal file at path and the blobs beside it. The error
// says that the file could not be read; what is wrong with its content is in the verdict.
func Verify(path string) (Verdict, error) {
	f, err := os.Open(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify journal: %w", err)
	}
	defer f.Close()
	v := verifier{dir: filepath.Dir(path), chain: newChain(), blobs: make(map[string]error)}
	v.Path = path
	_, v.Torn, err = eachLine(f, v.line)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify journal %q: %w", path, err)
	}
	return v.finish(), nil
}

// A verifier reads a journal once, from the first line to the last.
type verifier struct {
	Verdict
	dir     string
	chain   *chain
	records []Record
	last    Record
	intents map[int64]string // run of each intent
	ended   map[int64]bool   // intents that have an outcome
	closed  map[string]int64 // by run, the record that closed it
	blobs   map[string]error // what is wrong with a blob, by digest
}

func (v *verifier) line(n int, line []byte) error {
	v.Records++
	rec, faults := v.chain.next(line)
	for _, what := range faults {
		v.Faults = append(v.Faults, Fault{n, safe.Show(what)})
	}
	if rec.Body == nil || checkBody(rec.Kind, rec.Body) != nil {
		return nil
	}
	if v.last.Seq > 0 && rec.Time().Before(v.last.Time()) {
		v.note(n, "the clock went back by %s", v.last.Time().Sub(rec.Time()).Round(time.Millisecond))
	}
	v.effects(n, rec)
	v.ends(n, rec)
	for _, b := range rec.Blobs {
		if err := v.blob(b); err != nil {
			v.fault(n, "%v", err)
		}
	}
	if rec.Kind == KindRecovered {
		v.torn(n, rec)
	}
	v.last = rec
	// Only what tells the state of a run is kept, so that a long journal does not
	// fill the memory.
	switch rec.Kind {
	case KindOpen, KindIntent, KindOutcome, KindResume, KindClose:
		v.records = append(v.records, rec)
	}
	return nil
}

// effects checks that each outcome belongs to an intent of the same run.
func (v *verifier) effects(n int, r Record) {
	if v.intents == nil {
		v.intents, v.ended = make(map[int64]string), make(map[int64]bool)
	}
	switch r.Kind {
	case KindIntent:
		v.intents[r.Seq] = r.Run
	case KindOutcome:
		var b OutcomeBody
		if json.Unmarshal(r.Body, &b) != nil {
			return
		}
		run, found := v.intents[b.Intent]
		switch {
		case !found:
			v.fault(n, "record %d is the outcome of record %d, which is no intent before it", r.Seq, b.Intent)
		case run != r.Run:
			v.fault(n, "record %d is the outcome of an effect of another run", r.Seq)
		case v.ended[b.Intent]:
			v.note(n, "record %d is another outcome of the effect of record %d", r.Seq, b.Intent)
		}
		v.ended[b.Intent] = true
	}
}

// ends notes a run that goes on after its end.
func (v *verifier) ends(n int, r Record) {
	switch {
	case r.Kind == KindClose:
		if v.closed == nil {
			v.closed = make(map[string]int64)
		}
		v.closed[r.Run] = r.Seq
	case r.Kind == KindResume && v.closed[r.Run] > 0:
		v.note(n, "record %d takes up run %s, which record %d closed", r.Seq, r.Run, v.closed[r.Run])
	}
}

// blob checks a blob, each digest once.
func (v *verifier) blob(ref BlobRef) error {
	key := fmt.Sprintf("%s %d", ref.SHA256, ref.Size)
	err, seen := v.blobs[key]
	if !seen {
		err = checkBlob(v.dir, ref)
		v.blobs[key] = err
		v.Blobs++
	}
	return err
}

// checkBlob compares a blob with its reference without holding it in memory.
func checkBlob(dir string, ref BlobRef) error {
	f, err := os.Open(blobPath(dir, ref))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the blob %q (%s) is missing", ref.Name, ref.SHA256)
	}
	if err != nil {
		return fmt.Errorf("the blob %q cannot be read: %w", ref.Name, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("the blob %q cannot be read: %w", ref.Name, err)
	}
	if n != ref.Size || hex.EncodeToString(h.Sum(nil)) != ref.SHA256 {
		return fmt.Errorf("the blob %q (%s) is not what was recorded", ref.Name, ref.SHA256)
	}
	return nil
}

// torn looks for the file a recovered record tells of. It holds nothing that
// was ever acknowledged, so its absence is no fault.
func (v *verifier) torn(n int, r Record) {
	var b RecoveredBody
	if json.Unmarshal(r.Body, &b) != nil {
		return
	}
	if filepath.Base(b.File) != b.File || !strings.HasPrefix(b.File, tornPrefix) {
		v.fault(n, "record %d names %q, which is no torn line", r.Seq, b.File)
		return
	}
	v.note(n, "an incomplete line of %d bytes was set aside as %s", b.Size, b.File)
	data, err := os.ReadFile(filepath.Join(v.dir, b.File))
	if err != nil {
		v.note(n, "%s is not there any more", b.File)
		return
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != b.SHA256 {
		v.note(n, "%s is not what was set aside", b.File)
	}
}

func (v *verifier) fault(n int, format string, args ...any) {
	v.Faults = append(v.Faults, Fault{n, safe.Show(fmt.Sprintf(format, args...))})
}

func (v *verifier) note(n int, format string, args ...any) {
	v.Notes = append(v.Notes, Fault{n, safe.Show(fmt.Sprintf(format, args...))})
}

// finish draws the conclusions.
func (v *verifier) finish() Verdict {
	v.Log, v.Head, v.Epoch = v.chain.log, v.chain.head, v.chain.epoch
	for _, run := range Runs(v.records) {
		if !run.Closed {
			v.Open = append(v.Open, run.ID)
		}
		v.Unknown = append(v.Unknown, run.Unknown...)
	}
	v.Intact = len(v.Faults) == 0
	v.Complete = len(v.Open) == 0 && len(v.Unknown) == 0 && v.Torn == 0
	return v.Verdict
}
