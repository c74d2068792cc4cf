package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"lockstep/runbook/safe"
)

func TestJournal_isReadBackAsWritten(t *testing.T) {
	dir := writeJournal(t)
	path := filepath.Join(dir, FileName)
	all, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 24 {
		t.Fatalf("read %d records", len(all))
	}
	var again bytes.Buffer
	for i, r := range all {
		line, err := encode(r)
		if err != nil {
			t.Fatal(err)
		}
		again.Write(append(line, '\n'))
		if r.Seq != int64(i+1) || r.Log != "lockstep/production" || r.Boot != "b1" {
			t.Errorf("record %d is %+v", i+1, r)
		}
	}
	if !bytes.Equal(again.Bytes(), mustRead(t, path)) {
		t.Error("encoding what was read does not give the file")
	}
	var open OpenBody
	if err := json.Unmarshal(all[0].Body, &open); err != nil || open.Title.String() != "Roll out <crates.io> & more" {
		t.Errorf("title %q, %v", open.Title, err)
	}
	if !bytes.Contains(all[0].Body, []byte("<crates.io> &")) {
		t.Errorf("HTML is escaped: %s", all[0].Body)
	}
	if !bytes.Contains(all[5].Body, []byte(`"facts":{"a":0.25,"b":["x"],"serial":1152921504606846976}`)) {
		t.Errorf("facts are %s", all[5].Body)
	}
	if !bytes.Contains(all[3].Body, []byte(`"acknowledged":[]`)) {
		t.Errorf("an empty list is %s", all[3].Body)
	}
}

func TestJournal_goesOnWhereItWasLeft(t *testing.T) {
	dir := writeJournal(t)
	before := mustRead(t, filepath.Join(dir, FileName))
	j := mustOpen(t, dir)
	seq, head := j.Head()
	r := mustAppend(t, j, evidence(1))
	if r.Seq != seq+1 || r.Prev != head || j.Recovered() != nil {
		t.Errorf("head was %d %s, the next record is %+v, recovered %v", seq, head, r, j.Recovered())
	}
	if !bytes.HasPrefix(mustRead(t, j.Path()), before) {
		t.Error("what was there has changed")
	}
	if v := mustVerify(t, j.Path()); !v.Intact {
		t.Errorf("%v", v.Faults)
	}
}

func TestOpen_makesPrivateFiles(t *testing.T) {
	dir := writeJournal(t)
	if err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := e.Info()
		if err != nil {
			return err
		}
		if st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, st.Mode())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_refusesSecondWriterWithWords(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir)
	mustAppend(t, j, evidence(1))
	before := mustRead(t, j.Path())

	_, err := Open(dir, options())
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got %v", err)
	}
	if locked.PID != os.Getpid() || locked.Run != "r-1" || locked.Host == "" || locked.User == "" || locked.Since.IsZero() {
		t.Errorf("%+v", locked)
	}
	for _, word := range []string{"is being written by", "process", "since 2026-11-22", "run r-1"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if h, err := Holder(dir); err != nil || h == nil || h.Run != "r-1" {
		t.Errorf("holder %v, %v", h, err)
	}
	if !bytes.Equal(before, mustRead(t, j.Path())) {
		t.Error("the refused writer changed the journal")
	}
	j.Close()
	if h, err := Holder(dir); err != nil || h != nil {
		t.Errorf("holder after close %v, %v", h, err)
	}
	mustOpen(t, dir)
}

func TestOpen_refusesLinks(t *testing.T) {
	for _, link := range []struct {
		name string
		make func(oldname, newname string) error
		want string
	}{{"symbolic", os.Symlink, "symbolic link"}, {"hard", os.Link, "hard link"}} {
		t.Run(link.name, func(t *testing.T) {
			victim := filepath.Join(t.TempDir(), "victim")
			mustWrite(t, victim, []byte("precious"))
			dir := t.TempDir()
			if err := link.make(victim, filepath.Join(dir, FileName)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, options()); err == nil || !strings.Contains(err.Error(), link.want) {
				t.Errorf("got %v", err)
			}
			if got := mustRead(t, victim); string(got) != "precious" {
				t.Errorf("the file behind the link is %q", got)
			}
		})
	}
}

func TestOpen_refusesFolderOthersCanWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, options()); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Errorf("got %v", err)
	}
}

func TestOpen_refusesOtherLogAndDamage(t *testing.T) {
	dir := writeJournal(t)
	o := options()
	o.Log = "lockstep/staging"
	if _, err := Open(dir, o); err == nil || !strings.Contains(err.Error(), "lockstep/staging") {
		t.Errorf("another log: %v", err)
	}
	path := filepath.Join(dir, FileName)
	raw := mustRead(t, path)
	raw[len(raw)/2] ^= 1
	mustWrite(t, path, raw)
	var bad *CorruptError
	if _, err := Open(dir, options()); !errors.As(err, &bad) {
		t.Errorf("damage: %v", err)
	}
	if !bytes.Equal(raw, mustRead(t, path)) {
		t.Error("a damaged journal was changed")
	}
}

func TestAppend_refusesWhatCannotBeRead(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	for name, d := range map[string]Draft{
		"no such kind":  {Kind: "nonsense", Body: OpenBody{}},
		"other body":    {Kind: KindOpen, Body: CloseBody{}},
		"no body":       {Kind: KindOpen},
		"reserved kind": {Kind: KindApprove, Body: OpenBody{}},
		"too long":      {Kind: KindEvidence, Body: EvidenceBody{Facts: map[string]any{"x": strings.Repeat("x", maxLine)}}},
		"not JSON":      {Kind: KindEvidence, Body: EvidenceBody{Facts: map[string]any{"x": func() {}}}},
		"attempt":       {Kind: KindEvidence, Body: EvidenceBody{}, Attempt: -1},
	} {
		if _, err := j.Append(d); err == nil || errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if raw := mustRead(t, j.Path()); len(raw) != 0 {
		t.Errorf("something was written: %q", raw)
	}
	mustAppend(t, j, evidence(1))
}

func TestAppend_makesOutsideTextInert(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	d := evidence(1)
	d.Actor.Name, d.Actor.Host, d.Run = "a\x1b[2J", "\xff", "r\u202e"
	d.Body = EvidenceBody{What: safe.Show(strings.Repeat("\x1b", 2*safe.MaxLine)), Facts: map[string]any{"raw": "\x1b\xff\u2028"}}
	mustAppend(t, j, d)
	raw := mustRead(t, j.Path())
	if bytes.ContainsAny(raw, "\x1b\u202e\u2028") || !utf8.Valid(raw) {
		t.Errorf("%q", raw[:300])
	}
	if _, err := Read(j.Path()); err != nil {
		t.Error(err)
	}
}

func TestAppend_afterSomethingElseWrote(t *testing.T) {
	for name, disturb := range map[string]func(path string) error{
		"appended": func(p string) error {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("x")
				f.Close()
			}
			return err
		},
		"cut":     func(p string) error { return os.Truncate(p, 10) },
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			j := mustOpen(t, t.TempDir())
			mustAppend(t, j, evidence(1))
			if err := disturb(j.Path()); err != nil {
				t.Fatal(err)
			}
			if _, err := j.Append(evidence(2)); !errors.Is(err, ErrUnusable) {
				t.Errorf("got %v", err)
			}
			if _, err := j.Append(evidence(3)); !errors.Is(err, ErrUnusable) {
				t.Errorf("afterwards %v", err)
			}
		})
	}
}

func TestJournal_afterCloseRefuses(t *testing.T) {
	j := mustOpen(t, t.TempDir())
	j.Close()
	if _, err := j.Append(evidence(1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}
