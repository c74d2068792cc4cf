package cli

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"lockstep/steps/keep"
	"lockstep/steps/terraform/redact"
)

// fakeMode makes the test binary behave like a Terraform that the real one
// cannot be made to be.
const fakeMode = "LOCKSTEP_FAKE_TERRAFORM"

func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	if len(os.Args) == 3 && os.Args[1] == runnerRole {
		os.Exit(runner(os.Args[2]))
	}
	if mode := os.Getenv(fakeMode); mode != "" {
		os.Exit(fake(mode))
	}
	os.Exit(m.Run())
}

const versionMessage = `{"@level":"info","@message":"Terraform 1.11.4","@timestamp":"2026-01-02T03:04:05Z","type":"version"}`

func fake(mode string) int {
	if slices.Contains(os.Args, "version") {
		switch mode {
		case "mute":
			fmt.Println("I am a teapot")
		case "old":
			fmt.Println(`{"terraform_version":"1.5.7"}`)
		default:
			fmt.Println(`{"terraform_version":"1.11.4"}`)
		}
		return 0
	}
	interrupts := make(chan os.Signal, 8)
	signal.Notify(interrupts, os.Interrupt)
	fmt.Println(versionMessage)
	switch mode {
	case "well":
		if err := os.WriteFile("ran", nil, 0o600); err != nil {
			return 3
		}
		return 0
	case "panic":
		fmt.Fprintln(os.Stderr, "panic: runtime error: c4n4ry\n\ngoroutine 1 [running]:")
		return 11
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "plugin, then killed":
		fmt.Println(`{"@level":"error","@message":"Error: Plugin did not respond","@timestamp":"2026-01-02T03:04:05Z","diagnostic":{"severity":"error","summary":"Plugin did not respond","detail":"x"},"type":"diagnostic"}`)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "plugin":
		fmt.Println(`{"@level":"error","@message":"Error: Plugin did not respond","@timestamp":"2026-01-02T03:04:05Z","diagnostic":{"severity":"error","summary":"Plugin did not respond","detail":"The plugin encountered an error, and failed to respond to the plugin6.(*GRPCProvider).ApplyResourceChange call."},"type":"diagnostic"}`)
		return 1
	case "slow":
		// Counts the interrupts, and gives further ones and a kill time to come.
		n := 0
		for wait := (<-chan time.Time)(nil); ; {
			select {
			case <-interrupts:
				if n++; n == 1 {
					wait = time.After(300 * time.Millisecond)
				}
			case <-wait:
				if err := os.WriteFile(filepath.Join(os.Getenv("HOME"), "interrupts"), fmt.Append(nil, n), 0o600); err != nil {
					return 3
				}
				return 1
			}
		}
	case "junk":
		fmt.Println("{ this is no plan")
		return 0
	}
	return 9
}

// newKept returns where a job can be kept.
func newKept(t *testing.T) string { return filepath.Join(t.TempDir(), "kept") }

// fakeRoot returns a root module whose Terraform is the test binary.
func fakeRoot(t *testing.T, mode string) *Root {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &Root{
		Binary: &Binary{Path: self, Version: "1.11.4"}, Dir: dir, Net: &redact.Net{},
		Env: map[string]string{fakeMode: mode, "HOME": dir},
	}
}
