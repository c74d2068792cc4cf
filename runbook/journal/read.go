package journal

import (
	"errors"
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
	good := *c // as it stands after the last good line
	var bad *CorruptError
	var bytes int64 // of the good lines
	lines := 0
	size, torn, err := eachLine(r, func(n int, line []byte) error {
		if bad != nil {
			return bad.after(line, good.seq)
		}
		rec, faults := c.next(line)
		if len(faults) > 0 {
			bad = &CorruptError{Path: path, Line: n, What: faults[0], Tail: true}
			return bad.after(line, good.seq)
		}
		lines, good = n, *c
		bytes += int64(len(line)) + 1
		each(rec)
		return nil
	})
	*c = good
	var stop *CorruptError
	switch {
	case errors.As(err, &stop):
		return c, bytes, stop
	case err != nil:
		return c, bytes, err
	case bad != nil:
		bad.Tail = size+torn-bytes <= maxLine+1
		return c, bytes, bad
	case torn > 0:
		return c, bytes, &TornError{Path: path, Line: lines + 1, Bytes: torn}
	}
	return c, bytes, nil
}

// after looks at a line that is wrong or stands after one. A power cut leaves
// pieces of one line, or of lines that stood there once; a record that is not among the good
// ones, whatever is wrong with it, is more than that.
func (e *CorruptError) after(line []byte, good int64) error {
	if r, err := decode(line); err == nil && r.Seq > good {
		e.Tail = false
		return e
	}
	return nil
}
