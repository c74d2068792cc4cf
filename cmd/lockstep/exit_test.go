package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/export"
	"lockstep/runbook/journal"
)

func TestExitCode_isOneForEachEnd(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		says string
	}{
		{nil, 0, ""},
		{errors.New("it\x1b broke"), 1, "lockstep: error: it\\x1b broke\n"},
		{usagef("no such thing"), 2, "lockstep: error: no such thing\nlockstep: hint: lockstep --help shows how it is used\n"},
		{fmt.Errorf("step: %w", engine.ErrDeclined), 3, ""},
		{fmt.Errorf("step: %w", engine.ErrStopped), 3, ""},
		{errors.Join(engine.ErrDeclined, engine.ErrUnknown), 4, "lockstep: error: declined by the operator\nlockstep: error: outcome unknown\n"},
		{errFound, 5, ""},
		{&runError{engine.Stopped, engine.ErrStopped}, 3, ""},
		{&runError{engine.Failed, errors.Join(engine.ErrStopped, errors.New("disk full"))}, 1, "lockstep: error: stopped by the operator\nlockstep: error: disk full\n"},
		{
			&runError{engine.Stopped, errors.Join(engine.ErrStopped, &engine.Problem{Err: errors.New("the state could not be saved"), Hint: "push it"})}, 3,
			"lockstep: error: stopped by the operator\nlockstep: error: the state could not be saved\nlockstep: hint: push it\n",
		},
		{&engine.Problem{Err: errors.New("state is locked"), Hint: "ask ana"}, 1, "lockstep: error: state is locked\nlockstep: hint: ask ana\n"},
		{fmt.Errorf("show: %w", export.ErrNoRun), 1, "lockstep: error: show: no such run\nlockstep: hint: lockstep runs lists the runs\n"},
		{&journal.LockedError{Path: "j"}, 1, "lockstep: error: journal \"j\" is being written by another process\nlockstep: hint: wait until that run has ended; only one run at a time can work on an environment\n"},
	} {
		var b bytes.Buffer
		explain(&b, c.err)
		if got := exitCode(c.err); got != c.code || b.String() != c.says {
			t.Errorf("%v: exit code %d, want %d; says %q, want %q", c.err, got, c.code, b.String(), c.says)
		}
	}
}

func TestVersionOf_namesTheBuild(t *testing.T) {
	for _, c := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}}, "v0.1.0"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
		{debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}, "devel-0123456789ab+changes"},
	} {
		if got := versionOf(&c.info); got != c.want {
			t.Errorf("%+v is %q, want %q", c.info, got, c.want)
		}
	}
}
