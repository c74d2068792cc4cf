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
	"lockstep/runbooks/sandbox/history"
	"lockstep/steps/terraform"
)

// The ways of demo --auto.
const (
	wayRecommended = "recommended"
	wayAllAtOnce   = "all-at-once"
)

// A demoResult is the last line of demo --auto.
type demoResult struct {
	Way      string `json:"way"`
	Queries  int    `json:"queries"`
	Answered int    `json:"answered"`
	Failed   int    `json:"failed"`
	Missed   int    `json:"missed"` // slots in which nothing could be asked
	// Outage is the sum of the spans from a failing query to the next good one, and
	// Predicted that of the windows that were forecast before each apply.
	Outage    float64 `json:"outage_seconds"`
	Predicted float64 `json:"predicted_seconds"`
	Open      int     `json:"predicted_without_end"` // applies whose forecast knew no end
	Changes   int     `json:"changes"`               // applies
	Cures     int     `json:"cures"`                 // ways round an outage that were taken
	Pin       string  `json:"pin"`
	PlanEmpty bool    `json:"plan_empty"`
	Journal   string  `json:"journal"`
}

// careful answers the questions that every way answers alike.
func careful(env string) map[string]answers.Answer {
	return map[string]answers.Answer{
		"pick_commit": {Choose: "take", Item: answers.Next},
		"review_diff": {Choose: "continue", Acknowledge: []string{answers.All}},
		"announce":    {Choose: "send"},
		"plan":        {Choose: "recommended", Acknowledge: []string{answers.All}},
		"cure":        {Choose: "recommended"},
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

// repairedAnswers take the commit that mends an earlier one together with it.
func repairedAnswers() *answers.Answers {
	a := careful("production")
	a["pick_commit"] = answers.Answer{
		Choose: "take", Item: answers.Newest, Reason: "the newest commit keeps the name alive; the one it mends must not go alone",
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
	result.Queries, result.Answered, result.Failed, result.Missed = n.Asked, n.Answered, n.Failed, n.Missed
	result.Outage = n.Outage().Seconds()
	return result, err
}

// roll brings production to the head of the branch.
func (w *world) roll(ctx context.Context, way string, out io.Writer, asJSON bool) (demoResult, error) {
	result := demoResult{Way: way}
	candidates := w.box.History().Candidates()
	newest := candidates[len(candidates)-1].Hash
	a := recommendedAnswers()
	if way == wayAllAtOnce {
		a = allAtOnceAnswers()
	}
	for result.Pin != newest {
		if ctx.Err() != nil {
			return result, fmt.Errorf("%w: %w", engine.ErrStopped, context.Cause(ctx))
		}
		// The signal that ends ctx is heard by the run itself, which goes on to tell
		// what it does until it has stopped.
		end, err := w.deploy(context.WithoutCancel(ctx), "production", a, out, asJSON)
		if err != nil {
			mended := ""
			if end.result == engine.Declined && way == wayRecommended {
				var merr error
				if mended, merr = w.mend(ctx); merr != nil {
					return result, errors.Join(err, merr)
				}
			}
			if mended == "" {
				return result, err
			}
			result.Cures++
			newest, a = mended, repairedAnswers()
		}
		result.add(end.summary)
	}
	return result, nil
}

// mend does what a person does who was shown a way round an outage and had a
// branch made of it: merge the branch, and take it to staging first. It returns
// the commit, or "" when no branch was made.
func (w *world) mend(ctx context.Context) (string, error) {
	commit, err := history.Adopt(w.box.RepoDir(), terraform.CureBranches)
	if err != nil || commit == "" {
		return "", err
	}
	fmt.Fprintf(w.say, "the branch with the cure is merged as %.7s; staging takes it first\n", commit)
	if _, err := w.deploy(ctx, "staging", stagingAnswers(), io.Discard, false); err != nil {
		return "", fmt.Errorf("bring staging to %s: %w", commit, err)
	}
	return commit, nil
}

// add counts what a run did.
func (r *demoResult) add(s engine.Summary) {
	r.Changes += len(s.Changes)
	for _, c := range s.Changes {
		r.Predicted += c.Dark.Typical.Seconds()
		if c.Dark.Open {
			r.Open++
		}
	}
	r.Pin, r.PlanEmpty, r.Journal = s.Pin.String(), s.PlanEmpty, s.Journal.String()
}

func (r demoResult) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	plan := "the plan is empty"
	if !r.PlanEmpty {
		plan = "the plan is not empty"
	}
	forecast := fmt.Sprintf("forecast %.1f s", r.Predicted)
	if r.Open > 0 {
		forecast += fmt.Sprintf(", and no end in %s", count(r.Open, "change"))
	}
	_, err := fmt.Fprintf(out, "%s: %s, %d queries, %d answered, %d failed, %d slots missed, outage %.1f s (%s), pin %.7s, %s, journal %s\n",
		r.Way, count(r.Changes, "change"), r.Queries, r.Answered, r.Failed, r.Missed, r.Outage, forecast, r.Pin, plan, safe.Show(r.Journal))
	return err
}
