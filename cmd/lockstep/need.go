package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"lockstep/runbook/engine"
	"lockstep/steps/terraform/install"
)

// needTerraform finds Terraform. When there is none it offers to install one, if
// there is somebody to say yes, and otherwise says what to do.
func needTerraform(cmd *cobra.Command, given string) (string, error) {
	dir, err := toolsDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for programs: %w", err)
	}
	path, err := install.Find(given, dir)
	if err == nil {
		return path, nil
	}
	problem := &engine.Problem{
		Err:  err,
		Hint: "install Terraform from https://developer.hashicorp.com/terraform/install, or name it with --terraform PATH or " + install.Variable,
	}
	if given != "" || os.Getenv(install.Variable) != "" || !isTerminal(cmd.InOrStdin()) {
		return "", problem
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%v.\nInstall Terraform %s from HashiCorp into %s? Its signature is checked. Type yes: ", err, install.Version, dir)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return "", problem
	}
	return installTerraform(cmd, dir)
}

// installTerraform downloads Terraform and shows how far it is.
func installTerraform(cmd *cobra.Command, dir string) (string, error) {
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	var mu sync.Mutex
	var shown time.Time
	path, err := install.Source{}.Install(ctx, dir, func(p install.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(shown) < 200*time.Millisecond && p.Done != p.Total {
			return
		}
		shown = time.Now()
		const mib = 1 << 20
		if p.Total > mib {
			fmt.Fprintf(cmd.OutOrStdout(), "\r%d of %d MiB ", p.Done/mib, p.Total/mib)
		}
	})
	fmt.Fprintln(cmd.OutOrStdout())
	if err != nil {
		return "", &engine.Problem{Err: err, Hint: "download it from https://developer.hashicorp.com/terraform/install and name it with --terraform PATH"}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Terraform %s is at %s\n", install.Version, path)
	return path, nil
}

// interruptible returns a context that ends with the first signal. While a run
// is under way, the run hears the signals too and decides what they mean.
func interruptible(parent context.Context) (context.Context, func()) {
	if parent == nil {
		parent = context.Background()
	}
	return signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}
