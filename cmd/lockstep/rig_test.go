package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook/journal"
	"lockstep/steps/terraform/scripted"
)

// A rig is one deployment in a folder of its own, all of whose processes can be
// killed: a repository, a scripted Terraform, a runbook of six steps, answers. All
// that happens in it can be counted.
type rig struct {
	t         *testing.T
	dir       string
	program   string // Lockstep
	tf        *scripted.Program
	terraform string // the program that is used
	run       string // id, "" as long as it is not known
	acked     int64  // seq of the last record that a screen was told of
}

// rigMain is the configuration: the second commit adds two resources.
const (
	rigFirst  = "terraform {\n  backend \"local\" {}\n}\nresource \"terraform_data\" \"base\" {\n  input = \"base\"\n}\n"
	rigSecond = rigFirst + "resource \"terraform_data\" \"one\" {\n  input = \"one\"\n}\n"
)

const rigRunbook = `lockstep: 1
title: Roll out
environments:
  production:
    repository: repo
    pin: { file: production/deployed-ref }
    paths: [infra]
    terraform:
      directory: infra
      backend: { path: "$DIR/live/terraform.tfstate" }
probes:
  works: { tcp: { address: "$ADDRESS" }, every: 10ms }
channels:
  log: { file: announced.txt }
steps:
  - pick_commit: {}
  - review_diff: {}
  - each_change:
      - plan: {}
      - apply: {}
      - verify: { probes: [works] }
  - command: { argv: ["/bin/sh", "-c", "echo flushed >> ../flushed.txt"], directory: repo, effect: irreversible }
  - record_pin: {}
  - announce: { to: [log], template: done }
`

// rigAnswers are those of an operator who wants the run to come to its end. What
// became of an effect is said by settlements of the moment.
const rigAnswers = `lockstep-answers: 1
answers:
  pick_commit: { choose: take, item: next }
  review_diff: { choose: continue, acknowledge: all }
  plan: { choose: take, acknowledge: all }
  apply: { choose: apply, typed: production, acknowledge: all }
  next_change: { choose: continue }
  verify: { choose: retry }
  command: { choose: run }
  record_pin: { choose: write }
  announce: { choose: send }
  failure: { choose: retry }
  unknown: { choose: stop }
`

// rigHome is what every rig is a copy of, made once.
var rigHome = sync.OnceValues(func() (home string, err error) {
	if home, err = os.MkdirTemp("", "lockstep-rig-"); err != nil {
		return "", err
	}
	removeRigHome = func() { _ = os.RemoveAll(home) }
	repo := filepath.Join(home, "repo")
	write := func(name, text string) error {
		path := filepath.Join(repo, name)
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
	}
	if err := write("infra/main.tf", rigFirst); err != nil {
		return "", err
	}
	if err := inGit(repo, nil, "init", "-q", "-b", "main", "--template="); err != nil {
		return "", err
	}
	commit := func(subject string) error {
		return errors.Join(inGit(repo, nil, "add", "-A"), inGit(repo, nil, "commit", "-q", "-m", subject))
	}
	if err := commit("Lay the base"); err != nil {
		return "", err
	}
	var head bytes.Buffer
	if err := inGit(repo, &head, "rev-parse", "HEAD"); err != nil {
		return "", err
	}
	if err := errors.Join(write("production/deployed-ref", head.String()), commit("Pin production")); err != nil {
		return "", err
	}
	return home, errors.Join(write("infra/main.tf", rigSecond), commit("Add one"))
})

// removeRigHome is called after all tests.
var removeRigHome = func() {}

// rigAddress is a server that every rig's probe asks.
var rigAddress = sync.OnceValues(func() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().String(), nil
})

