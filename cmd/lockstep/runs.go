package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"lockstep/runbook/engine"
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
a runbook, an environment or one journal. A run that goes on is "running", "waiting for an answer" or
"waiting for somebody to attach", and what it waits for and who is at it stands below the list. A run
whose runner died is "interrupted", and one with an effect that nobody knows the end of is "unknown";
lockstep resume goes on with either. With --json that word is the state, and the result of a run
that was not closed is "running", "open" or "unknown".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := sel.runs()
			rows := make([]runRow, 0, len(all))
			at := standing{}
			for _, r := range all {
				rows = append(rows, newRunRow(r, at.of(cmd.Context(), r)))
			}
			if asJSON {
				if perr := printJSON(cmd.OutOrStdout(), rows); perr != nil {
					return perr
				}
				return err
			}
			printRuns(cmd.OutOrStdout(), rows, s.stateDir)
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

	State    string     `json:"state"`    // the result, or what a run does that goes on, or that it was interrupted
	PID      int        `json:"pid"`      // of its runner; 0 when it has none
	Step     safe.Text  `json:"step"`     // that is under way, or empty
	Question safe.Text  `json:"question"` // that waits for an answer, or empty
	Since    *time.Time `json:"since"`    // of the question or the step
	Attached []rowSeat  `json:"attached"`

	live *liveRun
}

// A rowSeat is somebody at a run.
type rowSeat struct {
	Operator string    `json:"operator"`
	Where    safe.Text `json:"where"`
	Holds    bool      `json:"holds"` // the answers
	Since    time.Time `json:"since"`
}

func newRunRow(r journalRun, live *liveRun) runRow {
	i := r.info
	row := runRow{
		Run: inert(i.ID), Environment: inert(i.Environment), Mode: inert(i.Mode), Result: inert(i.Result), Start: i.Start.UTC(), End: i.End.UTC(),
		Operator: inert(i.Actor.Name + "@" + i.Actor.Host), Commit: inert(i.Commit), Title: i.Title, Summary: i.Summary,
		Effects: i.Effects, Failed: i.Failed, Unknown: append([]int64{}, i.Unknown...), Journal: inert(r.path),
	}
	row.Attached = []rowSeat{}
	row.State = row.Result
	switch {
	case i.Closed:
	case live != nil:
		row.Result = stateRunning
		row.goesOn(live)
	case isRunning(r):
		row.Result, row.State = stateRunning, stateRunning
	case row.Result == journal.ResultOpen:
		row.State = stateInterrupted
	}
	return row
}

// goesOn says what a run is doing.
func (row *runRow) goesOn(live *liveRun) {
	row.live, row.State, row.PID = live, stateRunning, live.PID
	st := live.status
	if st == nil {
		return
	}
	row.State, row.Step, row.Question = stateOf(*st), st.Step, st.Question
	switch {
	case !st.Question.IsEmpty():
		row.Since = &st.Asked
	case !st.Since.IsZero():
		row.Since = &st.Since
	}
	for _, s := range st.Seats {
		row.Attached = append(row.Attached, rowSeat{inert(s.Actor.Name), s.Where, s.Holds, s.Since.UTC()})
	}
}

// standing remembers which run goes on in a journal's folder.
type standing map[string]*liveRun

func (at standing) of(ctx context.Context, r journalRun) *liveRun {
	if r.info.Closed {
		return nil
	}
	live, asked := at[r.path]
	if !asked {
		live = findLive(ctx, filepath.Dir(r.path))
		at[r.path] = live
	}
	if live == nil || live.Run != r.info.ID {
		return nil
	}
	return live
}

// isRunning reports whether a process writes this run now.
func isRunning(r journalRun) bool {
	holder, err := journal.Holder(filepath.Dir(r.path))
	return err == nil && holder != nil && holder.Run == r.info.ID
}

func printRuns(w io.Writer, rows []runRow, stateDir string) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "nothing was run yet")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STARTED (UTC)\tRUN\tENVIRONMENT\tMODE\tRESULT\tBY\tCOMMIT\tTITLE")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Start.Format("2006-01-02 15:04:05"), r.Run, r.Environment, r.Mode,
			r.State, r.Operator, orDash(short(r.Commit)), r.Title)
	}
	t.Flush()
	last := map[string]string{} // run by journal; one that another came after cannot be resumed
	for _, r := range rows {
		if r.Mode == string(engine.Live) {
			last[r.Journal] = r.Run
		}
	}
	for _, r := range rows {
		switch {
		case r.live == nil && last[r.Journal] == r.Run && (r.State == stateInterrupted || r.State == journal.ResultUnknown):
			what := "was interrupted"
			if n := len(r.Unknown); n > 0 {
				what += ", and nobody knows how " + count(n, "effect") + " ended"
			}
			fmt.Fprintf(w, "\n%s %s\n  %s\n", r.Run, what, commandFor("resume", r.Run, stateDir))
		case r.live != nil && r.live.status != nil:
			fmt.Fprintf(w, "\n%s %s; %s\n  %s\n", r.Run, doing(*r.live.status), who(r.live.status.Seats),
				commandFor("attach", r.Run, stateDir))
		case r.live != nil:
			fmt.Fprintf(w, "\n%s goes on in process %d, which does not answer: %s\n", r.Run, r.PID, inert(r.live.mute.Error()))
		}
	}
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func inert(s string) string { return safe.Show(s).String() }
