package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook/safe"
	"lockstep/steps/keep"
)

// The test binary is also the program that is run: the first argument after
// "--" says how it behaves.
func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	if role := os.Getenv("LC_LOCKSTEP_TEST_ROLE"); role != "" {
		play(role)
	}
	os.Exit(m.Run())
}

func spec(t *testing.T, role string) Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env, _ := Environ(nil, append(os.Environ(), "LC_LOCKSTEP_TEST_ROLE="+role))
	return Spec{Argv: []string{self}, Dir: t.TempDir(), Env: env, Grace: time.Minute}
}

// both runs a test with a program that is this process's own and with one that
// is kept.
func both(t *testing.T, test func(t *testing.T, start way)) {
	t.Helper()
	t.Run("own", func(t *testing.T) { test(t, Run) })
	t.Run("kept", func(t *testing.T) {
		test(t, func(ctx context.Context, s Spec) (Ending, error) {
			return Keep(ctx, filepath.Join(t.TempDir(), "kept"), s)
		})
	})
}

type way func(context.Context, Spec) (Ending, error)

func (w way) run(t *testing.T, s Spec) Ending {
	t.Helper()
	e, err := w(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRun_tellsTheExitCode(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		if e := start.run(t, spec(t, "exit 3")); e.Exit != 3 || e.Describe() != safe.Lit("exit 3") {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRun_missingProgramNeverStarts(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		_, err := start(context.Background(), Spec{Argv: []string{"no-such-program-here"}, Dir: t.TempDir()})
		if !errors.Is(err, ErrNotStarted) || !strings.Contains(err.Error(), `no program "no-such-program-here" in PATH`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRun_cancelledContextNeverStarts(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s := spec(t, "mark")
		_, err := start(ctx, s)
		if !errors.Is(err, ErrNotStarted) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "mark")); !os.IsNotExist(err) {
			t.Errorf("the program ran: %v", err)
		}
	})
}

func TestRun_outputIsInert(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		e := start.run(t, spec(t, "hostile"))
		got := string(e.Output.Text())
		for _, bad := range []string{"\x1b", "\r", "\u202e", "\xff"} {
			if strings.Contains(got, bad) {
				t.Errorf("output holds %q: %q", bad, got)
			}
		}
		if want := `\x1b[2Jred \u{202e}txt \xff` + "\nerr\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestRun_lineWithoutEndIsBounded(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		e := start.run(t, spec(t, "long"))
		if e.Output.Bytes != 64<<20 || e.Output.Lines != 1 {
			t.Fatalf("read %d bytes, %d lines", e.Output.Bytes, e.Output.Lines)
		}
		line := e.Output.Last(1)[0].String()
		if len(line) > safe.MaxLine+100 || !strings.HasSuffix(line, " bytes more]") {
			t.Errorf("kept %d bytes, ending in %q", len(line), line[len(line)-40:])
		}
	})
}

func TestRun_endlessOutputIsBoundedAndCounted(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		s := spec(t, "many")
		told, dropped := 0, 0
		s.Lines = func(l []safe.Text, d int) { told, dropped = told+len(l), dropped+d }
		e := start.run(t, s)
		const all = 300_000
		if e.Output.Lines != all || told+dropped != all {
			t.Errorf("printed %d, kept count %d, told %d and dropped %d", all, e.Output.Lines, told, dropped)
		}
		text := string(e.Output.Text())
		if len(text) > KeepBytes+100 || !strings.HasPrefix(text, "line 0\n") ||
			!strings.HasSuffix(text, fmt.Sprintf("line %d\n", all-1)) || !strings.Contains(text, "lines left out]") {
			t.Errorf("kept %d bytes: %.20q … %q", len(text), text, text[len(text)-20:])
		}
	})
}

func TestRun_secretOfTheEnvironmentIsNotShown(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		s := spec(t, "env")
		env, allowed := Environ([]string{"DEPLOY_*"}, []string{"DEPLOY_TOKEN=canary-5e1f", "OTHER=hidden"})
		s.Env, s.Secrets = append(s.Env, env...), allowed
		got := string(start.run(t, s).Output.Text())
		if strings.Contains(got, "canary-5e1f") || !strings.Contains(got, "DEPLOY_TOKEN=‹DEPLOY_TOKEN›") {
			t.Errorf("got %q", got)
		}
		if strings.Contains(got, "OTHER=") {
			t.Errorf("a variable nobody allowed was passed on: %q", got)
		}
	})
}

// started returns a Lines function and a channel that is closed at the line "ready".
func started() (func([]safe.Text, int), <-chan struct{}) {
	ready, once := make(chan struct{}), sync.Once{}
	return func(ls []safe.Text, _ int) {
		for _, l := range ls {
			if l == safe.Lit("ready") {
				once.Do(func() { close(ready) })
			}
		}
	}, ready
}

func TestRun_endsTheWholeGroupWhenAsked(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		s := spec(t, "family")
		var ready <-chan struct{}
		s.Lines, ready = started()
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-ready; cancel() }()
		e, err := start(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		// The child holds the pipe, so a parent that ended alone would show as Left.
		if !e.Asked || e.Forced || e.Left || e.Signal != safe.Show("terminated") {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRun_forcesAProgramThatStays(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		s := spec(t, "stubborn")
		var ready <-chan struct{}
		s.Lines, ready = started()
		s.Grace, s.Force = time.Millisecond, true
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-ready; cancel() }()
		e, err := start(ctx, s)
		if err != nil || !e.Forced || e.Signal != safe.Show("killed") {
			t.Errorf("got %+v, %v", e, err)
		}
	})
}

func TestRun_neverForcesWithoutLeave(t *testing.T) {
	both(t, func(t *testing.T, start way) {
		s := spec(t, "stubborn")
		var ready <-chan struct{}
		s.Lines, ready = started()
		s.Grace = time.Millisecond
		lingers := make(chan int, 1)
		s.Lingers = func(pid int) {
			lingers <- pid
			// The program is alive well after the grace; only now it may go on to its own end.
			if err := os.WriteFile(filepath.Join(s.Dir, "go"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-ready; cancel() }()
		e, err := start(ctx, s)
		if err != nil || e.Forced || !e.Asked || e.Exit != 7 {
			t.Errorf("got %+v, %v", e, err)
		}
		if len(lingers) != 1 {
			t.Error("nobody was told that the program lingers")
		}
	})
}

func TestQuote_tellsArgumentsApart(t *testing.T) {
	if got := Quote([]string{"echo", "a b", "", "it's", "$HOME"}).String(); got != `echo 'a b' '' 'it'\''s' '$HOME'` {
		t.Errorf("got %s", got)
	}
}

func TestEnviron_matchesNamesAndPrefixes(t *testing.T) {
	env, allowed := Environ([]string{"AWS_*", "ONE"}, []string{"PATH=/bin", "AWS_KEY=1", "ONE=2", "ONETWO=3", "LD_PRELOAD=x", "=odd"})
	if got := strings.Join(env, " "); got != "PATH=/bin AWS_KEY=1 ONE=2" {
		t.Errorf("got %s", got)
	}
	if len(allowed) != 2 || allowed["AWS_KEY"] != "1" {
		t.Errorf("allowed %v", allowed)
	}
}
