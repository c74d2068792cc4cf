// Command lockstep walks an operator through a deployment, one change at a
// time, and records every step.
package main

import (
	"context"
	"fmt"
	"os"

	"lockstep/runbooks/sandbox/provider"
	"lockstep/steps/keep"
)

func main() {
	// A program that is kept is run by this one in another part.
	if keep.Serve(os.Args) {
		return
	}
	// The sandbox's Terraform starts this program as its provider.
	if provider.IsInvocation(os.Args[0]) {
		if err := provider.Serve(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		return
	}
	if isRunner(os.Args[0]) {
		os.Exit(runner())
	}
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
