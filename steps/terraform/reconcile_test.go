package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/keep"
)

// A death is an apply whose process died, and what the next process knows of it.
type death struct {
	p      *project
	before *operator // of the process that died
	u      engine.Unsettled
}

// die plans a commit in one go and dies right after the intent of the apply.
func (p *project) die(commit string) *death {
	p.t.Helper()
	o := p.operator(engine.Live)
	o.facts.Commit = &engine.Candidate{Hash: commit}
	o.facts.Head = commit
	o.take[engine.AskChange] = func(q engine.Question) engine.Answer {
		if len(q.Choices) == 2 {
			return recommended(q)
		}
		return engine.Answer{Choice: everything, Reason: "a test"}
	}
	return p.dieAs(o)
}

// dieAs is die with an operator of its own.
func (p *project) dieAs(o *operator) *death {
	p.t.Helper()
	o.dies = true
	tool := New(p.deps())
	o.mustStep(tool, runbook.KindPlan)
	died := make(chan struct{})
	go func() {
		defer close(died)
		_, err := o.step(p.t.Context(), tool, runbook.KindApply)
		p.t.Errorf("it did not die: %v\n%s", err, linesOf(err))
	}()
	<-died
	if len(o.intents) != 1 {
		p.t.FailNow()
	}
	return &death{p: p, before: o, u: unsettled(p.t, o.intents[0])}
}

// unsettled is an intent as the next process reads it in the journal.
func unsettled(t *testing.T, i engine.Intent) engine.Unsettled {
	t.Helper()
	raw, err := json.Marshal(i.Facts)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	u := engine.Unsettled{Seq: 7, Step: "apply", Attempt: 1, Effect: i.Effect, What: i.What, At: time.Now().UTC().Add(-time.Second), Actor: journal.Actor{Name: "ana", Host: host}}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&u.Facts); err != nil {
		t.Fatal(err)
	}
	return u
}

func (d *death) kept() string { return d.u.Facts["kept"].(string) }

// start lets the apply run, as terraform-exec starts it, and kills who stands
// between, as the end of the process that wanted it does.
func (d *death) start() {
	d.p.t.Helper()
	var args []string
	for _, a := range d.u.Facts["argv"].([]any)[1:] {
		args = append(args, a.(string))
	}
	data := filepath.Join(d.before.run.WorkDir, "terraform", "checkout-1", "data")
	cmd := exec.Command(filepath.Join(d.kept(), "terraform"), args...)
	cmd.Dir = d.u.Facts["directory"].(string)
	cmd.Env = append(slices.Clone(d.p.environ), "TF_DATA_DIR="+data, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	if err := cmd.Start(); err != nil {
		d.p.t.Fatal(err)
	}
	await(d.p.t, filepath.Join(d.kept(), "program"))
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		d.p.t.Error(err)
	}
	_ = cmd.Wait()
	d.p.t.Cleanup(func() {
		// Terraform first; its provisioners end with their file.
		_ = keep.SignalGroup(d.kept(), syscall.SIGKILL)
	})
}

// wait waits until the apply has ended.
func (d *death) wait() keep.State {
	d.p.t.Helper()
	st, err := keep.Follow(d.p.t.Context(), d.kept(), io.Discard, io.Discard)
	if err != nil {
		d.p.t.Fatal(err)
	}
	return st
}

// killAt kills Terraform with SIGKILL as soon as a file is there, and waits.
func (d *death) killAt(path string) {
	d.p.t.Helper()
	await(d.p.t, path)
	if err := keep.Signal(d.kept(), syscall.SIGKILL); err != nil {
		d.p.t.Fatal(err)
	}
	d.wait()
}

func await(t *testing.T, path string) {
	t.Helper()
	for until := time.Now().Add(time.Minute); !exists(path); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s does not appear", path)
		}
	}
}

// next is the operator of the process that comes after.
func (d *death) next() (*operator, *applyStep) {
	o := d.p.operator(engine.Live)
	o.run.WorkDir = d.before.run.WorkDir
	o.facts.Commit, o.facts.Head = d.before.facts.Commit, d.before.facts.Head
	o.facts.PlanEmpty, o.facts.Verified = true, true
	return o, &applyStep{tool: New(d.p.deps())}
}

