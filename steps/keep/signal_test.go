package keep

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

func TestSignal_countsOnceAndOnlyWhatIsMeant(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.front(t, "wait")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	wait := func(n int) {
		t.Helper()
		b := make([]byte, 1)
		for strings.Count(seen.String(), "\n") < n {
			if _, err := out.Read(b); err != nil {
				t.Fatal(err, seen.String())
			}
			seen.Write(b)
		}
	}
	wait(1)
	for i, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGINT} {
		if err := c.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if err := c.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		wait(2 + i)
	}
	p.release(t)
	rest, _ := io.ReadAll(out)
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if got := seen.String() + string(rest); got != "ready\ninterrupt\ninterrupt\ninterrupt\n" {
		t.Errorf("got %q", got)
	}
	if err := Signal(p.folder, syscall.SIGINT); !errors.Is(err, ErrGone) {
		t.Errorf("signalled what has ended: %v", err)
	}
}

func TestSignal_neverReachesAnotherProcess(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "wait")
	p.ready(t)
	other := newPlace(t)
	other.start(t, "wait")
	other.ready(t)
	var mine, theirs identity
	for _, x := range []struct {
		p place
		i *identity
	}{{p, &mine}, {other, &theirs}} {
		if _, err := read(x.p.folder, programFile, x.i); err != nil {
			t.Fatal(err)
		}
	}
	// As if the program had ended and its id were another's now.
	for name, wrong := range map[string]identity{
		"start": {PID: theirs.PID, Start: mine.Start + "1", Boot: theirs.Boot},
		"boot":  {PID: theirs.PID, Start: theirs.Start, Boot: "another"},
	} {
		if err := write(p.folder, programFile, wrong); err != nil {
			t.Fatal(err)
		}
		if err := Signal(p.folder, syscall.SIGKILL); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
		if err := SignalGroup(p.folder, syscall.SIGKILL); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := write(p.folder, programFile, mine); err != nil {
		t.Fatal(err)
	}
	for _, x := range []place{p, other} {
		x.release(t)
		if s, _, _ := follow(t, x); s.Phase != Ended || s.Exit != 0 {
			t.Errorf("%+v", s)
		}
	}
}
