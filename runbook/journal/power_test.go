package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lockstep/runbook/safe"
)

// powerFolder is where the journal is on a [powerDisk].
const powerFolder = "/state/production"

// A life is what several writers, who died one after the other, were told of
// one journal.
type life struct {
	d       *powerDisk
	rng     *rand.Rand
	boot    int
	writers int
	acked   map[int64][]byte // line of each acknowledged record
	epochs  map[int64]int    // writer of each epoch that has an acknowledged record
	blobs   map[BlobRef]bool // of acknowledged records
	torn    int              // lines that were set aside
	cut     bool             // the power went since the last writer
	left    map[string]bool  // digests of incomplete lines that were on the disk
}

func newLife(seed uint64, wrong int) *life {
	rng := rand.New(rand.NewPCG(seed, 1))
	l := &life{
		rng: rng, d: newPowerDisk(rng), boot: 1,
		acked: make(map[int64][]byte), epochs: make(map[int64]int), blobs: make(map[BlobRef]bool), left: make(map[string]bool),
	}
	l.d.wrong = wrong
	return l
}

// live goes through a few writers who are killed, or lose the power, at any
// operation, and then looks at what is left.
func (l *life) live() error {
	for range 1 + l.rng.IntN(3) {
		l.d.left = 1 + l.rng.IntN(60)
		if err := l.write(); err != nil {
			return err
		}
		if l.rng.IntN(3) == 0 {
			l.d.kill()
		} else {
			l.d.cut()
			l.boot++
			l.cut = true
		}
	}
	l.d.wrong = 0
	j, err := l.open()
	if err != nil {
		return fmt.Errorf("the journal cannot be opened: %w", err)
	}
	defer j.Close()
	return l.check(j)
}

func (l *life) open() (*Journal, error) {
	l.writers++
	o := options()
	o.Boot, o.Purpose, o.Actor = fmt.Sprintf("b%d", l.boot), "run", ana()
	before := l.raw()
	if rest := before[bytes.LastIndexByte(before, '\n')+1:]; l.cut && len(rest) > 0 && len(rest) == len(before)-l.good() {
		sum := sha256.Sum256(rest)
		l.left[hex.EncodeToString(sum[:])] = true
	}
	l.cut = false
	j, err := open(l.d, powerFolder, o)
	if err != nil {
		return nil, err
	}
	// What it found it has put on the disk with the lock, so it is acknowledged now.
	end := 0
	for n, line := range bytes.SplitAfter(l.raw(), []byte("\n")) {
		if seq := int64(n + 1); l.acked[seq] == nil && len(line) > 0 {
			r, err := decode(line[:len(line)-1])
			if err != nil {
				return nil, err
			}
			l.ack(r)
			if r.Kind == KindLock && r.Epoch == j.chain.epoch && end < len(before) {
				l.torn++
				if j.Recovered() == nil {
					return nil, fmt.Errorf("%d bytes were left of a line and no record says so", len(before)-end)
				}
			}
		}
		end += len(line)
	}
	return j, nil
}

// raw returns the file of records.
func (l *life) raw() []byte {
	dir := l.d.dirs[powerFolder]
	if dir == nil || dir.now[FileName] == nil {
		return nil
	}
	return dir.now[FileName].now
}

// good returns the size of what is there of acknowledged lines.
func (l *life) good() int {
	n := 0
	for _, line := range l.acked {
		n += len(line) + 1
	}
	return n
}

func (l *life) ack(r Record) {
	line, err := encode(r)
	if err != nil {
		panic(err)
	}
	l.acked[r.Seq] = line
	for _, b := range r.Blobs {
		l.blobs[b] = true
	}
}

