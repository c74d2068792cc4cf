package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/redact"
)

// A call is what Terraform was asked for, as its failure is told.
type call struct{ what, hint string }

var (
	initFailed = call{"terraform could not be initialised", "Read what Terraform says; when the lock file lacks a provider, run terraform init on a branch and commit the lock file."}
	// A missing workspace is not made by us: its state would be empty.
	workspaceFailed = call{"the workspace could not be selected", "Check terraform.workspace, or make the workspace with terraform workspace new."}
	planFailed      = call{"terraform could not make a plan", "Read what Terraform says, repair it on the branch, and plan again."}
	showFailed      = call{"terraform could not show the saved plan", "Plan again."}
	graphFailed     = call{"terraform could not draw the graph of the plan", "Check that the backend runs plans on this machine; remote runs give no graph."}
	stateFailed     = call{"the state could not be read", "Check the backend and its credentials."}
	pushFailed      = call{"the state could not be pushed", "Read what Terraform says; nothing was replaced unless it says so."}
	unlockFailed    = call{"the state's lock could not be released", "Read what Terraform says; the lock may be released already, or be another one by now."}
	applyFailed     = call{"terraform did not finish the apply", "What was applied stays. Repair the cause, then plan again: the new plan holds what is left."}
)

// changes reports whether the call has an effect, and did says which.
func (c call) changes() bool { return c.did() != "" }

func (c call) did() string {
	switch c {
	case applyFailed:
		return "applied"
	case pushFailed:
		return "pushed the state"
	case unlockFailed:
		return "released the lock"
	}
	return ""
}

var errProvider = errors.New("a provider crashed")

// crashed is the exit code of a Terraform that panicked.
const crashed = 11

// problem turns a failed call into an error for the operator. ctx is the one
// the caller gave, out what was printed as messages, if any.
func (r *Root) problem(ctx context.Context, c call, err error, out *output) error {
	p := &engine.Problem{Hint: c.hint}
	errs := out.errors()
	if len(errs) > 0 {
		p.Lines = describeAll(out.diagnostics, r.Net)
		// Messages are on standard output. What a provider said when it crashed is not
		// among them.
		if trace := stderrOf(err); trace != "" {
			p.Lines = append(append(p.Lines, safe.Text{}), r.Net.Lines(trace)...)
		}
	} else {
		p.Lines = r.Net.Lines(stderrOf(err))
		if out != nil {
			for _, s := range out.w.strays {
				p.Lines = append(p.Lines, r.Net.Show(s))
			}
		}
	}
	switch said, cause := r.known(p, errs); {
	case c.changes() && lost(err):
		// Whatever it said before: nobody saw how it ended.
		p.Err = fmt.Errorf("%w: terraform was killed or crashed while it %s", engine.ErrUnknown, c.did())
		p.Hint = "Look at the state and the real objects before anything else; the state may lack what was done last."
	case said:
		if p.Err = cause; c == applyFailed && errors.Is(cause, errProvider) {
			p.Hint = "Look whether what it was working on exists now although the state does not have it, before you plan again; then report the crash to the provider's maintainers."
		}
	case ctx.Err() != nil:
		p.Err = fmt.Errorf("%s: interrupted: %w", c.what, context.Cause(ctx))
	case lost(err):
		p.Err = fmt.Errorf("%s: the program crashed or was killed", c.what)
	case len(errs) > 0:
		p.Err = fmt.Errorf("%s: %s", c.what, r.Net.Show(errs[0].Summary))
	default:
		p.Err = fmt.Errorf("%s: %s", c.what, r.Net.Show(firstWords(err)))
	}
	return p
}

// known recognises failures that have a cure of their own by Terraform's words.
// Tests with the real program hold the words.
func (r *Root) known(p *engine.Problem, errs []*tfjson.Diagnostic) (bool, error) {
	text := strings.Builder{}
	for _, l := range p.Lines {
		text.WriteString(l.String() + "\n")
	}
	all := text.String()
	has := func(summary string) bool {
		for _, d := range errs {
			if strings.Contains(d.Summary, summary) {
				return true
			}
		}
		return strings.Contains(all, "Error: "+summary)
	}
	switch {
	case has("Error acquiring the state lock"):
		l := lockOf(all)
		if l == nil {
			break // the state could not even be read, and no lock is in the way
		}
		p.Hint = "Wait until the other run has ended. If nobody is running one, release the lock with: terraform force-unlock " + l.ID
		return true, l
	case has("Saved plan is stale"):
		p.Hint = "Plan again."
		return true, fmt.Errorf("%w: the state moved after the plan was made", engine.ErrStale)
	case has("Saved plan does not match the given state"):
		p.Hint = "Plan again."
		return true, fmt.Errorf("%w: the plan was made from another state", engine.ErrStale)
	case has("Moved resource instances excluded by targeting"):
		p.Hint = "Take the change that moves resources first; it is the first in the list."
		return true, errors.New("a resource has moved to another address, and Terraform refuses every other target until that is applied")
	case has("Plugin did not respond"), strings.Contains(all, "plugin crashed!"):
		p.Hint = "Report the crash to the provider's maintainers; try another version of the provider."
		return true, errProvider
	case has("Backend initialization required"), has("Inconsistent dependency lock file"):
		p.Hint = "Plan again; the folder is prepared anew."
		return true, errors.New("the folder is not initialised for this configuration any more")
	}
	return false, nil
}

// lost reports whether the program ended in a way that says nothing about its work.
func lost(err error) bool {
	var exit interface {
		error
		ExitCode() int
	}
	return errors.As(err, &exit) && (exit.ExitCode() < 0 || exit.ExitCode() == crashed)
}

// stderrOf returns what the program wrote to standard error, which
// terraform-exec appends to the error after its first line.
func stderrOf(err error) string {
	text := errorText(err)
	_, rest, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(rest)
}

// firstWords returns the first line that says what is wrong.
func firstWords(err error) string {
	text := errorText(err)
	preamble := ""
	for _, line := range strings.Split(text, "\n") {
		_, after, ok := strings.Cut(line, "Error: ")
		switch {
		case !ok:
		case strings.HasPrefix(after, "Terraform encountered problems during initialisation"):
			preamble = after // what the problems are follows
		default:
			return after
		}
	}
	if preamble != "" {
		return preamble
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// firstLine returns an error with the first line of another's words, made inert.
func firstLine(err error) error {
	line, _, _ := strings.Cut(errorText(err), "\n")
	return errors.New(safe.Show(line).String())
}

// errorText returns the words of an error. Those of terraform-exec that only say
// that the context ended panic when they are asked for their words.
func errorText(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "interrupted"
		}
	}()
	return err.Error()
}

// Warnings writes the diagnostics that are warnings, each as lines.
func Warnings(ds []*tfjson.Diagnostic, net *redact.Net) [][]safe.Text {
	var out [][]safe.Text
	for _, d := range ds {
		if d.Severity == tfjson.DiagnosticSeverityWarning {
			out = append(out, Describe(d, net))
		}
	}
	return out
}
