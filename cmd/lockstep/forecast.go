package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/forecast/report"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/offline"
)

// mostParallel is the largest -parallelism that makes sense to say.
const mostParallel = 256

// A forecastRequest is what the flags of forecast say.
type forecastRequest struct {
	source      offline.Source
	durations   string // files
	identities  string
	terraform   string
	parallelism int
	budget      time.Duration
	negative    time.Duration
	asJSON      bool
	asMarkdown  bool
	isCheck     bool // a budget was given

	known   map[string]live.Identity // that were read
	lengths map[string]time.Duration
}

func newForecastCommand() *cobra.Command {
	var q forecastRequest
	cmd := &cobra.Command{
		Use:     "forecast PLAN",
		GroupID: groupDeploy,
		Short:   "Tell which live things a Terraform plan makes go dark, and the way round it",
		Long: `Forecast tells what applying a plan does to live things, such as DNS names and
certificates: which are absent from when to when, what opens and closes that, what
it waits for, and in which order single changes avoid it. It needs no runbook, and
changes nothing.

PLAN is one of
  - a plan that "terraform plan -out=FILE" saved, in the folder in which it was
    made, initialised. --chdir names the folder; PLAN is looked for there first,
    then in the current folder. Terraform shows the plan and draws its graph, with
    your environment except for TF_CLI_ARGS.
  - the JSON of a plan, together with --graph. No Terraform is needed then.

Whatever cannot be read to the end, or does not belong together, is an error and
never half a forecast. With --budget the exit code is 5 when a live thing goes dark
for longer at worst, goes for good, or when that cannot be told.`,
		Example: `  # where the plan was made
  terraform plan -out=plan.bin
  lockstep forecast plan.bin
  lockstep forecast --chdir environments/production plan.bin

  # somewhere else, without Terraform
  terraform show -json plan.bin > plan.json
  terraform graph -plan=plan.bin > plan.dot
  lockstep forecast plan.json --graph plan.dot

  # in CI: a comment for the pull request, and a check that fails
  lockstep forecast plan.bin --markdown > comment.md
  lockstep forecast plan.bin --budget 30s

  # durations of your own, in seconds, by type or by address
  echo '{"aws_acm_certificate_validation.create": 600}' > durations.json
  # live things of types that the program does not know
  echo '{"example_record": {"key": ["zone", "name"], "delete": "own-data"}}' > identities.json
  lockstep forecast plan.bin --durations durations.json --identities identities.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.source.Plan = args[0]
			q.isCheck = cmd.Flags().Changed("budget")
			if err := q.check(); err != nil {
				return err
			}
			return q.run(cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.source.Graph, "graph", "", "DOT `file` that terraform graph -plan printed, for a PLAN that is JSON")
	f.StringVar(&q.source.Dir, "chdir", "", "`folder` in which the plan was made (default the current one)")
	f.StringVar(&q.durations, "durations", "", "JSON `file` of how long actions take, in seconds: {\"TYPE.action\": s, \"ADDRESS.action\": s}")
	f.StringVar(&q.identities, "identities", "", "JSON `file` of what names a live thing: {\"TYPE\": {\"key\": [\"attribute\"], \"delete\": \"own-data|whole-name|unknown\"}}")
	f.IntVar(&q.parallelism, "parallelism", 10, "how many actions Terraform runs at a time")
	f.DurationVar(&q.budget, "budget", 0, "longest `time` that a live thing may be absent, such as 30s; exit code 5 when it may be longer")
	f.DurationVar(&q.negative, "negative-ttl", 0, "`time` for which resolvers remember that a name is missing (minimum of the zone's SOA)")
	f.StringVar(&q.terraform, "terraform", "", "`path` of Terraform (default $LOCKSTEP_TERRAFORM, or the one on PATH)")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	f.BoolVar(&q.asMarkdown, "markdown", false, "print Markdown, for a comment on a pull request")
	return cmd
}

// check refuses flags that make no sense.
func (q *forecastRequest) check() error {
	bad := func(format string, args ...any) error {
		return &usageError{fmt.Errorf(format, args...), "lockstep forecast"}
	}
	switch {
	case q.parallelism < 1 || q.parallelism > mostParallel:
		return bad("--parallelism is %d, and goes from 1 to %d", q.parallelism, mostParallel)
	case q.budget < 0:
		return bad("--budget is %s, less than nothing", q.budget)
	case q.negative < 0:
		return bad("--negative-ttl is %s, less than nothing", q.negative)
	case q.asJSON && q.asMarkdown:
		return bad("--json and --markdown exclude each other")
	}
	return nil
}

func (q *forecastRequest) run(cmd *cobra.Command) error {
	opt, err := q.options()
	if err != nil {
		return err
	}
	if q.source.Live, err = q.table(); err != nil {
		return err
	}
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	q.source.Environ = os.Environ()
	q.source.Terraform = func() (string, error) { return needTerraform(cmd, q.terraform) }
	p, err := q.source.Read(ctx)
	if err != nil {
		return err
	}
	r := forecastOf(p, opt)
	r.Blind = report.Blind(&p.Model, q.source.Live)
	for _, note := range report.Unmatched(&p.Model, q.known, q.lengths) {
		fmt.Fprintf(cmd.ErrOrStderr(), "lockstep: note: %s\n", note)
	}
	switch out := cmd.OutOrStdout(); {
	case q.asJSON:
		err = r.JSON(out)
	case q.asMarkdown:
		err = r.Markdown(out)
	default:
		err = r.Text(out)
	}
	if err != nil || !q.isCheck {
		return err
	}
	over := r.Over(q.budget)
	for _, line := range over {
		fmt.Fprintf(cmd.ErrOrStderr(), "lockstep: over budget: %s\n", line)
	}
	if len(over) > 0 {
		return errFound
	}
	return nil
}

// forecastOf makes the report of a plan.
func forecastOf(p *offline.Plan, opt forecast.Options) *report.Report {
	r := &report.Report{Plan: &p.Model, AtOnce: forecast.AtOnce(&p.Model, p.Order, opt), Limited: p.Limited, Raw: p.Raw}
	if !p.Limited {
		r.Changes = plan.Split(&p.Model, p.Order)
		r.Steps = forecast.OneAtATime(&p.Model, p.Order, r.Changes, opt)
		forecast.Block(&p.Model, r.Changes, r.Steps)
	}
	return r
}

// options reads what is known of durations.
func (q *forecastRequest) options() (forecast.Options, error) {
	opt := forecast.Options{Parallelism: q.parallelism}
	if q.negative > 0 {
		opt.Negative = func(plan.Thing) time.Duration { return q.negative }
	}
	var from durations.Sources
	if q.durations != "" {
		data, err := os.ReadFile(q.durations)
		if err != nil {
			return opt, fmt.Errorf("read --durations: %w", err)
		}
		given, err := durations.Read(q.durations, data)
		if err != nil {
			return opt, hinted(err, `write {"TYPE.action": seconds, "ADDRESS.action": seconds}; the actions are create, update, delete, read and forget`)
		}
		from.Given = make(map[string]time.Duration, len(given))
		for key, d := range given { // addresses of a plan are inert
			from.Given[safe.Show(key).String()] = d
		}
		q.lengths = from.Given
	}
	opt.Durations = durations.NewBook(from)
	return opt, nil
}

// table returns what names live things.
func (q *forecastRequest) table() (*live.Table, error) {
	t := live.Shipped()
	if q.identities == "" {
		return t, nil
	}
	data, err := os.ReadFile(q.identities)
	if err != nil {
		return nil, fmt.Errorf("read --identities: %w", err)
	}
	given, err := live.ReadIdentities(q.identities, data)
	if err == nil {
		q.known = given
		t, err = t.With(given)
	}
	if err != nil {
		return nil, hinted(err, `write {"TYPE": {"key": ["attribute"], "delete": "own-data", "whole-name" or "unknown"}}`)
	}
	return t, nil
}

// hinted adds what to do about an error that does not say it itself.
func hinted(err error, hint string) error {
	var p *engine.Problem
	if errors.As(err, &p) {
		return err
	}
	return &engine.Problem{Err: err, Hint: hint}
}
