package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"lockstep/runbook/safe"
	"lockstep/steps/keep"
)

// Keep is [Run] for a program with an effect: it is kept as the job in a folder,
// which serves once, and goes on whatever becomes of this process; see [Rejoin].
// What it prints is there in clear text until the folder is removed. Left says the
// same as for Run.
func Keep(ctx context.Context, folder string, s Spec) (Ending, error) {
	if len(s.Argv) == 0 {
		return Ending{}, fmt.Errorf("%w: it has no name", ErrNotStarted)
	}
	if err := ctx.Err(); err != nil {
		return Ending{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	cmd := exec.Command(s.Argv[0]) // finds it
	if cmd.Err != nil {
		return Ending{}, fmt.Errorf("%w: %s", ErrNotStarted, startWords(s.Argv[0], cmd.Err))
	}
	err := keep.Start(folder, keep.Job{Program: cmd.Path, Args: s.Argv[1:], Dir: s.Dir, Env: s.Env, Joined: true})
	if errors.Is(err, keep.ErrClaimed) {
		return Ending{}, fmt.Errorf("%w: %w", ErrLost, err)
	}
	if err != nil {
		return Ending{}, fmt.Errorf("%w: %s", ErrNotStarted, startWords(s.Argv[0], err))
	}
	var e Ending
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		e.Asked, e.Forced = s.end(ctx, ofJob(folder), over)
	}()
	ended, err := Rejoin(context.WithoutCancel(ctx), folder, s)
	close(over)
	<-watched
	ended.Asked, ended.Forced = e.Asked, e.Forced
	return ended, err
}

// ofJob sends a signal to the program of a job and what it started, and returns
// the id of its process.
func ofJob(folder string) func(syscall.Signal) int {
	return func(sig syscall.Signal) int {
		_ = keep.SignalGroup(folder, sig) // it may be gone already
		// What cannot be told is told when the program ends.
		st, _ := keep.Peek(folder)
		return st.PID
	}
}

// Rejoin follows a program that Keep began in another process, from its first
// line to its end. When ctx ends it returns that error, and the program does not
// notice.
func Rejoin(ctx context.Context, folder string, s Spec) (Ending, error) {
	out := newLines(s.Secrets, s.Lines)
	st, err := keep.Following{Stdout: out, Linger: outputWait}.Wait(ctx, folder)
	e := Ending{Output: out.close()}
	switch {
	case err != nil && ctx.Err() != nil:
		return e, err
	case err != nil:
		return e, fmt.Errorf("%w: %w", ErrLost, err)
	case st.Phase == keep.NotStarted:
		return e, fmt.Errorf("%w: %s", ErrNotStarted, safe.Show(st.Why))
	case st.Phase != keep.Ended:
		return e, fmt.Errorf("%w: %s", ErrLost, safe.Show(st.Why))
	}
	e.Exit, e.Signal, e.Left = st.Exit, safe.Show(st.Signal), st.Left
	e.Took = st.Over.Sub(st.Started)
	return e, nil
}
