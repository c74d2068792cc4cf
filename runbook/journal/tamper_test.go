package journal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// lines splits a journal into lines that keep their line feed.
func lines(raw []byte) [][]byte {
	l := bytes.SplitAfter(raw, []byte("\n"))
	return l[:len(l)-1]
}

// reading checks raw as the reader of a file would and returns the line that
// is at fault, 0 for none.
func reading(raw []byte) (line int, err error) {
	_, _, err = readChain("journal.jsonl", bytes.NewReader(raw), func(Record) {})
	var bad *CorruptError
	var torn *TornError
	switch {
	case errors.As(err, &bad):
		return bad.Line, err
	case errors.As(err, &torn):
		return torn.Line, err
	}
	return 0, err
}

// mustFind fails the test unless the fault is found in one of two lines.
func mustFind(t *testing.T, what string, raw []byte, first, last int) {
	t.Helper()
	line, err := reading(raw)
	if err == nil {
		t.Fatalf("%s: not found", what)
	}
	if line < first || line > last {
		t.Fatalf("%s: found in line %d, not %d to %d: %v", what, line, first, last, err)
	}
}

// A place is where a reader stands in a journal that is whole up to there, so
// that a test of many changes does not read the same lines again and again.
type place struct {
	chain chain
	line  int // from 1
}

// places returns where a reader stands before each line.
func places(t *testing.T, all [][]byte) []place {
	t.Helper()
	c := newChain()
	var out []place
	for n, line := range all {
		here := *c
		here.rids = maps.Clone(c.rids)
		out = append(out, place{here, n + 1})
		if _, faults := c.next(bytes.TrimSuffix(line, []byte("\n"))); len(faults) > 0 {
			t.Fatal(faults)
		}
	}
	return out
}

// read reads on from the place and returns the line that is at fault, 0 for
// none.
func (p place) read(raw []byte) (line int, err error) {
	c := p.chain
	c.rids = maps.Clone(c.rids)
	last := 0
	_, torn, err := eachLine(bytes.NewReader(raw), func(n int, line []byte) error {
		if _, faults := c.next(line); len(faults) > 0 {
			return &CorruptError{Line: p.line + n - 1, What: faults[0]}
		}
		last = n
		return nil
	})
	var bad *CorruptError
	switch {
	case errors.As(err, &bad):
		return bad.Line, err
	case torn > 0:
		return p.line + last, &TornError{Line: p.line + last, Bytes: torn}
	}
	return 0, err
}

func TestRead_findsEveryChangedByte(t *testing.T) {
	t.Parallel()
	raw := mustRead(t, filepath.Join(writeJournal(t), FileName))
	all := lines(raw)
	before := places(t, all)
	flips, blind, at := 0, 0, 0
	for n, line := range all {
		rest := raw[at:]
		for i := range line {
			for _, mask := range []byte{0x01, 0x20, 0x80} {
				if testing.Short() && mask != 0x01 {
					continue
				}
				rest[i] ^= mask
				found, err := before[n].read(rest)
				rest[i] ^= mask
				what := fmt.Sprintf("line %d, byte %d, mask %#x", n+1, i+1, mask)
				flips++
				if n == len(all)-1 {
					// Nothing follows the last line, so a change that leaves it
					// well-formed does not show. The specification says so.
					if err == nil {
						blind++
						continue
					}
				} else if err == nil {
					t.Fatalf("%s: not found", what)
				}
				// A line that is still well-formed shows in the one after it.
				if found < n+1 || found > n+2 {
					t.Fatalf("%s: found in line %d: %v", what, found, err)
				}
			}
		}
		at += len(line)
	}
	t.Logf("%d changes of one byte; %d in the last line cannot show", flips, blind)
	if blind == 0 {
		t.Error("the specification says that the last line can be changed unseen, and it cannot: correct it")
	}
}

func TestRead_findsDroppedDoubledSwappedLines(t *testing.T) {
	all := lines(mustRead(t, filepath.Join(writeJournal(t), FileName)))
	join := func(l ...[][]byte) []byte { return bytes.Join(slices.Concat(l...), nil) }
	for n := range all {
		if n < len(all)-1 {
			mustFind(t, fmt.Sprintf("line %d dropped", n+1), join(all[:n], all[n+1:]), n+1, n+1)
			mustFind(t, fmt.Sprintf("lines %d and %d swapped", n+1, n+2),
				join(all[:n], [][]byte{all[n+1], all[n]}, all[n+2:]), n+1, n+1)
		}
		mustFind(t, fmt.Sprintf("line %d twice", n+1), join(all[:n+1], all[n:]), n+2, n+2)
		for m := n + 2; m < len(all); m++ {
			moved := slices.Clone(all)
			moved[n], moved[m] = moved[m], moved[n]
			mustFind(t, fmt.Sprintf("lines %d and %d exchanged", n+1, m+1), join(moved), n+1, n+1)
		}
	}
}

func TestRead_findsEveryCutButTheCleanOnes(t *testing.T) {
	t.Parallel()
	raw := mustRead(t, filepath.Join(writeJournal(t), FileName))
	before := places(t, lines(raw))
	clean, at := 0, 0
	for cut := range raw {
		if cut > 0 && raw[cut-1] == '\n' {
			at = cut
		}
		line := bytes.Count(raw[:cut], []byte("\n")) + 1
		if cut == 0 || raw[cut-1] == '\n' {
			// A clean cut looks like a shorter journal; only a digest kept
			// elsewhere shows it.
			if _, err := reading(raw[:cut]); err != nil { // the whole, as a reader would
				t.Fatalf("clean cut before line %d: %v", line, err)
			}
			clean++
			continue
		}
		if found, err := before[line-1].read(raw[at:cut]); found != line {
			t.Fatalf("cut at %d in line %d: found in line %d, %v", cut, line, found, err)
		}
	}
	if clean != 24 {
		t.Errorf("%d clean cuts", clean)
	}
}

