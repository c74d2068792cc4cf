package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"lockstep/runbook/safe"
	"lockstep/steps/keep"
)

func TestRejoin_tellsWhatKeepWouldHave(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	s := spec(t, "stubborn")
	if err := keep.Start(folder, keep.Job{Program: s.Argv[0], Dir: s.Dir, Env: s.Env, Joined: true}); err != nil {
		t.Fatal(err)
	}
	var ready <-chan struct{}
	s.Lines, ready = started()
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone again")
	go func() { <-ready; cancel(gone) }()
	if _, err := Rejoin(ctx, folder, s); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Rejoin(t.Context(), folder, s)
	if err != nil || e.Exit != 7 || len(e.Output.Last(9)) != 1 || e.Output.Last(9)[0] != safe.Lit("ready") {
		t.Errorf("%+v %v", e, err)
	}
}

func TestRejoin_saysWhatIsNotKnown(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	if _, err := Rejoin(t.Context(), folder, Spec{}); !errors.Is(err, ErrLost) {
		t.Errorf("without a folder: %v", err)
	}
	if err := keep.Make(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := Rejoin(t.Context(), folder, Spec{}); !errors.Is(err, ErrNotStarted) {
		t.Errorf("without a start: %v", err)
	}
	if _, err := Keep(t.Context(), folder, spec(t, "mark")); !errors.Is(err, ErrLost) {
		t.Errorf("started after that: %v", err)
	}
}

func TestKeep_leavesNothingRunningUnsaid(t *testing.T) {
	s := spec(t, "leave")
	both(t, func(t *testing.T, start way) {
		s.Dir = t.TempDir()
		e := start.run(t, s)
		if err := os.WriteFile(filepath.Join(s.Dir, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if !e.Left || e.Exit != 0 {
			t.Errorf("%+v", e)
		}
	})
}