// reconcile looks at what is left in the next process.
func (d *death) reconcile() (engine.Finding, *operator, *applyStep) {
	d.p.t.Helper()
	o, a := d.next()
	return d.again(o, a), o, a
}

func (d *death) again(o *operator, a *applyStep) engine.Finding {
	d.p.t.Helper()
	f, err := a.Reconcile(d.p.t.Context(), o, d.u)
	if err != nil {
		d.p.t.Fatalf("%v\n%s", err, linesOf(err))
	}
	o.keep(f.Lines)
	o.keep(f.Facts)
	o.keep(f.Ending.Facts)
	if !f.Sure && (len(f.Choices) < 2 || !f.Choices[0].Choice.Stops || f.Choices[0].Then != engine.ThenStop) {
		d.p.t.Errorf("the first choice of %s is not the safe one: %+v", f.Verdict, f.Choices)
	}
	return f
}

// expect checks a verdict and its evidence.
func expect(t *testing.T, f engine.Finding, verdict string, words ...string) {
	t.Helper()
	var all strings.Builder
	all.WriteString(f.Found.String() + "\n")
	for _, l := range f.Lines {
		all.WriteString(l.String() + "\n")
	}
	if f.Verdict != verdict {
		t.Fatalf("verdict %q, want %q\n%s", f.Verdict, verdict, all.String())
	}
	for _, w := range words {
		if !strings.Contains(all.String(), w) {
			t.Errorf("%s: the evidence lacks %q:\n%s", verdict, w, all.String())
		}
	}
}

func ids(f engine.Finding) string {
	var out []string
	for _, c := range f.Choices {
		id := c.Choice.ID
		if !c.Choice.Disabled.IsEmpty() {
			id += "(disabled)"
		}
		out = append(out, id)
	}
	return strings.Join(out, " ")
}

func choiceOf(t *testing.T, f engine.Finding, id string) engine.Settling {
	t.Helper()
	for _, c := range f.Choices {
		if c.Choice.ID == id {
			return c
		}
	}
	t.Fatalf("%s: there is no choice %q in %s", f.Verdict, id, ids(f))
	return engine.Settling{}
}

// waiting is the rest of a resource whose provisioner does its effect and waits
// for leave to end, or for the end of the test.
const waiting = `
  provisioner "local-exec" {
    command = "echo effect >> \"$LOG.NAME\"; while [ ! -e \"$LOG.go\" -a -e \"$LOG.NAME\" ]; do sleep 0.02; done"
  }
}
`

func slow(name, rest string) string {
	return "\nresource \"terraform_data\" \"" + name + "\" {\n" + rest + strings.ReplaceAll(waiting, "NAME", name)
}

// slowProject has a first commit that is applied and a second one whose
// provisioners wait.
func slowProject(t *testing.T, second string) (*project, string) {
	p := newProject(t, "resource \"terraform_data\" \"base\" {}\n")
	log := filepath.Join(p.dir, "log")
	p.environ = append(p.environ, "LOG="+log)
	p.env.Terraform.Environment = []string{"LOG"}
	p.apply("c1")
	p.commit("c2", "resource \"terraform_data\" \"base\" {}\n"+second)
	return p, log
}