func TestRead_findsRecordsOfAnotherJournal(t *testing.T) {
	a := lines(mustRead(t, filepath.Join(writeJournal(t), FileName)))
	b := lines(mustRead(t, filepath.Join(writeJournal(t), FileName)))
	for n := 1; n < len(a); n++ {
		spliced := bytes.Join(slices.Concat(a[:n], b[n:]), nil)
		mustFind(t, fmt.Sprintf("spliced at line %d", n+1), spliced, n+1, n+1)
	}
}

// rechained makes a journal of changed records with the chain put right, as a
// forger would, so that only the check of the record itself can refuse it.
func rechained(t *testing.T, dir string, change func(n int, line []byte) []byte) []byte {
	t.Helper()
	var out []byte
	prev := noPrev
	for i, line := range lines(mustRead(t, filepath.Join(dir, FileName))) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		r, err := decode(line)
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.Replace(line, []byte(r.Prev), []byte(prev), 1)
		line = change(i+1, line)
		prev = digest(line)
		out = append(append(out, line...), '\n')
	}
	return out
}

func TestRead_rejectsSecondSpellings(t *testing.T) {
	dir := writeJournal(t)
	for _, c := range []struct {
		name, old, new string
		line           int
	}{
		{"unknown field", `{"v":1,`, `{"v":1,"x":1,`, 2},
		{"repeated field", `{"v":1,`, `{"v":1,"v":1,`, 2},
		{"other case", `"kind":`, `"Kind":`, 2},
		{"blank", `{"v":1,`, `{ "v":1,`, 2},
		{"blank inside the body", `"body":{`, `"body":{ `, 2},
		{"number with a fraction", `"v":1,`, `"v":1.0,`, 2},
		{"field taken out", `"epoch":0,`, ``, 2},
		{"other order", `"epoch":0,"ts"`, `"ts"`, 2},
		{"escaped letter", `"log":"lockstep`, `"log":"\u006cockstep`, 2},
		{"null list", `"blobs":[]`, `"blobs":null`, 2},
		{"version", `{"v":1,`, `{"v":2,`, 2},
		{"kind", `"kind":"step"`, `"kind":"stop"`, 2},
		{"time in another form", `00Z","boot"`, `0Z","boot"`, 2},
		{"uuid in upper case", `"rid":"01`, `"rid":"A1`, 2},
		{"unknown field of the body", `"state":"started"`, `"state":"started","x":1`, 2},
		{"repeated field of the body", `"state":"started"`, `"state":"started","state":"started"`, 2},
		{"other case in the body", `"state":"started"`, `"State":"started"`, 2},
		{"order of the body", `"position":"1","kind":"pick_commit"`, `"kind":"pick_commit","position":"1"`, 2},
		{"wrong type in the body", `"state":"started"`, `"state":7`, 2},
		{"text that is not inert", `"title":"Which commit?"`, `"title":"\u001b[2J"`, 3},
		{"order of the facts", `"a":0.25,"b":["x"]`, `"b":["x"],"a":0.25`, 6},
		{"repeated fact", `"a":0.25,`, `"a":0.25,"a":0.25,`, 6},
		{"number spelled otherwise", `"a":0.25`, `"a":25e-2`, 6},
		{"digest of a blob", `"blobs":[{"name":"question","sha256":"`, `"blobs":[{"name":"question","sha256":"X`, 3},
	} {
		hit := false
		raw := rechained(t, dir, func(n int, line []byte) []byte {
			if n != c.line {
				return line
			}
			hit = bytes.Contains(line, []byte(c.old))
			return bytes.Replace(line, []byte(c.old), []byte(c.new), 1)
		})
		if !hit {
			t.Errorf("%s: line %d has no %s", c.name, c.line, c.old)
			continue
		}
		if line, err := reading(raw); line != c.line {
			t.Errorf("%s: line %d, %v", c.name, line, err)
		}
	}
}

func TestRead_acceptsBodyWithoutLaterFields(t *testing.T) {
	raw := rechained(t, writeJournal(t), func(n int, line []byte) []byte {
		if n == 1 {
			return bytes.Replace(line, []byte(`,"lockstep":"devel"`), nil, 1)
		}
		return line
	})
	if _, err := reading(raw); err != nil {
		t.Error(err)
	}
}

func TestVerify_namesEachFaultOnce(t *testing.T) {
	dir := writeJournal(t)
	path := filepath.Join(dir, FileName)
	all := lines(mustRead(t, path))
	all[4] = []byte("{}\n")                                               // not a record
	all[9] = bytes.Replace(all[9], []byte("static"), []byte("STATIC"), 1) // well-formed, shows in line 11
	mustWrite(t, path, bytes.Join(all, nil))
	v := mustVerify(t, path)
	var got []int
	for _, f := range v.Faults {
		got = append(got, f.Line)
	}
	if v.Intact || !slices.Equal(got, []int{5, 6, 11}) {
		t.Errorf("faults in lines %v: %v", got, v.Faults)
	}
}