func newRig(t *testing.T, s scripted.Script) *rig {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			t.Fatal("git is required and was not found on PATH")
		}
		t.Skip("NOT TESTED: git was not found on PATH")
	}
	home, err := rigHome()
	if err != nil {
		t.Fatal(err)
	}
	address, err := rigAddress()
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{t: t, dir: t.TempDir()}
	t.Cleanup(g.end)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g.program = filepath.Join(g.dir, "lockstep")
	for _, d := range []string{"live", "home", "tf"} {
		if err := os.Mkdir(filepath.Join(g.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	replace := strings.NewReplacer("$DIR", g.dir, "$ADDRESS", address)
	err = errors.Join(
		os.Symlink(self, g.program),
		os.CopyFS(filepath.Join(g.dir, "repo"), os.DirFS(filepath.Join(home, "repo"))),
		os.WriteFile(filepath.Join(g.dir, "lockstep.yaml"), []byte(replace.Replace(rigRunbook)), 0o600),
		g.answers(nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	if g.tf, err = scripted.Install(filepath.Join(g.dir, "tf"), s); err != nil {
		t.Fatal(err)
	}
	g.terraform = g.tf.Path
	return g
}

// answers writes the file with the answers, with one settlement for each verdict.
func (g *rig) answers(settle map[string]string) error {
	text := rigAnswers
	for verdict, answer := range settle {
		text += fmt.Sprintf("  settle.%s: %s\n", verdict, answer)
	}
	return os.WriteFile(filepath.Join(g.dir, "answers.yaml"), []byte(text), 0o600)
}

// A visit is one call of Lockstep, as far as it went.
type visit struct {
	exit   int // -1 when it was killed
	events []rigEvent
	stderr string
}

// A rigEvent is what is looked at of an event.
type rigEvent struct {
	Type  string          `json:"type"`
	Event json.RawMessage `json:"event"`
}

// start starts Lockstep. The visit is there when it has ended.
func (g *rig) start(env []string, args ...string) (wait func() visit) {
	g.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := g.command(env, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	// Nothing here takes long; what waits for ever is killed and fails.
	late := time.AfterFunc(time.Minute, func() {
		g.t.Errorf("%q does not end", args)
		g.sweep()
	})
	return func() visit {
		_ = cmd.Wait()
		late.Stop()
		v := visit{exit: cmd.ProcessState.ExitCode(), stderr: stderr.String()}
		for s := bufio.NewScanner(&stdout); s.Scan(); {
			var e rigEvent
			// The last line may be cut.
			if json.Unmarshal(s.Bytes(), &e) == nil {
				v.events = append(v.events, e)
			}
		}
		g.take(v)
		return v
	}
}

// command is a call of Lockstep.
func (g *rig) command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(g.program, args...)
	cmd.Dir = g.dir
	cmd.Env = slices.Concat([]string{
		"HOME=" + filepath.Join(g.dir, "home"), "PATH=" + os.Getenv("PATH"), "TERM=dumb", "CHECKPOINT_DISABLE=1",
	}, gitIdentity(), env)
	return cmd
}

// take learns from a visit which records were acknowledged, and the id of the run.
func (g *rig) take(v visit) {
	for _, e := range v.events {
		var body struct {
			Seq int64  `json:"seq"`
			Run string `json:"run"`
		}
		if json.Unmarshal(e.Event, &body) != nil {
			continue
		}
		switch e.Type {
		case "Recorded":
			g.acked = max(g.acked, body.Seq)
		case "RunStarted":
			g.run = body.Run
		}
	}
}

func (g *rig) common() []string {
	return []string{
		"--answers", "answers.yaml", "--json", "--state-dir", filepath.Join(g.dir, "state"), "--operator", "ana", "--terraform", g.terraform,
	}
}

// goes calls Lockstep once: to run, to go on with a run whose runner died, or to
// come back to one that goes on.
func (g *rig) goes(env ...string) visit {
	g.t.Helper()
	return g.begins(env...)()
}

// begins starts what goes does.
func (g *rig) begins(env ...string) (wait func() visit) {
	g.t.Helper()
	args := []string{"run", "lockstep.yaml"}
	// A runner that is just starting or ending is not there yet, or not any more.
	g.until("runner that listens, or none", func() bool {
		runners := g.those(runnerName)
		return len(runners) == 0 || slices.Contains(runners, g.listens())
	})
	switch known := g.lookUp(); {
	case !known:
	case len(g.those(runnerName)) > 0:
		return g.start(env, append([]string{"attach", g.run}, g.common()[:len(g.common())-2]...)...)
	default:
		args = []string{"resume", g.run}
		g.decide()
	}
	return g.start(env, append(args, g.common()...)...)
}

// listens is the id of the runner that said where it listens, or 0.
func (g *rig) listens() int {
	notes, err := filepath.Glob(filepath.Join(g.dir, "state", "*", "*", noteName))
	if err != nil || len(notes) != 1 {
		return 0
	}
	raw, err := os.ReadFile(notes[0])
	var note runnerNote
	if err != nil || json.Unmarshal(raw, &note) != nil {
		return 0
	}
	return note.PID
}

// lookUp finds the id of the run in the journal, and reports whether there is
// one. One that was given up before anything happened is none: its screen was
// killed before the runner could say that it is there.
func (g *rig) lookUp() bool {
	g.t.Helper()
	runs := journal.Runs(g.records())
	if len(runs) == 0 {
		return false
	}
	last := runs[len(runs)-1]
	g.run = last.ID
	return !last.Closed || last.Result != "stopped" || last.Effects > 0
}

// records reads the journal. The last line may have been cut by a kill.
func (g *rig) records() []journal.Record {
	g.t.Helper()
	path := g.journal()
	if path == "" {
		return nil
	}
	records, err := journal.Read(path)
	var torn *journal.TornError
	if err != nil && !errors.As(err, &torn) {
		g.t.Fatal(err)
	}
	return records
}

// closed reports whether the run has its last record.
func (g *rig) closed() bool {
	runs := journal.Runs(g.records())
	return g.lookUp() && runs[len(runs)-1].Closed
}

// decide writes the answers of an operator who has looked at what became of the
// effects: one that cannot have happened is done again, and that is recorded.
func (g *rig) decide() {
	g.t.Helper()
	again := `{ choose: again, typed: production, reason: "I looked, and it did not happen" }`
	command := `{ choose: again, typed: again, reason: "I looked, and it did not happen" }`
	if len(g.lines("flushed.txt")) > 0 {
		command = `{ choose: done, reason: "I looked, and it happened" }`
	}
	settle := map[string]string{
		"reconciled-applied":         "{ choose: done }",
		"applied-state-never-moved":  "{ choose: done }",
		"unknown-state-did-not-move": again,
		"reconciled-partial":         "{ choose: again }",
		"no-evidence":                "{ choose: look }",
		"lost":                       command,
	}
	if id := g.lockID(); id != "" {
		// Nobody else is there: it is an apply's, or that of a plan that looked for evidence.
		for _, verdict := range []string{"stranded-lock", "locked-by-other"} {
			settle[verdict] = fmt.Sprintf("{ choose: unlock, typed: %q, reason: nobody else is here }", id)
		}
	}
	if err := g.answers(settle); err != nil {
		g.t.Fatal(err)
	}
}

// lockID is the id of the lock that somebody left on the state, or "".
func (g *rig) lockID() string {
	raw, err := os.ReadFile(filepath.Join(g.dir, "live", ".terraform.tfstate.lock.info"))
	if err != nil {
		return ""
	}
	var lock struct{ ID string }
	_ = json.Unmarshal(raw, &lock)
	return lock.ID
}

// lines are those of a file in the rig, none when it is not there.
func (g *rig) lines(name string) []string {
	raw, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil || len(raw) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

// journal is the path of the journal, "" when there is none.
func (g *rig) journal() string {
	g.t.Helper()
	logs, err := filepath.Glob(filepath.Join(g.dir, "state", "*", "*", journal.FileName))
	if err != nil || len(logs) > 1 {
		g.t.Fatalf("journals %q, %v", logs, err)
	}
	if len(logs) == 0 {
		return ""
	}
	return logs[0]
}

// those are the ids of the processes of the rig that are called by a name.
func (g *rig) those(name string) []int {
	return slices.DeleteFunc(g.processes(), func(pid int) bool {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		called, _, _ := strings.Cut(string(raw), "\x00")
		return err != nil || filepath.Base(called) != name
	})
}

// processes are the ids of all that runs in the rig, but for this test.
func (g *rig) processes() (pids []int) {
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		g.t.Fatal(err)
	}
	mark := []byte("HOME=" + filepath.Join(g.dir, "home") + "\x00")
	for _, path := range all {
		if raw, err := os.ReadFile(path); err == nil && bytes.Contains(raw, mark) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func (g *rig) sweep() {
	for _, pid := range g.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// end kills what is left, so that no process outlives its test.
func (g *rig) end() {
	g.sweep()
	g.until("process that is gone", func() bool { return len(g.processes()) == 0 })
}

func (g *rig) until(what string, is func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			g.t.Errorf("there is no %s", what)
			return
		}
	}
}
