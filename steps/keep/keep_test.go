package keep

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/journal"
)

func follow(t *testing.T, p place) (State, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	s, err := Follow(t.Context(), p.folder, &out, &errs)
	if err != nil {
		t.Fatal(err)
	}
	return s, out.String(), errs.String()
}

func TestStart_tellsHowItEnded(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "say", "hello", "you")
	s, out, errs := follow(t, p)
	if s.Phase != Ended || s.Exit != 3 || s.Signal != "" || s.Left || out != "hello you\n" || errs != "on the other side\n" {
		t.Errorf("%+v %q %q", s, out, errs)
	}
	if s.Started.IsZero() || s.Over.Before(s.Started) || s.PID == 0 {
		t.Errorf("%+v", s)
	}
	// Again, from the beginning.
	if again, out, _ := follow(t, p); again.Exit != 3 || out != "hello you\n" {
		t.Errorf("%+v %q", again, out)
	}
	if err := Start(p.folder, p.job("say")); !errors.Is(err, ErrClaimed) {
		t.Errorf("started twice: %v", err)
	}
	entries, err := os.ReadDir(p.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestStart_joinsOutputInOrder(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	j := p.job("say", "one")
	j.Joined = true
	if err := Start(p.folder, j); err != nil {
		t.Fatal(err)
	}
	if _, out, errs := follow(t, p); out != "one\non the other side\n" || errs != "" {
		t.Errorf("%q %q", out, errs)
	}
}

func TestStart_passesEnvironmentAndNothingOfItOnDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	j := p.job("environment")
	j.Env = []string{"TOKEN=c4n4ry"}
	if err := Start(p.folder, j); err != nil {
		t.Fatal(err)
	}
	s, out, _ := follow(t, p)
	dir, err := filepath.EvalSymlinks(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := "TOKEN=c4n4ry\n" + dir + " <nil>\n"; s.Exit != 0 || out != want {
		t.Errorf("%+v: %q, want %q", s, out, want)
	}
	for _, name := range []string{jobFile, claimFile, programFile, rcFile, logFile} {
		raw, err := os.ReadFile(filepath.Join(p.folder, name))
		if err != nil || bytes.Contains(raw, []byte("c4n4ry")) {
			t.Errorf("%s: %q %v", name, raw, err)
		}
	}
}

func TestStart_programThatIsNotThereNeverRan(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	j := p.job()
	j.Program = filepath.Join(p.dir, "missing")
	if err := Start(p.folder, j); err != nil {
		t.Fatal(err)
	}
	if s, _, _ := follow(t, p); s.Phase != NotStarted || !strings.Contains(s.Why, "no such file") || s.PID != 0 {
		t.Errorf("%+v", s)
	}
}

func TestStart_signalEndsIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "die")
	if s, _, _ := follow(t, p); s.Phase != Ended || s.Exit != -1 || s.Signal != "terminated" {
		t.Errorf("%+v", s)
	}
}

func TestLook_settlesWhatNobodyStarted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if err := Make(p.folder); err != nil {
		t.Fatal(err)
	}
	if s, err := Look(p.folder); err != nil || s.Phase != NotStarted {
		t.Fatalf("%+v %v", s, err)
	}
	if err := Start(p.folder, p.job("say")); !errors.Is(err, ErrClaimed) {
		t.Errorf("started after it was said never to: %v", err)
	}
	if s, err := Look(p.folder); err != nil || s.Phase != NotStarted || p.effects() != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestLook_refusesAFolderOfOthers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "say")
	follow(t, p)
	if err := os.Chmod(p.folder, 0o770); err != nil {
		t.Fatal(err)
	}
	if _, err := Look(p.folder); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("got %v", err)
	}
}

func TestKeeper_cannotWriteHowItEnded(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(p place) error{
		"folder removed": func(p place) error { return os.RemoveAll(p.folder) },
		"no room":        func(p place) error { return os.Remove(filepath.Join(p.folder, reserved)) },
		"rc in the way":  func(p place) error { return os.MkdirAll(filepath.Join(p.folder, rcFile), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.start(t, "wait")
			p.ready(t)
			pid := p.look(t).PID
			if err := harm(p); err != nil {
				t.Fatal(err)
			}
			p.release(t)
			deadline := time.Now().Add(time.Minute)
			for {
				s, err := look(p.folder, false)
				if err == nil && s.Phase == Lost || name == "rc in the way" && err != nil {
					break
				}
				if s.Phase == Ended || time.Now().After(deadline) {
					t.Fatalf("%+v %v", s, err)
				}
				time.Sleep(2 * time.Millisecond)
			}
			gone := func() bool { start, err := journal.ProcessStart(pid); return err == nil && start == "" }
			for !gone() && time.Now().Before(deadline) {
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
}

func TestKeeper_withoutRoomForHowItEndsStartsNothing(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{reserved, stdoutFile, stderrFile} {
		p := newPlace(t)
		if err := Make(p.folder); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.folder, taken), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		p.start(t, "say")
		if s, _, _ := follow(t, p); s.Phase != NotStarted || !strings.Contains(s.Why, taken) || p.effects() != 0 {
			t.Errorf("%s: %+v, %d effects", taken, s, p.effects())
		}
	}
}

func TestLook_corruptEndIsNoSuccess(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "say")
	follow(t, p)
	for _, text := range []string{"", "{\"exit\":0", strings.Repeat(" ", rcSize)} {
		if err := os.WriteFile(filepath.Join(p.folder, rcFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Look(p.folder); err != nil || s.Phase != Lost {
			t.Errorf("%q: %+v %v", text, s, err)
		}
	}
}
