package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"lockstep/runbooks/sandbox/provider"
)

// TestMain makes the test binary the Terraform provider when Terraform starts it.
func TestMain(m *testing.M) {
	if provider.IsInvocation(os.Args[0]) {
		if err := provider.Serve(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// A program built with -race sleeps for a second before it ends, and Terraform
	// starts and ends its provider several times a command.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	os.Exit(m.Run())
}
