package terraform

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook/engine"
)

// remoteProject is slowProject with its state in a hub.
func remoteProject(t *testing.T, second string) (*project, *stateHub, string) {
	p := newProject(t, "")
	hub := newStateHub(t)
	const base = "resource \"terraform_data\" \"base\" {}\n"
	const backend = "terraform {\n  backend \"http\" {}\n}\n"
	log := filepath.Join(p.dir, "log")
	p.environ = append(p.environ, "LOG="+log)
	p.env.Terraform.Environment = []string{"LOG"}
	p.env.Terraform.Backend = hub.settings()
	p.commits["c1"] = map[string]string{"main.tf": backend + base}
	p.commits["c2"] = map[string]string{"main.tf": backend + base + second}
	p.apply("c1")
	return p, hub, log
}

func TestReconcile_strandedLock(t *testing.T) {
	t.Parallel()
	p, hub, log := remoteProject(t, slow("a", ""))
	d := p.die("c2")
	d.start()
	d.killAt(log + ".a")
	id := hub.held()
	if id == "" {
		t.Fatal("the lock is not held")
	}
	f, o, a := d.reconcile()
	expect(t, f, "stranded-lock", id, "ago", "at work when its process went", "serial 1 as before")
	free := choiceOf(t, f, "unlock")
	if f.Sure || ids(f) != "stop look unlock" || free.Choice.Typed != id || !free.Choice.Irreversible || free.Then != engine.ThenLook {
		t.Errorf("%s %+v", ids(f), free.Choice)
	}
	if err := free.Do(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, linesOf(err))
	}
	if hub.held() != "" || len(o.intents) != 1 || o.intents[0].Facts["lock"] != id || o.intents[0].Facts["call"] != "force-unlock" {
		t.Errorf("lock %q, intents %+v", hub.held(), o.intents)
	}
	expect(t, d.again(o, a), "unknown-state-did-not-move", "1 create: terraform_data.a")
	f, err := a.Reconcile(t.Context(), o, unsettled(t, o.intents[0]))
	if err != nil || !f.Sure || f.Ending.Result != engine.OK {
		t.Errorf("%+v %v", f, err)
	}
}

func TestReconcile_lockOfSomebodyElse(t *testing.T) {
	t.Parallel()
	p, hub, _ := remoteProject(t, "\nresource \"terraform_data\" \"a\" {}\n")
	d := p.die("c2")
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	theirs := []byte(`{"ID":"11111111-2222-3333-4444-555555555555","Operation":"OperationTypeApply","Who":"bob@elsewhere","Version":"1.11.4","Created":"2026-11-22T18:20:04.12Z","Path":""}`)
	hub.change(func() { hub.lock = theirs })
	f, o, a := d.reconcile()
	expect(t, f, "locked-by-other", "11111111-2222-3333-4444-555555555555", "does not say by whom", "somebody else who is at work")
	free := choiceOf(t, f, "unlock")
	if !free.Choice.NeedsReason || free.Choice.Typed != "11111111-2222-3333-4444-555555555555" || !strings.Contains(free.Choice.Consequence.String(), "Ask them first") {
		t.Errorf("%+v", free.Choice)
	}
	// They end their work.
	hub.change(func() { hub.lock = nil })
	expect(t, d.again(o, a), "unknown-state-did-not-move")
	if len(o.intents) != 0 {
		t.Errorf("%d effects", len(o.intents))
	}
}

func TestReconcile_stateThatCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	p, hub, _ := remoteProject(t, "\nresource \"terraform_data\" \"a\" {}\n")
	d := p.die("c2")
	hub.change(func() { hub.full = true })
	d.start()
	if st := d.wait(); st.Exit != 1 {
		t.Fatalf("%+v", st)
	}
	f, o, a := d.reconcile()
	expect(t, f, "errored-state", "exit code 1", "serial 1 as before", "a state that could not be saved is in "+filepath.Join(p.dir, "rescued"), "holds secrets")
	push := choiceOf(t, f, "push")
	if f.Sure || ids(f) != "stop push look again" || push.Choice.Typed != "production" || push.Then != engine.ThenLook || !choiceOf(t, f, "again").Choice.NeedsReason {
		t.Errorf("%s %+v", ids(f), push.Choice)
	}
	// It fails as long as the backend takes nothing, and the question comes back.
	if err := push.Do(t.Context(), o); err == nil {
		t.Error("pushed to a backend that takes nothing")
	}
	expect(t, d.again(o, a), "errored-state")
	// The lock can be left, too, and has to go first.
	hub.change(func() { hub.lock = []byte(`{"ID":"1111-2222"}`) })
	f = d.again(o, a)
	expect(t, f, "stranded-lock", "1111-2222", "a state that could not be saved is in")
	if err := choiceOf(t, f, "unlock").Do(t.Context(), o); err != nil || hub.held() != "" {
		t.Fatalf("%v\n%s", err, linesOf(err))
	}
	hub.change(func() { hub.full = false })
	// The next process finds the same file, wherever the checkout is then.
	if err := os.RemoveAll(d.u.Facts["directory"].(string)); err != nil {
		t.Fatal(err)
	}
	f, o, a = d.reconcile()
	if err := choiceOf(t, f, "push").Do(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, linesOf(err))
	}
	hub.change(func() {
		if !bytes.Contains(hub.state, []byte(`"name": "a"`)) {
			t.Errorf("state %s", hub.state)
		}
	})
	f = d.again(o, a)
	expect(t, f, "recovered-rc", "exit code 1", "the state that is there holds all of it")
	if !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Failed {
		t.Errorf("%+v", f)
	}
	if all, err := filepath.Glob(filepath.Join(p.dir, "rescued", "*")); err != nil || len(all) != 1 {
		t.Errorf("rescued %q %v", all, err)
	}
}

func TestReconcile_whenNothingCanBeSeen(t *testing.T) {
	t.Parallel()
	p, hub, _ := remoteProject(t, "\nresource \"terraform_data\" \"a\" {}\n")
	d := p.die("c2")
	if err := os.RemoveAll(d.kept()); err != nil {
		t.Fatal(err)
	}
	hub.Close()
	f, _, _ := d.reconcile()
	expect(t, f, "no-evidence", "nothing can be looked at")
	if f.Sure || ids(f) != "stop look" {
		t.Error(ids(f))
	}
}
