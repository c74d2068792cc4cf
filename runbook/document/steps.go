package document

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook"
)

func (w *writer) steps() {
	w.heading(2, "Steps")
	for i := range w.rb.Steps {
		w.step(&w.rb.Steps[i], 3)
	}
}

func (w *writer) step(s *runbook.Step, level int) {
	w.heading(level, s.Position+" "+prose(s.Title()))
	if s.Why != "" {
		w.line("")
		w.line("*Why:* %s", prose(s.Why))
	}
	w.line("")
	w.what(s)
	if s.Timeout > 0 {
		w.line("")
		w.line("It may take %s; time in which it waits for an answer does not count.", span(s.Timeout))
	}
	if s.OnFailure == runbook.FailureStops {
		w.line("")
		w.line("When it fails, the run stops.")
	}
	if s.Unattended {
		w.line("")
		w.line("It may start while nobody is attached to the run; its questions wait all the same.")
	}
	for i := range s.EachChange {
		w.step(&s.EachChange[i], level+1)
	}
}

// what says what a step does and how to do the same by hand.
func (w *writer) what(s *runbook.Step) {
	switch {
	case s.PickCommit != nil:
		w.pickCommit()
	case s.ReviewDiff != nil:
		w.line("Read everything that differs between the pin and the chosen commit. What cannot be shown here, such as a binary file")
		w.line("or one of more than %d bytes, has to be looked at elsewhere and acknowledged.", s.ReviewDiff.MaxFileBytes)
		w.shell("git diff $PIN COMMIT -- " + quoteAll(append(w.paths(), w.someone().Inputs...)))
	case s.Plan != nil:
		w.line("Plan in a clean checkout of the chosen commit. Of what the plan holds, take one change: a few resources that must")
		w.line("go together, and that leave every live thing in place. Everything at once is for when you can say why.")
		plan := w.binary() + " plan -out=saved.tfplan -target=ADDRESS"
		for _, f := range w.terraform().VarFiles {
			plan += " -var-file=" + quote(f)
		}
		commands := []string{"git worktree add --detach ../deploy COMMIT", "cd ../deploy/" + w.directory(), w.binary() + " init"}
		if ws := w.terraform().Workspace; ws != "" {
			commands = append(commands, w.binary()+" workspace select "+quote(ws))
		}
		w.shell(append(commands, plan, w.binary()+" show saved.tfplan")...)
	case s.Apply != nil:
		w.line("Apply exactly the plan that was shown, and nothing that was planned afterwards.")
		if len(s.Apply.Watch) > 0 {
			w.line("Meanwhile watch %s.", codes(s.Apply.Watch))
		}
		w.shell(fmt.Sprintf("%s apply -parallelism=%d saved.tfplan", w.binary(), w.terraform().Parallelism))
	case s.Verify != nil:
		w.verify(s.Verify)
	case s.Announce != nil:
		w.announce(s.Announce)
	case s.RecordPin != nil:
		w.recordPin(s.RecordPin)
	case s.Manual != nil:
		w.line("Do this, and tick off each item:")
		w.line("")
		for _, item := range s.Manual.Instructions {
			w.line("- [ ] %s", prose(item))
		}
	case s.Command != nil:
		w.command(s.Command)
	case s.Confirm != nil:
		w.line("Answer this before you go on. If the answer is no, stop.")
		w.line("")
		w.line("> %s", prose(s.Confirm.Question))
		if s.Confirm.Typed != "" {
			w.line("")
			w.line("Lockstep wants the word %s typed for a yes.", code(s.Confirm.Typed))
		}
	case s.Wait != nil:
		w.line("Wait for %s.", span(s.Wait.For))
		if len(s.Wait.Watch) > 0 {
			w.line("Meanwhile watch %s; a probe that fails is reported, and waiting goes on.", codes(s.Wait.Watch))
		}
	case s.EachChange != nil:
		w.line("Do the following steps for one change, then again for the next one, until the plan is empty. Between two changes you")
		w.line("may stop: what is applied stays, and the pin does not move.")
	}
}

