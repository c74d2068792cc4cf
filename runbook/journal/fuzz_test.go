package journal

import (
	"bytes"
	"path/filepath"
	"testing"
)

// FuzzRead feeds lines to the reader. What it accepts must be what the writer
// would have written, and it must never panic.
func FuzzRead(f *testing.F) {
	for _, line := range lines(mustRead(f, filepath.Join(writeJournal(f), FileName))) {
		f.Add(line)
	}
	f.Add([]byte("{}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var all []Record
		_, size, err := readChain("fuzz", bytes.NewReader(raw), func(r Record) { all = append(all, r) })
		var again []byte
		for _, r := range all {
			line, err := encode(r)
			if err != nil {
				t.Fatal(err)
			}
			again = append(append(again, line...), '\n')
		}
		if !bytes.Equal(again, raw[:len(again)]) {
			t.Fatalf("accepted %q, would write %q", raw[:len(again)], again)
		}
		if err == nil && size != int64(len(raw)) {
			t.Fatalf("read %d bytes of %d without a fault", size, len(raw))
		}
		for _, line := range bytes.Split(raw, []byte("\n")) {
			if r, err := decode(line); err == nil {
				if again, err := encode(r); err != nil || !bytes.Equal(again, line) {
					t.Fatalf("accepted %q, would write %q, %v", line, again, err)
				}
			}
		}
	})
}

// FuzzCanonical holds that the canonical form is one: doing it twice changes
// nothing.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,-0,1e3]}`, `"\u2028\u003c\u00e9"`, `{"a":1,"a":2}`, `[[[[]]]]`, `1e999`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := canonical(raw)
		if err != nil {
			return
		}
		twice, err := canonical(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
	})
}
