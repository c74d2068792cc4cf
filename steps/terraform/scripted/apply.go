package scripted

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// hugeLine is how long the one event of HugeLine is.
const hugeLine = 64 << 20

// errHalted says that an interrupt ended the apply.
var errHalted = errors.New("execution halted")

// An applying is one apply under way.
type applying struct {
	*call
	plan  savedPlan
	state *state

	interrupted chan struct{} // closed when the apply is to stop
	interrupts  int
}

func (c *call) apply() int {
	a := &applying{call: c, interrupted: make(chan struct{})}
	stop := a.listen()
	defer stop()
	if c.script.Scenario == Escapes {
		fmt.Println(Dirt + "a line that is no message" + Dirt)
		fmt.Fprintln(os.Stderr, Dirt+"words on standard error "+secret()+Dirt)
	}
	c.sayVersion()
	release, held, err := c.lock("OperationTypeApply")
	switch {
	case held != nil:
		c.diagnose("Error acquiring the state lock", held.detail(), "")
		return 1
	case err != nil:
		c.diagnose(err.Error(), "", "")
		return 1
	}
	defer release()
	if a.state, err = c.readState(); err != nil {
		c.diagnose("Failed to load state", err.Error(), "")
		return 1
	}
	var from *state
	if a.plan, from, err = readPlan(c.args[0]); err != nil {
		c.diagnose(err.Error(), "", "")
		return 1
	}
	if from.Lineage != a.state.Lineage || from.Serial != a.state.Serial || c.script.Scenario == StalePlan {
		c.diagnose("Saved plan is stale", "The given plan file can no longer be applied because the state was changed by another operation after the plan was created.", "")
		return 1
	}
	c.sayPlanned(a.plan.Changes)
	if err := a.walk(); err != nil {
		if !errors.Is(err, errHalted) {
			a.diagnose(err.Error(), "as the script says, with "+secret(), a.plan.Changes[0].Address)
		}
		a.diagnose("execution halted", "", "")
		return 1
	}
	return a.finish()
}

// SecretName is a variable of the environment whose value the program tells
// whenever it can, as careless providers do.
const SecretName = "SCRIPTED_SECRET"

func secret() string { return os.Getenv(SecretName) }

// listen logs signals. The first interrupt stops the apply, the second ends the
// process, and the others do what they always do.
func (a *applying) listen() (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range signals {
			_ = a.log(signalsFile, fmt.Sprintf("%s apply %s", time.Now().UTC().Format(time.RFC3339Nano), s))
			if s == syscall.SIGHUP {
				signal.Reset(syscall.SIGHUP)
				_ = syscall.Kill(os.Getpid(), syscall.SIGHUP)
				continue
			}
			a.interrupts++
			switch {
			case a.interrupts > 1:
				a.say("info", "log", "Two interrupts received. Exiting immediately. Note that data loss may have occurred.", nil)
				os.Exit(1)
			case a.script.Scenario != IgnoresInterrupt:
				a.say("info", "log", "\nInterrupt received.\nPlease wait for Terraform to exit or data loss may occur.\nGracefully shutting down...\n", nil)
				a.say("info", "log", "Stopping operation...", nil)
				close(a.interrupted)
			}
		}
	}()
	return func() { signal.Stop(signals) }
}

