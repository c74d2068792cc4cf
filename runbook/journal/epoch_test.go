package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/safe"
)

func mustTake(t testing.TB, dir, purpose string) *Journal {
	t.Helper()
	o := options()
	o.Purpose = purpose
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func TestOpen_beginsAnEpochForAPurpose(t *testing.T) {
	dir := writeJournal(t) // 24 records of epoch 0
	for n, purpose := range []string{"run", "resume"} {
		j := mustTake(t, dir, purpose)
		r := mustAppend(t, j, evidence(n))
		if r.Epoch != int64(n+1) {
			t.Errorf("the record of writer %d has epoch %d", n+1, r.Epoch)
		}
		j.Close()
	}
	j := mustOpen(t, dir) // without a purpose it goes on in the same epoch
	if r := mustAppend(t, j, evidence(3)); r.Epoch != 2 {
		t.Errorf("epoch %d", r.Epoch)
	}
	all, err := Read(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	var body LockBody
	for _, r := range all[24:] {
		kinds = append(kinds, string(r.Kind))
	}
	if got := strings.Join(kinds, " "); got != "lock evidence lock evidence evidence" {
		t.Errorf("%s", got)
	}
	if err := json.Unmarshal(all[26].Body, &body); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	started, err := ProcessStart(os.Getpid())
	if err != nil || body.PID != os.Getpid() || body.Started == "" || body.Started != started || body.User != me.Username || body.Host == "" || body.Purpose != "resume" {
		t.Errorf("%+v", body)
	}
	v := mustVerify(t, j.Path())
	if !v.Intact || v.Epoch != 2 || !strings.Contains(v.Sentences()[0].String(), "locked 2 times") {
		t.Errorf("%+v: %s", v, v.Sentences()[0])
	}
}

func TestAppend_refusesALock(t *testing.T) {
	j := mustTake(t, t.TempDir(), "run")
	if _, err := j.Append(Draft{Kind: KindLock, Body: LockBody{}}); err == nil || errors.Is(err, ErrUnusable) {
		t.Errorf("%v", err)
	}
	mustAppend(t, j, evidence(1))
}

func TestRead_rejectsEpochs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "production")
	for range 2 {
		j := mustTake(t, dir, "run")
		mustAppend(t, j, evidence(1))
		mustAppend(t, j, evidence(2))
		j.Close()
	} // lines 1 to 3 have epoch 1, lines 4 to 6 epoch 2
	for _, c := range []struct {
		name     string
		line     int // to change
		epoch    string
		want     string
		found    int
		verifies int // faults
	}{
		{"back to an earlier one", 5, "1", "had lost the journal", 5, 2},
		{"back to none", 6, "0", "had lost the journal", 6, 1},
		{"up without a lock", 3, "2", "which no lock began", 3, 2},
		{"a lock that skips one", 4, "3", "and not in epoch 2", 4, 2},
		{"a lock that begins none", 4, "1", "and not in epoch 2", 4, 2},
	} {
		raw := rechained(t, dir, func(n int, line []byte) []byte {
			if n != c.line {
				return line
			}
			i := bytes.Index(line, []byte(`"epoch":`)) + len(`"epoch":`)
			return append(append(bytes.Clone(line[:i]), c.epoch...), line[i+1:]...)
		})
		line, err := reading(raw)
		if line != c.found || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: line %d, %v", c.name, line, err)
		}
		work := t.TempDir()
		mustWrite(t, filepath.Join(work, FileName), raw)
		if v := mustVerify(t, filepath.Join(work, FileName)); v.Intact || len(v.Faults) != c.verifies {
			t.Errorf("%s: %v", c.name, v.Faults)
		}
		if _, err := Open(work, options()); err == nil {
			t.Errorf("%s: can be written", c.name)
		}
	}
}

// A writer whose file is not what it left writes nothing more, whatever became
// of the file.
func TestAppend_isFencedWhenTheFileIsLost(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"replaced by a copy": func(path string) error {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(path+".new", raw, 0o600), os.Rename(path+".new", path))
		},
		"linked": func(path string) error { return os.Link(path, path+".too") },
		"cut":    func(path string) error { return os.Truncate(path, 10) },
		"written to": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("x")
			return errors.Join(err, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := mustTake(t, dir, "run")
			mustAppend(t, j, evidence(1))
			if err := lose(j.Path()); err != nil {
				t.Fatal(err)
			}
			there, _ := os.ReadFile(j.Path())
			for range 2 {
				_, err := j.Append(draft("r-1", "apply", KindIntent, IntentBody{What: safe.Lit("apply")}))
				if !errors.Is(err, ErrFenced) || !errors.Is(err, ErrUnusable) {
					t.Fatalf("got %v", err)
				}
			}
			if after, _ := os.ReadFile(j.Path()); !bytes.Equal(there, after) {
				t.Error("it wrote all the same")
			}
		})
	}
}

