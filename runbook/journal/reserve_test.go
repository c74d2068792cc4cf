package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"lockstep/runbook/safe"
)

// reserved returns the bytes on the disk that the reserve holds, 0 without one.
func reserved(t *testing.T, dir string) int64 {
	t.Helper()
	st, err := osDisk{}.stat(filepath.Join(dir, reserveName))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	if st.size != reserveSize || st.perm != 0o600 {
		t.Errorf("the reserve has %d bytes and mode %o", st.size, st.perm)
	}
	return st.blocks
}

func intent() Draft {
	return draft("r-1", "apply", KindIntent, IntentBody{Effect: "irreversible", What: safe.Lit("apply")})
}

func TestReserve_isThereWhileAnEffectMayBeUnderWay(t *testing.T) {
	dir := t.TempDir()
	j := mustTake(t, dir, "run")
	held := func(what string, want bool) {
		t.Helper()
		if got := reserved(t, dir); (got >= reserveSize) != want {
			t.Errorf("%s: %d bytes are held", what, got)
		}
	}
	held("after opening", true)
	for range 2 {
		i := mustAppend(t, j, intent())
		held("after the intent", true)
		mustAppend(t, j, draft("r-1", "", KindSeat, SeatBody{Move: "left"}))
		mustAppend(t, j, draft("r-1", "apply", KindQuestion, QuestionBody{ID: "q1"}))
		held("after other records", true)
		mustAppend(t, j, draft("r-1", "apply", KindOutcome, OutcomeBody{Intent: i.Seq, Result: "ok"}))
		held("after the outcome", false)
	}
	mustAppend(t, j, intent())
	if err := os.Remove(filepath.Join(dir, reserveName)); err != nil { // by somebody who needs room
		t.Fatal(err)
	}
	mustAppend(t, j, intent())
	held("after it was removed", true)
	j.Close()
	held("after closing", false)
}

func TestReserve_ofADeadWriterIsUsedOrReplaced(t *testing.T) {
	for name, left := range map[string]func(string) error{
		"a hole": func(p string) error {
			return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, reserveSize))
		},
		"too small": func(p string) error { return os.WriteFile(p, make([]byte, 100), 0o600) },
		"a link":    func(p string) error { return os.Symlink(os.DevNull, p) },
	} {
		dir := t.TempDir()
		if err := left(filepath.Join(dir, reserveName)); err != nil {
			t.Fatal(err)
		}
		mustTake(t, dir, "run")
		if got := reserved(t, dir); got < reserveSize {
			t.Errorf("%s: %d bytes are held", name, got)
		}
	}
}

// Without room for its outcome an intent is refused, nothing is written, and
// the journal goes on.
func TestAppend_refusesAnIntentWithoutRoom(t *testing.T) {
	for _, kind := range []string{"create", "allocate", "sync", "rename"} {
		dir := t.TempDir()
		d := &faultyDisk{disk: osDisk{}, fault: fault{err: unix.EIO}}
		o := options()
		o.Purpose = "run"
		j, err := open(d, dir, o)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		i := mustAppend(t, j, intent())
		mustAppend(t, j, draft("r-1", "apply", KindOutcome, OutcomeBody{Intent: i.Seq, Result: "ok"}))
		before := mustRead(t, j.Path())
		d.only = kind
		if _, err := j.Append(intent()); !errors.Is(err, ErrNoRoom) || !errors.Is(err, unix.EIO) || errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", kind, err)
		}
		d.only = ""
		if got := mustRead(t, j.Path()); len(got) != len(before) {
			t.Errorf("%s: %d bytes were written", kind, len(got)-len(before))
		}
		mustAppend(t, j, draft("r-1", "", KindClose, CloseBody{Result: "failed"}))
		mustAppend(t, j, intent())
		if v := mustVerify(t, j.Path()); !v.Intact {
			t.Errorf("%s: %v", kind, v.Faults)
		}
	}
}

func TestPutBlob_failureLeavesTheJournalUsable(t *testing.T) {
	for kind, more := range map[string]bool{"create": true, "write": true, "sync": true, "rename": true, "dirsync": false} {
		dir := t.TempDir()
		d := &faultyDisk{disk: osDisk{}, fault: fault{err: unix.ENOSPC}}
		j, err := open(d, dir, options())
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		d.only = kind
		if _, err := j.PutBlob("log", []byte("content")); !errors.Is(err, ErrNoRoom) {
			t.Errorf("%s: %v", kind, err)
		}
		d.only = ""
		mustAppend(t, j, evidence(1))
		// A folder whose sync failed is not trusted with another one.
		if _, err := j.PutBlob("log", []byte("content")); (err == nil) != more {
			t.Errorf("%s, then: %v", kind, err)
		}
		names, err := osDisk{}.names(filepath.Join(dir, blobsName))
		if err != nil || len(names) > 1 {
			t.Errorf("%s left %v, %v", kind, names, err)
		}
	}
}
