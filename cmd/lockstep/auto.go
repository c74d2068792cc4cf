package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"lockstep/runbook/answers"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox"
)

// The ways of demo --auto.
const (
	wayRecommended = "recommended"
	wayAllAtOnce   = "all-at-once"
)

// A demoResult is the last line of demo --auto.
type demoResult struct {
	Way       string   `json:"way"`
	Queries   int      `json:"queries"`
	Failed    int      `json:"failed"`
	Outage    float64  `json:"outage_seconds"`    // sum of the spans from a failing query to the next good one
	Predicted *float64 `json:"predicted_seconds"` // null: nothing was forecast
	Changes   int      `json:"changes"`           // applies
	Pin       string   `json:"pin"`
	PlanEmpty bool     `json:"plan_empty"`
	Journal   string   `json:"journal"`
}

// careful answers the questions that every way answers alike.
func careful(env string) map[string]answers.Answer {
	return map[string]answers.Answer{
		"pick_commit": {Choose: "take", Item: answers.Next},
		"review_diff": {Choose: "continue", Acknowledge: []string{answers.All}},
		"announce":    {Choose: "send"},
		"plan":        {Choose: "take", Acknowledge: []string{answers.All}},
		"apply":       {Choose: "apply", Typed: env, Acknowledge: []string{answers.All}},
		"next_change": {Choose: "continue"},
		"record_pin":  {Choose: "write"},
		"verify":      {Choose: "stop"},
		"failure":     {Choose: "stop"},
		"unknown":     {Choose: "stop"},
	}
}

func script(of map[string]answers.Answer) *answers.Answers {
	return &answers.Answers{Version: answers.Version, Answers: of}
}

// recommendedAnswers take the next commit, one change at a time.
func recommendedAnswers() *answers.Answers { return script(careful("production")) }

// allAtOnceAnswers do what was done on the day of the incident.
func allAtOnceAnswers() *answers.Answers {
	a := careful("production")
	a["pick_commit"] = answers.Answer{
		Choose: "take", Item: answers.Newest, Reason: "we always deploy the newest commit of the branch",
	}
	a["plan"] = answers.Answer{
		Choose: "everything", Reason: "all of it worked on staging", Acknowledge: []string{answers.All},
	}
	return script(a)
}

// stagingAnswers take one commit and all its changes: nobody depends on staging.
func stagingAnswers() *answers.Answers {
	a := careful("staging")
	a["plan"] = answers.Answer{
		Choose: "everything", Reason: "staging may be dark for a moment", Acknowledge: []string{answers.All},
	}
	return script(a)
}

// runAuto deploys to the sandbox's production without asking anybody.
func (d *demoOptions) runAuto(ctx context.Context, cmd *cobra.Command) (err error) {
	out := cmd.OutOrStdout()
	w := &world{o: *d, say: cmd.ErrOrStderr()}
	// The result is the last line, so what is said at the end goes elsewhere.
	defer func() { err = errors.Join(err, w.close(cmd.ErrOrStderr())) }()
	if err := w.make(ctx, func(t safe.Text) { fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", t) }); err != nil {
		return err
	}
	result, err := w.watched(ctx, d.auto, out, d.json)
	if err != nil {
		return err
	}
	return result.print(out, d.json)
}

// watched brings production to the head of the branch while its name is asked for.
func (w *world) watched(ctx context.Context, way string, out io.Writer, asJSON bool) (demoResult, error) {
	prober, err := sandbox.NewProber(w.box.DNSAddr(), w.box.ProductionName(), w.o.rate)
	if err != nil {
		return demoResult{}, err
	}
	result, err := w.roll(ctx, way, out, asJSON)
	n := prober.Stop()
	result.Queries, result.Failed, result.Outage = n.Asked, n.Failed, n.Outage().Seconds()
	return result, err
}

// roll brings production to the head of the branch.
func (w *world) roll(ctx context.Context, way string, out io.Writer, asJSON bool) (demoResult, error) {
	result := demoResult{Way: way}
	a, runs := recommendedAnswers(), len(w.box.History().Candidates())
	if way == wayAllAtOnce {
		a, runs = allAtOnceAnswers(), 1
	}
	for range runs {
		if ctx.Err() != nil {
			return result, fmt.Errorf("%w: %w", engine.ErrStopped, context.Cause(ctx))
		}
		// The signal that ends ctx is heard by the run itself, which goes on to tell
		// what it does until it has stopped.
		end, err := w.deploy(context.WithoutCancel(ctx), "production", a, out, asJSON)
		if err != nil {
			return result, err
		}
		result.Changes += len(end.summary.Changes)
		result.Pin = end.summary.Pin.String()
		result.PlanEmpty = end.summary.PlanEmpty
		result.Journal = end.summary.Journal.String()
	}
	return result, nil
}

func (r demoResult) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	plan := "the plan is empty"
	if !r.PlanEmpty {
		plan = "the plan is not empty"
	}
	_, err := fmt.Fprintf(out, "%s: %s, %d queries, %d failed, outage %.1f s, pin %.7s, %s, journal %s\n",
		r.Way, count(r.Changes, "change"), r.Queries, r.Failed, r.Outage, r.Pin, plan, safe.Show(r.Journal))
	return err
}