// write opens the journal and writes until the writer dies. Errors are those of
// what was promised.
func (l *life) write() error {
	j, err := l.open()
	if err != nil {
		if bad := new(CorruptError); errors.As(err, &bad) {
			return fmt.Errorf("writer %d: %w", l.writers, err)
		}
		return nil
	}
	defer j.Close()
	epoch := j.chain.epoch
	if w, used := l.epochs[epoch]; used {
		return fmt.Errorf("writers %d and %d share the epoch %d", w, l.writers, epoch)
	}
	l.epochs[epoch] = l.writers
	intent := int64(0)
	for n := 0; n < 9 && !l.d.off; n++ {
		d := draft("r-1", "apply", KindEvidence, EvidenceBody{What: safe.Lit("x"), Facts: map[string]any{"pad": strings.Repeat("x", l.rng.IntN(1500))}})
		switch {
		case intent > 0 && l.rng.IntN(2) == 0:
			d = draft("r-1", "apply", KindOutcome, OutcomeBody{Intent: intent, Result: "ok"})
			intent = 0
		case intent == 0 && l.rng.IntN(4) == 0:
			d = draft("r-1", "apply", KindIntent, IntentBody{What: safe.Lit("apply")})
		}
		if l.rng.IntN(3) == 0 {
			if ref, err := j.PutBlob("b", []byte(strings.Repeat(strconv.Itoa(l.rng.IntN(4)), 700))); err == nil {
				d.Blobs = append(d.Blobs, ref)
			}
		}
		r, err := j.Append(d)
		if err != nil {
			continue
		}
		if r.Epoch != epoch {
			return fmt.Errorf("record %d has the epoch %d and not %d", r.Seq, r.Epoch, epoch)
		}
		if r.Kind == KindIntent {
			intent = r.Seq
		}
		l.ack(r)
	}
	return nil
}

// check compares what is there with what writers were told.
func (l *life) check(j *Journal) error {
	mentioned := make(map[string]bool)
	lines := bytes.SplitAfter(l.raw(), []byte("\n"))
	lines = lines[:len(lines)-1]
	if int64(len(lines)) != j.chain.seq || len(lines) != len(l.acked) {
		return fmt.Errorf("%d lines and %d records, %d were acknowledged", len(lines), j.chain.seq, len(l.acked))
	}
	for n, line := range lines {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if !bytes.Equal(line, l.acked[int64(n+1)]) {
			return fmt.Errorf("record %d is not the one that was acknowledged", n+1)
		}
		if bytes.Contains(line, []byte(`"kind":"recovered"`)) {
			r, err := decode(line)
			if err != nil {
				return err
			}
			noteTorn(mentioned, r)
			var b RecoveredBody
			if err := json.Unmarshal(r.Body, &b); err != nil {
				return err
			}
			delete(l.left, b.SHA256)
		}
	}
	if len(l.left) > 0 {
		return fmt.Errorf("no record tells of %d lines that were left incomplete", len(l.left))
	}
	for ref := range l.blobs {
		data, err := l.d.readFile(blobPath(powerFolder, ref))
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != ref.SHA256 {
			return fmt.Errorf("blob %s: %d bytes, %w", ref.SHA256, len(data), err)
		}
	}
	names, err := l.d.names(powerFolder)
	for _, name := range names {
		if strings.HasPrefix(name, tornPrefix) && !mentioned[name] {
			return fmt.Errorf("no record says that %s was set aside", name)
		}
		if strings.HasPrefix(name, newPrefix) {
			return fmt.Errorf("%s is still there", name)
		}
	}
	return err
}

func TestJournal_survivesPowerCuts(t *testing.T) {
	t.Parallel()
	seeds := 5000
	switch {
	case os.Getenv("LOCKSTEP_NIGHTLY") != "":
		seeds = 200000
	case testing.Short():
		seeds = 300
	}
	var next, writers, records, torn atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				seed := next.Add(1)
				if seed > int64(seeds) || t.Failed() {
					return
				}
				l := newLife(uint64(seed), int(seed%2*40)) // a sync fails in every other one
				if err := l.live(); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
				writers.Add(int64(l.writers))
				records.Add(int64(len(l.acked)))
				torn.Add(int64(l.torn))
			}
		})
	}
	wg.Wait()
	if torn.Load() < int64(seeds)/20 {
		t.Errorf("only %d lines were left incomplete", torn.Load())
	}
	t.Logf("%d seeds, %d writers died, %d records acknowledged, none lost, %d incomplete lines", seeds, writers.Load()-int64(seeds), records.Load(), torn.Load())
}
