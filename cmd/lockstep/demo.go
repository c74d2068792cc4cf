package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox"
	"lockstep/steps/terraform/install"
	"lockstep/tui"
	"lockstep/tui/plain"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	sandbox.Options
	auto string
	json bool
	rate int
	view viewing
}

func newDemoCommand() *cobra.Command {
	d := demoOptions{}
	cmd := &cobra.Command{
		Use:     "demo",
		GroupID: groupDeploy,
		Short:   "Try everything in a sandbox: real git, Terraform, DNS and HTTPS, on this machine only",
		Long: `Demo makes a small world in a temporary folder: a git repository with the history
of a real outage, an authoritative name server, a web server with its certificate
authority, a Terraform provider for them, a staging and a production environment.
Then you deploy to its production, with the same screens as everywhere.

With --auto it needs no terminal and answers every question itself:
  recommended   every commit in turn, one change at a time
  all-at-once   the newest commit, everything in one apply: the outage, replayed
While it runs, production's DNS name is asked for --rate times a second; the last
line says how many of these queries failed. Nothing leaves the machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&d.auto, "auto", "", "answer every question this `way`: recommended or all-at-once")
	f.BoolVar(&d.json, "json", false, "with --auto: print events and the last line as JSON")
	f.BoolVar(&d.view.plain, "plain", false, "lines and prompts instead of a screen")
	f.IntVar(&d.rate, "rate", 10, fmt.Sprintf("how often production's name is asked for, in `queries` a second, at most %d", sandbox.MaxRate))
	f.StringVar(&d.Dir, "dir", "", "make the sandbox in this empty `folder` (default a temporary one)")
	f.BoolVar(&d.Keep, "keep", false, "keep the folder at the end")
	f.DurationVar(&d.Issue, "issue", 20*time.Second, "how long the certificate authority takes for production")
	f.StringVar(&d.Delete, "delete", "own-data", "what deleting a DNS record takes with it: own-data or whole-name")
	f.StringVar(&d.Terraform, "terraform", "", "`path` of Terraform (default $"+install.Variable+", else the one on PATH)")
	return cmd
}

// check refuses flags that do not go together, before anything is made.
func (d *demoOptions) check(cmd *cobra.Command) error {
	switch {
	case d.auto != "" && d.auto != wayRecommended && d.auto != wayAllAtOnce:
		return usagef("--auto is %s or %s, not %q", wayRecommended, wayAllAtOnce, safe.Show(d.auto))
	case d.json && d.auto == "":
		return usagef("--json prints events and asks nothing, so it needs --auto")
	case d.rate < 1 || d.rate > sandbox.MaxRate:
		return usagef("--rate is from 1 to %d", sandbox.MaxRate)
	case d.Issue < 0:
		return usagef("--issue cannot be negative")
	case d.Delete != "own-data" && d.Delete != "whole-name":
		return usagef("--delete is own-data or whole-name, not %q", safe.Show(d.Delete))
	case d.auto == "" && !d.plain() && (!isTerminal(cmd.InOrStdin()) || !isTerminal(cmd.OutOrStdout())):
		return usagef("there is no terminal to show the demo on; use --plain, or --auto %s", wayRecommended)
	}
	return nil
}

func (d *demoOptions) plain() bool { return d.view.plain || os.Getenv("TERM") == "dumb" }

func (d *demoOptions) run(cmd *cobra.Command) error {
	if err := d.check(cmd); err != nil {
		return err
	}
	path, err := needTerraform(cmd, d.Terraform)
	if err != nil {
		return err
	}
	d.Terraform = path
	// A sandbox is not something that a signal may leave behind.
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	if d.auto != "" {
		return d.runAuto(ctx, cmd)
	}
	return d.interactive(ctx, cmd)
}

// interactive lets the operator deploy to the sandbox's production, run by run.
func (d *demoOptions) interactive(ctx context.Context, cmd *cobra.Command) (err error) {
	w := &world{o: *d, say: io.Discard}
	defer func() { err = errors.Join(err, w.close(cmd.OutOrStdout())) }()
	for first := true; ; first = false {
		var later strings.Builder
		preparing := make(chan safe.Text, 64)
		open := func(watching context.Context) (*session, error) {
			defer close(preparing)
			if first {
				ctx, stop := context.WithCancel(ctx)
				defer stop()
				defer context.AfterFunc(watching, stop)()
				if err := w.make(ctx, func(t safe.Text) { offer(preparing, t) }); err != nil {
					return nil, err
				}
			}
			return openSession(watching, w.target("production", engine.Live, &later))
		}
		// Once there is a run it hears the signals itself, and stays on the screen.
		end := drive(context.WithoutCancel(ctx), open, d.watcher(cmd, preparing, w.export), cmd.ErrOrStderr())
		fmt.Fprint(cmd.OutOrStdout(), later.String())
		switch {
		case errors.Is(end.err, tui.ErrNext):
			continue
		case errors.Is(end.err, tui.ErrLeft):
			return nil
		}
		if end.session != nil {
			fmt.Fprintln(cmd.OutOrStdout(), end.summary.Sentence)
		}
		return end.asError()
	}
}

// offer passes a line on, unless nobody takes any more.
func offer(lines chan<- safe.Text, t safe.Text) {
	select {
	case lines <- t:
	default:
	}
}

// watcher returns the screen, or the prompts, for one run of the demo.
func (d *demoOptions) watcher(cmd *cobra.Command, preparing <-chan safe.Text, export func(string) safe.Text) watcher {
	if d.plain() {
		out := cmd.OutOrStdout()
		ask := prompted(cmd.InOrStdin(), out, plain.Options{Export: export})
		return func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error {
			return ask(ctx, func(ctx context.Context) (engine.Console, error) {
				told := make(chan struct{})
				go func() {
					defer close(told)
					for t := range preparing {
						fmt.Fprintf(out, "%s\n", t)
					}
				}()
				c, err := prepare(ctx)
				<-told
				return c, err
			})
		}
	}
	o := tui.Options{
		Colour: colour(), Mode: engine.Live, Title: safe.Lit("Lockstep demo"), Preparing: preparing, Export: export, Next: true,
	}
	return func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error {
		return tui.Start(ctx, prepare, o)
	}
}
