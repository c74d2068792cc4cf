package verify

import (
	"fmt"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// The choices of the failure menu.
const (
	stop   = "stop"
	retry  = "retry"
	wait   = "wait"
	accept = "accept"
)

// question is the failure menu with the board as it stands.
func (v *verification) question() engine.Question {
	unmet := v.board.unmet()
	f := engine.Failure{Rows: v.board.rows(), Hint: safe.Lit("look at the probes; measuring goes on while you decide")}
	names := make([]string, len(unmet))
	for i, r := range unmet {
		names[i] = r.Probe
		f.Lines = append(f.Lines, safe.Sprintf("%s: %s, %s", r.Probe, r.Word, r.Got))
	}
	f.What = safe.Sprintf("%s did not pass within %v", strings.Join(names, ", "), v.board.within.Round(100*time.Millisecond))
	q := engine.Question{
		Kind: engine.AskVerify, Title: safe.Lit("The verification failed"), Payload: f,
		Choices: []engine.Choice{
			{
				ID: stop, Key: "s", Label: safe.Lit("stop here"), Stops: true,
				Consequence: safe.Lit("what is applied stays, the pin does not move"),
			},
			{
				ID: retry, Key: "r", Label: safe.Lit("try again now"),
				Consequence: safe.Lit("the measurements so far do not count any more"),
			},
			{
				ID: wait, Key: "w", Label: safe.Sprintf("wait %v more", v.board.window), Recommended: true,
				Consequence: safe.Lit("measuring goes on, and what passed so far counts"),
			},
			{
				ID: accept, Key: "a", Label: safe.Lit("accept as it is"), NeedsReason: true,
				Consequence: safe.Lit("the run goes on as if it had passed; the reason is recorded"),
			},
		},
	}
	if why := v.board.required(); why != "" {
		q.Choices[3].Disabled = safe.Show(why)
	}
	q.Check = func(a engine.Answer) error {
		// What was fine when the question was asked may have failed since.
		if why := v.board.required(); a.Choice == accept && why != "" {
			return fmt.Errorf("%s", why)
		}
		return nil
	}
	return q
}
