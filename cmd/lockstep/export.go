package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"lockstep/runbook/export"
)

func newExportCommand(s *settings) *cobra.Command {
	sel := &selection{settings: s}
	var format, output string
	var force bool
	cmd := &cobra.Command{
		Use:     "export [RUN]",
		GroupID: groupRecord,
		Short:   "Write a run as a report that can be handed on",
		Long: `Export writes a run as a document: md is a report for people, json holds all records
and blobs of the run. RUN is the id of a run or how it begins; without it, the last run.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: sel.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			write := map[string]func(io.Writer, string, string) error{"md": export.Markdown, "json": export.JSON}[format]
			if write == nil {
				return usagef("there is no format %q, only md and json", inert(format))
			}
			r, err := sel.find(first(args))
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := write(&b, r.path, r.info.ID); err != nil {
				return err
			}
			if output == "" {
				_, err := cmd.OutOrStdout().Write(b.Bytes())
				return err
			}
			return writeOutput(output, b.Bytes(), force)
		},
	}
	sel.flags(cmd)
	cmd.Flags().StringVar(&format, "format", "md", "md or json")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write instead of standard output")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file when it is there")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"md", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// writeOutput writes a file that only its owner can read.
func writeOutput(path string, data []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("write export: %w; --force replaces it", err)
	}
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}
