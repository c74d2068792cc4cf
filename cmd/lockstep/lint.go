package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/runbook"
	"lockstep/runbook/safe"
	"lockstep/steps/announce"
)

func newLintCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "lint RUNBOOK...",
		GroupID: groupRunbook,
		Short:   "Check runbooks and say everything that is wrong with them",
		Long: `Lint reads runbooks and prints everything that is wrong with them, a line each:
file:line:column, what is wrong, and what to write instead. It runs nothing.
The exit code is 0 when there is nothing wrong, and 5 when there is. Warnings do not change it.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return lint(cmd.OutOrStdout(), args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of what was found")
	return cmd
}

// A finding is one line of lint.
type finding struct {
	Severity   string `json:"severity"` // error or warning
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Path       string `json:"path"`
	Text       string `json:"text"`
	Suggestion string `json:"suggestion"`
}

func lint(w io.Writer, files []string, asJSON bool) error {
	findings := []finding{}
	wrong := 0
	for _, file := range files {
		rb, err := runbook.Load(file)
		var problems *runbook.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		if problems == nil {
			problems = unsayable(rb)
		}
		var all []runbook.Problem
		severity := "warning"
		if len(*problems) > 0 {
			all, severity = *problems, "error"
			wrong += len(all)
		} else {
			all = rb.Warnings()
		}
		for _, p := range all {
			findings = append(findings, finding{severity, p.File, p.Line, p.Column, p.Path, p.Text, p.Suggestion})
			if !asJSON {
				fmt.Fprintf(w, "%s: %s\n", severity, safe.Show(p.String()))
			}
		}
		if !asJSON && len(*problems) == 0 {
			fmt.Fprintf(w, "%s: ok: %s, %s, %s\n", safe.Show(file), count(len(rb.Environments), "environment"), count(len(rb.Steps), "step"), count(len(rb.Probes), "probe"))
		}
	}
	if asJSON {
		if err := printJSON(w, findings); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return errFound
	}
	return nil
}

// unsayable finds announcements whose text the step that sends them would
// refuse. Loading a runbook knows nothing of what a text may hold.
func unsayable(rb *runbook.Runbook) *runbook.Problems {
	var out runbook.Problems
	var fields []string
	for _, f := range announce.Fields() {
		fields = append(fields, f.Name)
	}
	var look func([]runbook.Step)
	look = func(steps []runbook.Step) {
		for _, s := range steps {
			if s.Announce != nil && s.Announce.Text != "" {
				if err := announce.Check(s.Announce.Text); err != nil {
					out = append(out, runbook.Problem{
						File: rb.File, Line: s.Line, Column: s.Column, Path: s.ID,
						Text:       safe.Sprintf("step %s announce.text: %s", s.Position, safe.Show(err.Error())).String(),
						Suggestion: "the fields are " + strings.Join(fields, ", "),
					})
				}
			}
			look(s.EachChange)
		}
	}
	look(rb.Steps)
	return &out
}