// order is how the changes come one after the other.
func (a *applying) order() []change {
	var deletes, others []change
	for _, c := range a.plan.Changes {
		switch c.Action {
		case "delete":
			deletes = append(deletes, c)
		case "no-op":
		default:
			others = append(others, c)
		}
	}
	before := func(x, y change) int {
		switch {
		case slices.Contains(y.After, x.Address):
			return -1
		case slices.Contains(x.After, y.Address):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(others, before)
	slices.SortStableFunc(deletes, func(x, y change) int { return before(y, x) })
	return append(deletes, others...)
}

func (a *applying) walk() error {
	for i, c := range a.order() {
		select {
		case <-a.interrupted:
			return errHalted
		default:
		}
		actions := []string{c.Action}
		if c.Action == "replace" {
			actions = []string{"delete", "create"}
		}
		for _, action := range actions {
			if err := a.one(c, action, i == 0); err != nil {
				return err
			}
		}
		if i == 0 && a.script.Scenario == FailAfterState {
			return errors.New("the second change failed")
		}
	}
	return nil
}

// one changes one resource.
func (a *applying) one(c change, action string, first bool) error {
	id := ""
	if c.Was != nil && action != "create" {
		id = c.Was.Attributes.ID
	}
	a.say("info", "apply_start", a.dirty(withID(c.Address+": "+gerunds[action], id)), a.hook(c.Address, action, id, nil))
	if a.script.Scenario != ExitsWellUnchanged {
		if err := a.log(effectsFile, fmt.Sprintf("%s %s %s %s", a.plan.ID, c.Address, action, c.Input)); err != nil {
			return err
		}
	}
	if first {
		if err := a.trouble(c, action); err != nil {
			a.say("info", "apply_errored", a.dirty(fmt.Sprintf("%s: %s errored after 0s", c.Address, nouns[action])), a.hook(c.Address, action, "", fields{"elapsed_seconds": 0}))
			return err
		}
	}
	switch action {
	case "delete":
		a.state.drop(c.Address)
	default:
		a.put(c, "")
		id = a.state.find(c.Address).Attributes.ID
	}
	if err := a.keep(); err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s complete after 0s", c.Address, nouns[action])
	if action == "delete" {
		id = ""
	}
	a.say("info", "apply_complete", a.dirty(withID(text, id)), a.hook(c.Address, action, id, fields{"elapsed_seconds": 0}))
	return nil
}

// keep saves the state, unless the scenario is one in which it is lost.
func (a *applying) keep() error {
	switch a.script.Scenario {
	case StateDump, ExitsWellUnchanged:
		return nil
	}
	return a.save(a.state)
}

// put brings an object into the state.
func (a *applying) put(c change, status string) {
	i := a.state.put(c.Address)
	if i.Attributes.ID == "" || c.Action == "replace" {
		i.Attributes.ID = newID()
	}
	i.Status, i.Dependencies = status, c.After
	i.Attributes.Input, i.Attributes.Output = &value{c.Input, "string"}, &value{c.Input, "string"}
}

// trouble does what is special about a scenario, once, after the first change
// happened and before the state knows.
func (a *applying) trouble(c change, action string) error {
	switch s := a.script.Scenario; {
	case s.waits():
		return a.wait(c, action)
	case s == FailBeforeState:
		return errors.New("the change failed before the state was written")
	case s == HugeLine:
		a.provision(c, strings.Repeat("x", hugeLine))
	case s == Escapes:
		a.provision(c, "output "+secret()+Dirt)
	case s == InvalidEvent:
		fmt.Print("{\"@level\":\"info\",\"@message\":\"cut sho\n{\"type\":17}\n[]\nnull\n\x00\xff\xfe\n{\"type\":\"apply_complete\",\"hook\":\"none\"}\n{}\n\n")
	case s == ChildOutlives:
		return a.leaveOrphan()
	}
	return nil
}

func (a *applying) provision(c change, text string) {
	a.say("info", "provision_progress", text, a.hook(c.Address, "", "", fields{"provisioner": a.dirty("local-exec"), "output": text}))
}

// wait blocks until the test says go, or the apply is stopped.
func (a *applying) wait(c change, action string) error {
	a.say("info", "apply_progress", fmt.Sprintf("%s: Still %s [10s elapsed]", c.Address, strings.ToLower(gerunds[action])), a.hook(c.Address, action, "", fields{"elapsed_seconds": 10}))
	if err := os.WriteFile(a.path(waitingFile), nil, 0o600); err != nil {
		return err
	}
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		if _, err := os.Stat(a.path(goFile)); err == nil {
			break
		}
		select {
		case <-tick.C:
		case <-a.interrupted:
			if action == "create" || action == "update" {
				a.put(c, "tainted")
			}
			if err := a.save(a.state); err != nil {
				return err
			}
			return errHalted
		}
	}
	if a.script.Scenario == DiesOnBrokenPipe {
		for range 1000 {
			a.provision(c, "still at it")
		}
	}
	return nil
}

// finish ends an apply that did all it should.
func (a *applying) finish() int {
	if a.plan.Limited {
		a.warn("Applied changes may be incomplete", "The plan was created with the -target option in effect, so some changes requested in the configuration may have been ignored.")
	}
	switch a.script.Scenario {
	case StateDump:
		a.state.Serial++
		a.state.Lineage = newID()
		a.diagnose("Failed to persist state", "no space left on device", "")
		a.say("info", "log", "Emergency state dump", fields{"state": json.RawMessage(a.state.encode())})
		return 1
	case ExitsBadlyApplied:
		return 1
	}
	add, update, remove := counts(a.plan.Changes)
	a.say("info", "change_summary", a.dirty(fmt.Sprintf("Apply complete! Resources: %d added, %d changed, %d destroyed.", add, update, remove)), fields{
		"changes": fields{"add": add, "change": update, "import": 0, "remove": remove, "operation": "apply"},
	})
	a.say("info", "outputs", "Outputs: 0", fields{"outputs": fields{}})
	return 0
}