// Two writers of one folder: the file of the first was replaced while it was
// paused, a second took the new one. Only the second goes on.
func TestAppend_secondWriterFencesTheFirst(t *testing.T) {
	dir := t.TempDir()
	first := mustTake(t, dir, "run")
	mustAppend(t, first, evidence(1))
	raw := mustRead(t, first.Path())
	if err := os.Remove(first.Path()); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, first.Path(), raw)
	second := mustTake(t, dir, "resume")
	if _, err := first.Append(evidence(2)); !errors.Is(err, ErrFenced) {
		t.Errorf("first: %v", err)
	}
	first.Close()
	i := mustAppend(t, second, draft("r-1", "apply", KindIntent, IntentBody{What: safe.Lit("apply")}))
	if i.Epoch != 2 {
		t.Errorf("epoch %d", i.Epoch)
	}
	if _, err := os.Stat(filepath.Join(dir, reserveName)); err != nil {
		t.Errorf("the first writer took the reserve of the second: %v", err)
	}
	if v := mustVerify(t, second.Path()); !v.Intact {
		t.Errorf("%v", v.Faults)
	}
}

func TestDoing_tellsWhoFindsItLocked(t *testing.T) {
	dir := t.TempDir()
	j := mustTake(t, dir, "run")
	mustAppend(t, j, evidence(1))
	j.Doing("Apply (step 4.2)\x1b[2J")
	_, err := Open(dir, options())
	if err == nil || !strings.Contains(err.Error(), `run r-1, doing: Apply (step 4.2)\x1b[2J)`) {
		t.Errorf("%v", err)
	}
	j.Doing("Verify")
	if h, err := Holder(dir); err != nil || h == nil || h.Doing != "Verify" || h.Run != "r-1" {
		t.Errorf("%+v, %v", h, err)
	}
	j.Close()
	j.Doing("nothing") // is no harm
	if h, err := Holder(dir); h != nil || err != nil {
		t.Errorf("%+v, %v", h, err)
	}
}

// What a power cut leaves of a line may hold line feeds. The next writer sets it
// aside, but only after another boot: a process that dies leaves no such thing.
func TestOpen_setsGarbageAsideAfterAnotherBoot(t *testing.T) {
	seed := writeJournal(t)
	good := mustRead(t, filepath.Join(seed, FileName))
	last := lines(good)[23]
	for name, c := range map[string]struct {
		tail  string
		aside bool // after another boot
	}{
		"line feeds":              {"\x00\x00\n{}\n\xff", true},
		"end of a line":           {"\x00\x00" + string(last[40:]), true},
		"a record that was there": {"\x00\n" + string(last), true},
		"a record of its own":     {"\x00\n" + strings.Replace(string(last), `"seq":24`, `"seq":26`, 1), false},
		"more than a line":        {strings.Repeat(strings.Repeat("x", maxLine/4)+"\n", 5), false},
	} {
		for _, boot := range []string{"b1", "b2"} {
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			mustWrite(t, path, append(bytes.Clone(good), c.tail...))
			o := options()
			o.Boot = boot
			j, err := Open(dir, o)
			if aside := c.aside && boot == "b2"; aside {
				if err != nil || j.Recovered() == nil || j.Recovered().Size != int64(len(c.tail)) {
					t.Errorf("%s, %s: %v", name, boot, err)
				}
			} else {
				var bad *CorruptError
				if !errors.As(err, &bad) || bad.Tail != c.aside {
					t.Errorf("%s, %s: %v", name, boot, err)
				}
				if got := mustRead(t, path); len(got) != len(good)+len(c.tail) {
					t.Errorf("%s, %s: the file was changed", name, boot)
				}
			}
			if j != nil {
				j.Close()
			}
		}
	}
}

func TestProcessStart_namesOneProcess(t *testing.T) {
	if BootID() == "" {
		t.Error("no boot")
	}
	me, err := ProcessStart(os.Getpid())
	again, aerr := ProcessStart(os.Getpid())
	if me == "" || me != again || err != nil || aerr != nil {
		t.Errorf("%q %v, %q %v", me, err, again, aerr)
	}
	if got, err := ProcessStart(1 << 30); got != "" || err != nil {
		t.Errorf("a process that is not there started %q %v", got, err)
	}
	// One that has ended is none any more, although nobody has collected it.
	c := exec.Command("true")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for got := "?"; got != ""; time.Sleep(time.Millisecond) {
		if got, err = ProcessStart(c.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
