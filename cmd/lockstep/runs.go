package main

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func newRunsCommand(s *settings) *cobra.Command {
	sel := &selection{settings: s}
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "runs",
		GroupID: groupRecord,
		Short:   "List what was run, when, by whom, and how it ended",
		Long: `Runs lists the runs that are recorded, oldest first: all of this user, or those of
a runbook, an environment or one journal. A run that is going on now is "running". A run that was
not closed and does not go on is "open"; one with an effect that nobody knows the end of is "unknown".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := sel.runs()
			rows := make([]runRow, 0, len(all))
			for _, r := range all {
				rows = append(rows, newRunRow(r))
			}
			if asJSON {
				if perr := printJSON(cmd.OutOrStdout(), rows); perr != nil {
					return perr
				}
				return err
			}
			printRuns(cmd.OutOrStdout(), rows)
			return err
		},
	}
	sel.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// A runRow is one line of the list.
type runRow struct {
	Run         string    `json:"run"`
	Environment string    `json:"environment"`
	Mode        string    `json:"mode"`
	Result      string    `json:"result"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Operator    string    `json:"operator"`
	Commit      string    `json:"commit"`
	Title       safe.Text `json:"title"`
	Summary     safe.Text `json:"summary"`
	Effects     int       `json:"effects"`
	Failed      int       `json:"failed"`
	Unknown     []int64   `json:"unknown"`
	Journal     string    `json:"journal"`
}

func newRunRow(r journalRun) runRow {
	i := r.info
	row := runRow{
		Run: inert(i.ID), Environment: inert(i.Environment), Mode: inert(i.Mode), Result: inert(i.Result), Start: i.Start.UTC(), End: i.End.UTC(),
		Operator: inert(i.Actor.Name + "@" + i.Actor.Host), Commit: inert(i.Commit), Title: i.Title, Summary: i.Summary,
		Effects: i.Effects, Failed: i.Failed, Unknown: append([]int64{}, i.Unknown...), Journal: inert(r.path),
	}
	if !i.Closed && isRunning(r) {
		row.Result = "running"
	}
	return row
}

// isRunning reports whether a process writes this run now.
func isRunning(r journalRun) bool {
	holder, err := journal.Holder(filepath.Dir(r.path))
	return err == nil && holder != nil && holder.Run == r.info.ID
}

func printRuns(w io.Writer, rows []runRow) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "nothing was run yet")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STARTED\tRUN\tENVIRONMENT\tMODE\tRESULT\tBY\tCOMMIT\tTITLE")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Start.Format("2006-01-02 15:04:05"), r.Run, r.Environment, r.Mode,
			r.Result, r.Operator, orDash(short(r.Commit)), r.Title)
	}
	t.Flush()
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func inert(s string) string { return safe.Show(s).String() }
