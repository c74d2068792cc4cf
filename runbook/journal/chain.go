package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// A CorruptError says where a journal is not what its writer wrote.
type CorruptError struct {
	Path string
	Line int    // from 1
	What string // what is wrong with it
	// Tail says that the file ends with what is wrong, and that it is no longer
	// than one line: a power cut may have left it of a record that was never acknowledged.
	// The next writer sets it aside when the machine was booted since.
	Tail bool
}

// Error names the file, the line and what is wrong.
func (e *CorruptError) Error() string {
	if e.Tail {
		return fmt.Sprintf("journal %q, line %d, at its very end: %s", e.Path, e.Line, e.What)
	}
	return fmt.Sprintf("journal %q, line %d: %s", e.Path, e.Line, e.What)
}

// A TornError says that the last line of a journal is incomplete. Its writer
// was never told that it is there.
type TornError struct {
	Path  string
	Line  int   // from 1
	Bytes int64 // that stand after the last complete line
}

// Error names the file and the line.
func (e *TornError) Error() string {
	return fmt.Sprintf("journal %q, line %d: incomplete, %d bytes without a line feed", e.Path, e.Line, e.Bytes)
}

// A chain is the state of a reader between two lines.
type chain struct {
	log   string
	seq   int64
	head  string
	epoch int64
	rids  map[uuid.UUID]int64
}

func newChain() *chain { return &chain{head: noPrev, rids: make(map[uuid.UUID]int64)} }

// next reads the line after the last one. Whatever is wrong with it, the chain
// goes on from it, so that a reader who wants all the faults finds each once.
// faults has the first fault first.
func (c *chain) next(line []byte) (r Record, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	r, err := decode(line)
	prev, seq := c.head, c.seq+1
	c.head, c.seq = digest(line), seq
	if err != nil {
		fault("%v", err)
		return r, faults
	}
	switch {
	case r.Seq > seq:
		fault("record %d stands where record %d should: %d missing", r.Seq, seq, r.Seq-seq)
	case r.Seq < seq:
		fault("record %d stands where record %d should: out of order or twice", r.Seq, seq)
	}
	c.seq = r.Seq
	if r.Prev != prev {
		fault("record %d does not follow from the line before it: one of the two was changed, moved or taken out", r.Seq)
	}
	if c.log == "" {
		c.log = r.Log
	} else if r.Log != c.log {
		fault("record %d belongs to the log %q and not to %q", r.Seq, r.Log, c.log)
	}
	switch lock := r.Kind == KindLock; {
	case r.Epoch < c.epoch:
		fault("record %d is of epoch %d, after one of epoch %d: its writer had lost the journal", r.Seq, r.Epoch, c.epoch)
	case lock && r.Epoch != c.epoch+1:
		fault("record %d locks the journal in epoch %d and not in epoch %d", r.Seq, r.Epoch, c.epoch+1)
	case !lock && r.Epoch > c.epoch:
		fault("record %d is of epoch %d, which no lock began", r.Seq, r.Epoch)
	}
	c.epoch = r.Epoch
	id := uuid.MustParse(r.RID) // decode has checked it
	if first, twice := c.rids[id]; twice {
		fault("record %d has the rid of record %d", r.Seq, first)
	} else {
		c.rids[id] = r.Seq
	}
	return r, faults
}

// eachLine calls f for every complete line of r, numbered from 1 and without
// its line feed; the line is valid until f returns. torn is the length of what follows the
// last line feed, and size the number of bytes before that.
func eachLine(r io.Reader, f func(n int, line []byte) error) (size, torn int64, err error) {
	br := bufio.NewReaderSize(r, 256<<10)
	var long []byte
	for n := 1; ; {
		part, err := br.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
			if len(long) > maxLine {
				// Far beyond what any writer wrote: count the rest, keep nothing.
				rest, ended, err := skipLine(br)
				if err != nil {
					return size, torn, err
				}
				total := int64(len(long)) + rest
				if !ended {
					return size, total, nil
				}
				if err := f(n, long); err != nil {
					return size, 0, err
				}
				size, n, long = size+total, n+1, long[:0]
			}
			continue
		case errors.Is(err, io.EOF):
			return size, int64(len(long) + len(part)), nil
		case err != nil:
			return size, torn, err
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		if err := f(n, line[:len(line)-1]); err != nil {
			return size, 0, err
		}
		size, n, long = size+int64(len(line)), n+1, long[:0]
	}
}

// skipLine reads up to and with the next line feed and returns how much it was.
func skipLine(br *bufio.Reader) (n int64, ended bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		n += int64(len(part))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return n, false, nil
		default:
			return n, err == nil, err
		}
	}
}
