package journal

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Read returns all records of the journal file at path. The error is a
// *[CorruptError] that names the first line that is wrong, or a *[TornError] when
// only the last line is incomplete; in both cases the records before that
// line are returned too. Read takes no lock and may be used beside a writer.
func Read(path string) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	var all []Record
	_, _, err = readChain(path, f, func(r Record) { all = append(all, r) })
	return all, err
}

// readChain checks the lines of r one by one and stops at the first that is
// wrong. It returns the chain as it stands after the last good line and the
// size of the good lines in bytes.
func readChain(path string, r io.Reader, each func(Record)) (*chain, int64, error) {
	c := newChain()
	good := *c     // as it stands after the last good line
	var size int64 // of the good lines
	var bad *CorruptError
	var rest int64 // bytes from the bad line on
	lines := 0
	_, torn, err := eachLine(r, func(n int, line []byte) error {
		if bad == nil {
			rec, faults := c.next(line)
			if len(faults) == 0 {
				lines, good = n, *c
				size += int64(len(line)) + 1
				each(rec)
				return nil
			}
			bad = &CorruptError{Path: path, Line: n, What: faults[0]}
		}
		// A power cut leaves pieces of one line, or of lines that stood there once. A
		// record that is not among the good ones, whatever is wrong with it, is more than that.
		rest += int64(len(line)) + 1
		if rest > maxLine+1 {
			return bad
		}
		if !bytes.HasPrefix(line, []byte(`{"v":`)) {
			return nil
		}
		if rec, err := decode(line); err == nil && rec.Seq > good.seq {
			return bad
		}
		return nil
	})
	switch {
	case err != nil:
	case bad != nil:
		bad.Tail = rest+torn <= maxLine+1
		err = bad
	case torn > 0:
		err = &TornError{Path: path, Line: lines + 1, Bytes: torn}
	}
	*c = good
	return c, size, err
}