func TestReconcile_nothingRanWhenTheProcessDiedBeforeTerraform(t *testing.T) {
	t.Parallel()
	p, _ := slowProject(t, slow("a", ""))
	d := p.die("c2")
	for _, fact := range []string{"state", "state_copy", "lineage", "serial", "commit", "argv", "identity", "title"} {
		if v, ok := d.u.Facts[fact]; !ok || v == "" {
			t.Errorf("the intent lacks %s", fact)
		}
	}
	copied, err := os.ReadFile(d.u.Facts["state_copy"].(string))
	if err != nil || digestOf(string(copied)) != d.u.Facts["state"] || !strings.Contains(string(copied), `"serial": 1`) {
		t.Errorf("the copy of the state: %v %.200s", err, copied)
	}
	f, o, _ := d.reconcile()
	expect(t, f, "not-started", "nothing was applied")
	if !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Stopped || len(o.intents) != 0 {
		t.Errorf("%+v", f)
	}
	f.Learn(&o.facts)
	if len(o.facts.Applied) != 0 || !o.facts.Verified {
		t.Errorf("facts %+v", o.facts)
	}
	// Nor is it a change for a process that finds this recorded.
	raw, err := json.Marshal(f.Ending.Facts)
	if err != nil {
		t.Fatal(err)
	}
	later := d.u
	later.Outcome = &journal.OutcomeBody{Result: string(f.Ending.Result)}
	if err := json.Unmarshal(raw, &later.Outcome.Facts); err != nil || recorded(later).Learn != nil {
		t.Errorf("recorded as %s it counts as a change: %v", raw, err)
	}
	// The step can begin anew beside what is left of the one before.
	await(t, d.kept())
	writeFile(t, filepath.Join(p.dir, "log.go"), "")
	o.rounds(New(p.deps()))
	if got := p.resources(); !slices.Equal(got, []string{"a", "base"}) {
		t.Errorf("state %q", got)
	}
}

func TestReconcile_waitsForAnApplyThatGoesOn(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", ""))
	d := p.die("c2")
	d.start()
	await(t, log+".a")
	// Whoever leaves again does not touch it.
	o, a := d.next()
	ctx, leave := context.WithCancelCause(t.Context())
	o.onEvent = func(ev engine.Event) {
		if w, ok := ev.(engine.Warned); ok && strings.Contains(w.Text.String(), "goes on without") {
			leave(engine.ErrStopped)
		}
	}
	if _, err := a.Reconcile(ctx, o, d.u); !errors.Is(err, engine.ErrStopped) {
		t.Fatalf("got %v", err)
	}
	if st, err := keep.Look(d.kept()); err != nil || st.Phase != keep.Running {
		t.Fatalf("%+v %v", st, err)
	}
	o, a = d.next()
	o.onEvent = func(ev engine.Event) {
		if out, ok := ev.(engine.OutputWritten); ok && strings.Contains(out.Lines[0].String(), "terraform_data.a, create: started") {
			writeFile(t, log+".go", "")
		}
	}
	f := d.again(o, a)
	expect(t, f, "recovered-rc", "exit code 0", "serial 1 → ")
	if !f.Sure || f.Then != engine.ThenDone || f.Ending.Result != engine.OK || f.Ending.Facts["recovered"] != true || f.Ending.Facts["serial"].(int64) < 2 {
		t.Errorf("%+v", f)
	}
	if b := f.Ending.Blobs[0]; b.Name != "apply.jsonl" || !strings.Contains(string(b.Data), "apply_complete") {
		t.Errorf("log %s", b.Data)
	}
	items := f.Ending.Facts["items"].([]map[string]any)
	if len(items) != 1 || items[0]["state"] != string(engine.Done) || items[0]["took_ms"] == nil {
		t.Errorf("items %v", items)
	}
	f.Learn(&o.facts)
	if done := o.facts.Applied; len(done) != 1 || done[0].Result != engine.OK || done[0].Title.IsEmpty() || done[0].ID != d.u.Facts["identity"] || done[0].Counts["create"] != 1 {
		t.Errorf("applied %+v", done)
	}
	if o.facts.PlanEmpty || o.facts.Verified || effects(t, log+".a") != 1 {
		t.Errorf("facts %+v, %d effects", o.facts, effects(t, log+".a"))
	}
}

func effects(t *testing.T, path string) int {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(raw), "effect")
}

func TestReconcile_failureWithAnExitCode(t *testing.T) {
	t.Parallel()
	p, _ := slowProject(t, "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\n")
	d := p.die("c2")
	d.start()
	if st := d.wait(); st.Exit != 1 {
		t.Fatalf("%+v", st)
	}
	f, o, _ := d.reconcile()
	expect(t, f, "recovered-rc", "exit code 1", "local-exec provisioner error")
	if !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Failed || f.Ending.Facts["exit"] != 1 {
		t.Errorf("%+v", f)
	}
	f.Learn(&o.facts)
	if len(o.facts.Applied) != 1 || o.facts.Applied[0].Result != engine.Failed || o.facts.Verified {
		t.Errorf("facts %+v", o.facts)
	}
}
