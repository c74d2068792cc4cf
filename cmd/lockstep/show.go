package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"lockstep/runbook/export"
)

// defaultWidth is the width of text that does not go to a terminal.
const defaultWidth = 80

func newShowCommand(s *settings) *cobra.Command {
	sel := &selection{settings: s}
	var asJSON bool
	var width int
	cmd := &cobra.Command{
		Use:     "show [RUN]",
		GroupID: groupRecord,
		Short:   "Tell a run: what was shown, decided, done and measured",
		Long: `Show tells a run as its journal has it, first what nobody knows. RUN is the id of a run
or how it begins; without it, the last run.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: sel.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := sel.find(first(args))
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return export.JSON(out, r.path, r.info.ID)
			}
			if width == 0 {
				width = widthOf(out)
			}
			return export.Show(out, r.path, r.info.ID, width)
		},
	}
	sel.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all records and blobs of the run as JSON")
	cmd.Flags().IntVar(&width, "width", 0, "`cells` in a line (default that of the terminal, or 80)")
	return cmd
}

// widthOf returns the width of the terminal that w is. It asks the kernel and
// sends nothing.
func widthOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return defaultWidth
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return defaultWidth
	}
	return width
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
