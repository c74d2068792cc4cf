package main

import (
	"github.com/spf13/cobra"

	"lockstep/runbook/schema"
)

func newSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		GroupID: groupRunbook,
		Short:   "Print the JSON Schema of runbooks, for editors",
		Long: `Schema prints the JSON Schema of runbooks. Put it into a file and name it in the
first line of a runbook, and an editor completes and checks what you write:

  # yaml-language-server: $schema=lockstep.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			raw, err := schema.JSON()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(raw)
			return err
		},
	}
}
