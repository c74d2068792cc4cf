package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"lockstep/runbook/export"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func newVerifyCommand(s *settings) *cobra.Command {
	sel := &selection{settings: s}
	var asJSON, complete bool
	cmd := &cobra.Command{
		Use:     "verify [JOURNAL]",
		GroupID: groupRecord,
		Short:   "Check that journals are what their writers wrote",
		Long: `Verify reads journals from the first line to the last and says four things of each:
whether it is intact, who signed it, up to where it is anchored elsewhere, and whether it is complete.
JOURNAL is a folder or a file; without it, all journals of this user are checked.
The exit code is 0 when all are intact and 5 when one is not. With --complete a run that
was not closed and an effect that nobody knows the end of count too.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if sel.journal != "" {
					return usagef("give the journal as an argument or by --journal, not both")
				}
				sel.journal = args[0]
			}
			paths, err := sel.paths()
			if err != nil {
				return err
			}
			return verify(cmd.OutOrStdout(), paths, asJSON, complete)
		},
	}
	sel.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of verdicts")
	cmd.Flags().BoolVar(&complete, "complete", false, "an incomplete journal counts as a finding")
	return cmd
}

func verify(w io.Writer, paths []string, asJSON, complete bool) error {
	if len(paths) == 0 {
		return fmt.Errorf("there is no journal to verify: %w", export.ErrNoRun)
	}
	found := false
	verdicts := []journal.Verdict{}
	for _, path := range paths {
		v, err := journal.Verify(path)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, v)
		found = found || !v.Intact || complete && !v.Complete
		if !asJSON {
			printVerdict(w, v)
		}
	}
	if asJSON {
		if err := printJSON(w, verdicts); err != nil {
			return err
		}
	}
	if found {
		return errFound
	}
	return nil
}

// maxFaults is how many faults of a journal are printed. The first tells most.
const maxFaults = 20

func printVerdict(w io.Writer, v journal.Verdict) {
	fmt.Fprintf(w, "%s\n", safe.Show(v.Path))
	for _, s := range v.Sentences() {
		fmt.Fprintf(w, "  %s\n", s)
	}
	for n, f := range v.Faults {
		if n == maxFaults {
			fmt.Fprintf(w, "    … %d more\n", len(v.Faults)-n)
			break
		}
		fmt.Fprintf(w, "    line %d: %s\n", f.Line, f.What)
	}
	for n, f := range v.Notes {
		if n == maxFaults {
			fmt.Fprintf(w, "    … %d more\n", len(v.Notes)-n)
			break
		}
		fmt.Fprintf(w, "    note, line %d: %s\n", f.Line, f.What)
	}
}
