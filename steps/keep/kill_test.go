package keep

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook/failpoint"
)

// spots are where a process of a job ends, and what has to be so afterwards.
var spots = []struct {
	at      string
	phase   Phase
	effects int
}{
	{"shim.spawn:%@1", NotStarted, 0}, // the starter, with the job claimed
	{"shim.spawn:%@2", NotStarted, 0}, // the keeper, before go
	{"shim.spawn:%@3", Lost, 1},       // the keeper, after go
	{"shim.rcwrite:%@1", Lost, 1},     // the keeper, before it writes how the program ended
	{"shim.rcwrite:%@2", Ended, 1},    // the keeper, after
}

func TestKill_everySpotOfEveryProcess(t *testing.T) {
	for _, mode := range []string{"kill", "error"} {
		for _, s := range spots {
			at := strings.Replace(s.at, "%", mode, 1)
			for _, way := range []string{"front", "start"} {
				t.Run(at+" "+way, func(t *testing.T) {
					p := newPlace(t)
					t.Setenv(failpoint.Variable, at)
					c := exec.Command(p.self, "play", "start", p.folder, "say", "x")
					c.Dir, c.Env = p.dir, os.Environ()
					if way == "front" {
						c = p.front(t, "say", "x")
					}
					_ = c.Run()
					st, err := Follow(t.Context(), p.folder, nil, nil)
					if err != nil || st.Phase != s.phase || p.effects() != s.effects || st.Phase == Ended && st.Exit != 3 {
						t.Errorf("%+v %v, %d effects", st, err, p.effects())
					}
					settled(t, p, st)
				})
			}
		}
	}
}

// settled checks that what was said of a job stays so and that it cannot be
// started any more.
func settled(t *testing.T, p place, st State) {
	t.Helper()
	n := p.effects()
	if err := Start(p.folder, p.job("say")); !errors.Is(err, ErrClaimed) {
		t.Errorf("started again: %v", err)
	}
	if again, err := Look(p.folder); err != nil || again.Phase != st.Phase || p.effects() != n {
		t.Errorf("%+v, then %+v %v, %d effects", st, again, err, p.effects())
	}
}

// rounds is how often a test of chances is tried.
func rounds(short, nightly int) int {
	if os.Getenv("LOCKSTEP_NIGHTLY") != "" {
		return nightly
	}
	return short
}

func TestKill_atAnyMoment(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	seen := map[string]int{}
	for range rounds(60, 1500) {
		p := newPlace(t)
		victim := "front"
		var c *exec.Cmd
		if rng.IntN(2) == 0 {
			c = p.front(t, "say", "x")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
		} else {
			victim = "keeper"
			if err := Make(p.folder); err != nil {
				t.Fatal(err)
			}
			var err error
			if c, err = spawn(p.folder, p.job("say", "x")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Duration(rng.Int64N(int64(60 * time.Millisecond)))) // the moment
		_ = c.Process.Kill()
		_ = c.Wait()
		st, err := Follow(t.Context(), p.folder, nil, nil)
		n := p.effects()
		seen[victim+": "+st.Phase.String()]++
		switch {
		case err != nil:
			t.Errorf("%s: %v", victim, err)
		case st.Phase == NotStarted && n != 0, st.Phase == Ended && (n != 1 || st.Exit != 3), n > 1, st.Phase == Running:
			t.Errorf("%s: %+v, %d effects", victim, st, n)
		case victim == "front" && st.Phase == Lost:
			t.Errorf("the front's death lost it: %+v", st)
		}
		settled(t, p, st)
	}
	t.Log(seen)
}

func TestKill_keeperWhileTheProgramRuns(t *testing.T) {
	p := newPlace(t)
	if err := Make(p.folder); err != nil {
		t.Fatal(err)
	}
	c, err := spawn(p.folder, p.job("wait"))
	if err != nil {
		t.Fatal(err)
	}
	p.ready(t)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if s := p.until(t, "without its keeper", func(s State) bool { return !s.Kept }); s.Phase != Running || s.PID == 0 {
		t.Fatalf("%+v", s)
	}
	// It can still be signalled and followed.
	if err := Signal(p.folder, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.until(t, "interrupted", func(State) bool {
		raw, _ := os.ReadFile(filepath.Join(p.folder, stdoutFile))
		return string(raw) == "ready\ninterrupt\n"
	})
	p.release(t)
	if s, out, _ := follow(t, p); s.Phase != Lost || out != "ready\ninterrupt\n" || p.effects() != 1 {
		t.Errorf("%+v %q", s, out)
	}
}

// A program that becomes another one, from any of its threads, is not taken for
// one that is gone.
func TestKill_turningProgramIsThere(t *testing.T) {
	p := newPlace(t)
	t.Setenv(failpoint.Variable, "shim.spawn:kill@3")
	const turns = 40
	p.start(t, "turn", strconv.Itoa(turns))
	st, err := Follow(t.Context(), p.folder, nil, nil)
	if n := p.effects(); err != nil || st.Phase != Lost || n != turns+1 {
		t.Errorf("%+v %v after %d of %d turns", st, err, n, turns+1)
	}
}

func TestKill_pausedKeeperIsWaitedForAndThenProvable(t *testing.T) {
	p := newPlace(t)
	t.Setenv(failpoint.Variable, "shim.spawn:pause@2")
	if err := Make(p.folder); err != nil {
		t.Fatal(err)
	}
	c, err := spawn(p.folder, p.job("say"))
	if err != nil {
		t.Fatal(err)
	}
	if s := p.until(t, "recorded", func(s State) bool { return s.PID != 0 }); s.Phase != Running || !s.Kept {
		t.Errorf("%+v", s)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if s, _, _ := follow(t, p); s.Phase != NotStarted || p.effects() != 0 {
		t.Errorf("%+v, %d effects", s, p.effects())
	}
}

// BenchmarkStart is what a program costs that is kept, and one that is not.
func BenchmarkStart(b *testing.B) {
	b.Run("kept", func(b *testing.B) {
		for range b.N {
			folder := filepath.Join(b.TempDir(), "job")
			if err := Start(folder, Job{Program: "/bin/true", Dir: "/"}); err != nil {
				b.Fatal(err)
			}
			if s, err := Follow(b.Context(), folder, nil, nil); err != nil || s.Phase != Ended {
				b.Fatal(s, err)
			}
		}
	})
	b.Run("front", func(b *testing.B) {
		for range b.N {
			path, err := Front(filepath.Join(b.TempDir(), "job"), "/bin/true")
			if err != nil {
				b.Fatal(err)
			}
			if err := exec.Command(path, "apply").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for range b.N {
			if err := exec.Command("/bin/true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
