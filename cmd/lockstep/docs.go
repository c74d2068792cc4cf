package main

import (
	"github.com/spf13/cobra"

	"lockstep/runbook"
	"lockstep/runbook/document"
)

func newDocsCommand() *cobra.Command {
	var env string
	cmd := &cobra.Command{
		Use:     "docs RUNBOOK",
		GroupID: groupRunbook,
		Short:   "Print a runbook as Markdown that a newcomer can follow",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rb, err := runbook.Load(args[0])
			if err != nil {
				return err
			}
			if env != "" {
				if _, err := environmentOf(rb, env); err != nil {
					return err
				}
			}
			_, err = cmd.OutOrStdout().Write(document.Markdown(rb, env))
			return err
		},
	}
	cmd.Flags().StringVar(&env, "env", "", "only what concerns this `environment`")
	return cmd
}