func (w *writer) pickCommit() {
	w.line("List the commits of the branch that the environment does not have and that touch it, the oldest first. Take the first.")
	w.line("Taking a later one deploys all before it as well; write down why.")
	e := w.someone()
	pin := "PIN=$(git rev-parse " + quote(e.Pin.Ref) + ")"
	if e.Pin.File != "" {
		pin = "PIN=$(git show " + quote(e.Branch+":"+e.Pin.File) + ")"
	}
	w.shell("git fetch", pin, "git log --first-parent --reverse --oneline $PIN.."+quote(e.Branch)+" -- "+quoteAll(w.paths()))
	if e.After != "" {
		w.line("")
		w.line("Exactly this commit must have been verified in **%s** before.", prose(e.After))
	}
}

func (w *writer) verify(v *runbook.Verify) {
	w.line("Measure %s until all pass, for at most %s.", codes(v.Probes), span(v.Within))
	if v.For > 0 {
		w.line("They must go on passing for %s without a break.", span(v.For))
	}
	if v.Attempts > 1 {
		w.line("Each must pass %d times in a row.", v.Attempts)
	}
	w.line("How they are measured stands under Probes. If they do not pass: try again, wait longer, accept it with a reason that you")
	w.line("write down, or stop. A required probe cannot be accepted as failed.")
}

func (w *writer) announce(a *runbook.Announce) {
	w.line("Send a message to %s. Read it before it goes out; it can be changed.", codes(a.To))
	switch a.Template {
	case "start":
		w.line("It says that a deployment begins, of which commit, and where.")
	case "done":
		w.line("It says that the deployment is done and what was deployed.")
	case "stopped":
		w.line("It says that the deployment was stopped and what is applied.")
	default:
		w.line("")
		w.line("The text; words in double braces are filled in:")
		w.line("")
		for _, l := range strings.Split(strings.TrimSpace(a.Text), "\n") {
			w.line("> %s", prose(l))
		}
	}
}

func (w *writer) recordPin(p *runbook.RecordPin) {
	e := w.someone()
	w.line("Only when a full plan is empty and the last verification passed: write down that the environment is at the chosen commit.")
	if !p.Push {
		w.line("It is not pushed; somebody has to do that.")
	}
	if e.Pin.Ref != "" {
		push := "git update-ref " + quote(e.Pin.Ref) + " COMMIT $PIN"
		if p.Push {
			push = "git push --force-with-lease=" + quote(e.Pin.Ref) + ":$PIN " + quote(p.Remote) + " COMMIT:" + quote(e.Pin.Ref)
		}
		w.shell(push)
		return
	}
	commands := []string{"git switch " + quote(e.Branch), "git pull --ff-only", "echo COMMIT > " + quote(e.Pin.File), "git commit -m 'Deploy COMMIT' -- " + quote(e.Pin.File)}
	if p.Push {
		commands = append(commands, "git push "+quote(p.Remote)+" "+quote(e.Branch))
	}
	w.shell(commands...)
}

func (w *writer) command(c *runbook.Command) {
	words := map[runbook.Effect]string{
		runbook.EffectNone:       "It only reads.",
		runbook.EffectRepeatable: "Running it twice is as good as once.",
	}
	w.line("Run a program. %s", or(words[c.Effect], "What it does cannot be undone: never run it a second time without looking first."))
	if len(c.Environment) > 0 {
		w.line("It sees these environment variables and no others: %s.", codes(c.Environment))
	}
	commands := []string{quoteAll(c.Argv)}
	if c.Directory != "." {
		commands = append([]string{"cd " + quote(c.Directory)}, commands...)
	}
	w.shell(commands...)
}

// someone returns the environment that commands are written for.
func (w *writer) someone() *runbook.Environment {
	if w.env != nil {
		return w.env
	}
	for _, name := range names(w.rb.Environments) {
		return w.rb.Environments[name]
	}
	return &runbook.Environment{}
}

func (w *writer) terraform() runbook.Terraform { return w.someone().Terraform }
func (w *writer) directory() string            { return quote(w.terraform().Directory) }
func (w *writer) binary() string               { return quote(or(w.terraform().Binary, "terraform")) }

// paths returns what touches the environment, as far as the runbook says.
func (w *writer) paths() []string {
	e := w.someone()
	if len(e.Paths) == 0 {
		return []string{or(e.Terraform.Directory, ".")}
	}
	return slices.Clone(e.Paths)
}

// span writes a length of time without units that are zero: 15m, not 15m0s.
func span(d runbook.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
