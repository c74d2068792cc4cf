package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lockstep/runbooks/sandbox/provider"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/scripted"
)

func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	// The sandbox's Terraform starts this binary as its provider, and a run as its runner.
	if provider.IsInvocation(os.Args[0]) || isRunner(os.Args[0]) {
		main()
		return
	}
	testscript.Main(tidy{m}, map[string]func(){"lockstep": main, crashName: crash})
}

// tidy runs the tests and removes what they share.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	scripted.Clean()
	removeRigHome()
	return code
}

// TestScript runs the program itself, as a shell would, by the scripts in
// testdata/script. Each finds a journal with two runs in the folder production, and
// the plan of the incident in the folder incident.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TERM", "dumb")
			env.Setenv("CHECKPOINT_DISABLE", "1")
			env.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Vars = append(env.Vars, gitIdentity()...)
			env.Defer(func() { killRunners(t, filepath.Join(env.WorkDir, "state", "lockstep")) })
			journal := os.DirFS(filepath.Join("..", "..", "runbook", "export", "testdata", "production"))
			return errors.Join(
				os.CopyFS(filepath.Join(env.WorkDir, "production"), journal),
				os.CopyFS(filepath.Join(env.WorkDir, "incident"), os.DirFS(incident)),
			)
		},
		Cmds: scriptCommands(),
	})
}

// gitIdentity makes git work as the same person everywhere.
func gitIdentity() []string {
	vars := []string{"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull}
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		vars = append(vars, "GIT_"+who+"_NAME=ana", "GIT_"+who+"_EMAIL=ana@example.org", "GIT_"+who+"_DATE=2026-11-22T09:15:00Z")
	}
	return vars
}

// scriptCommands are the commands of scripts beyond those of testscript.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	c := badInput()
	c["exits"] = exits
	return c
}

// exits runs a command and compares its exit code: exits CODE PROGRAM ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%v exits with %d, not %d", args[1:], got, want)
	}
}
