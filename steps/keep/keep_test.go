package keep

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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

func TestFront_isMerelyTheProgramForWhatOnlyReads(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.front(t, "say", "plan")
	c.Args[1] = "plan"
	out, err := c.Output()
	if c.ProcessState.ExitCode() != 3 || string(out) != "plan\n" {
		t.Errorf("%q %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(p.folder, claimFile)); !os.IsNotExist(err) {
		t.Errorf("the job was claimed: %v", err)
	}
	// The same front may apply afterwards, once.
	for i, want := range []int{3, failed} {
		c := exec.Command(filepath.Join(p.folder, "terraform"), "apply")
		c.Dir = p.dir
		if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != want {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if n := p.effects(); n != 2 {
		t.Errorf("%d effects", n)
	}
}

func TestHasEffect_knowsTheVerbs(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"apply -no-color p": true, "-chdir=x destroy": true, "state push -force f": true, "force-unlock -force id": true,
		"plan -out=p": false, "version -json": false, "state pull": false, "show -json p": false, "": false, "init": false, "output apply": false,
	} {
		if got := hasEffect(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}

func TestFront_copiesOutputAndExitCode(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	c := p.front(t, "say", "applied")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if c.ProcessState.ExitCode() != 3 || string(out) != "applied\n" || errs.String() != "on the other side\n" {
		t.Errorf("%q %q %v", out, errs.String(), err)
	}
	if s, _, _ := follow(t, p); s.Phase != Ended || s.Exit != 3 {
		t.Errorf("%+v", s)
	}
}

func TestFollow_hugeLineInConstantMemory(t *testing.T) {
	p := newPlace(t)
	p.start(t, "long")
	n := new(counter)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := Follow(t.Context(), p.folder, n, nil)
	runtime.ReadMemStats(&after)
	if err != nil || s.Exit != 0 || *n != 64<<20 {
		t.Errorf("%+v %v, %d bytes", s, err, *n)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("took %d bytes of memory", used)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func TestFollow_childThatOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "leave")
	s, _, _ := follow(t, p)
	if s.Phase != Ended || s.Exit != 0 || !s.Left {
		t.Errorf("%+v", s)
	}
	p.release(t)
	p.until(t, "left by its child", func(s State) bool { return s.Phase == Ended && !s.Left })
	// With time to wait, what the child prints is there, too.
	p = newPlace(t)
	p.start(t, "leave")
	var out bytes.Buffer
	w := writerFunc(func(b []byte) (int, error) { p.release(t); return out.Write(b) })
	s, err := Following{Stdout: w, Linger: time.Minute}.Wait(t.Context(), p.folder)
	if err != nil || s.Left || out.String() != "ready\n" {
		t.Errorf("%+v %v %q", s, err, out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestFollow_endsWithItsContextAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.start(t, "wait")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	_, err := Follow(ctx, p.folder, writerFunc(func(b []byte) (int, error) { cancel(stop); return len(b), nil }), nil)
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	p.release(t)
	if s, out, _ := follow(t, p); s.Phase != Ended || s.Exit != 0 || out != "ready\n" {
		t.Errorf("%+v %q", s, out)
	}
}

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
			gone := func() bool { _, dead, err := startOf(pid); return dead || errors.Is(err, errGone) }
			for !gone() && time.Now().Before(deadline) {
				time.Sleep(2 * time.Millisecond)
			}
		})
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

func TestFront_needsServe(t *testing.T) {
	served = false
	defer func() { served = true }()
	if _, err := Front(filepath.Join(t.TempDir(), "x"), "/bin/true"); !errors.Is(err, errNotServed) {
		t.Errorf("got %v", err)
	}
	if err := Start(filepath.Join(t.TempDir(), "x"), Job{Program: "/bin/true"}); !errors.Is(err, errNotServed) {
		t.Errorf("got %v", err)
	}
}

func TestLinkName_isNoFileOfAJob(t *testing.T) {
	t.Parallel()
	if linkName("/usr/bin/terraform") != "terraform" || slices.Contains([]string{"rc"}, linkName("/x/rc")) {
		t.Error(linkName("/x/rc"))
	}
}
