package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/runbook/safe"
)

// settings are the flags that every command has.
type settings struct {
	stateDir string // root of the journals; the default one when empty
}

// The groups of commands in the help.
const (
	groupDeploy  = "deploy"
	groupRecord  = "record"
	groupRunbook = "runbook"
)

// commands makes the commands of the program. This is the one place where a
// command is added.
func commands(s *settings) []*cobra.Command {
	return []*cobra.Command{
		newRunCommand(s), newAttachCommand(s), newResumeCommand(s), newRehearseCommand(s), newForecastCommand(), newDemoCommand(),
		newRunsCommand(s), newShowCommand(s), newExportCommand(s), newVerifyCommand(s),
		newLintCommand(), newDocsCommand(), newSchemaCommand(), newManCommand(),
	}
}

// newRoot makes the program.
func newRoot() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:   "lockstep",
		Short: "Walk through a deployment, one change at a time",
		Long: `Lockstep walks you through a deployment that is written down in a runbook: pick
a commit, review what it changes, apply one change at a time with Terraform while
probes watch what is live, verify, announce, and write down what was deployed.
Every step is recorded in a journal.`,
		Version:       versionText(),
		SilenceErrors: true, // execute says them
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate(versionLine() + "\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{err, cmd.CommandPath()} })
	root.PersistentFlags().StringVar(&s.stateDir, "state-dir", "", "`folder` that the journals are kept under (default $XDG_STATE_HOME/lockstep)")
	root.AddGroup(
		&cobra.Group{ID: groupDeploy, Title: "Deploy:"},
		&cobra.Group{ID: groupRecord, Title: "What was done:"},
		&cobra.Group{ID: groupRunbook, Title: "Runbooks:"},
	)
	root.AddCommand(commands(s)...)
	wrapArgs(root)
	return root
}

// noSuchCommand refuses words that no command took.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("there is no command %q, perhaps %s", safe.Show(args[0]), strings.Join(near, " or "))
	}
	return usagef("there is no command %q", safe.Show(args[0]))
}

// wrapArgs makes a wrong number of arguments a mistake in using the program.
func wrapArgs(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		wrapArgs(c)
	}
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil || isUsage(err) {
			return err
		}
		return &usageError{err, c.CommandPath()}
	}
}

// execute runs the program and returns its exit code.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	explain(stderr, err)
	return exitCode(err)
}
