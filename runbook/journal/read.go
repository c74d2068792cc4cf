package journal

import (
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
	lines := 0
	size, torn, err := eachLine(r, func(n int, line []byte) error {
		rec, faults := c.next(line)
		if len(faults) > 0 {
			return &CorruptError{Path: path, Line: n, What: faults[0]}
		}
		lines = n
		each(rec)
		return nil
	})
	if err == nil && torn > 0 {
		err = &TornError{Path: path, Line: lines + 1, Bytes: torn}
	}
	return c, size, err
}
