package command

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/keep"
)

// The test binary is also the program that does not want to end.
func TestMain(m *testing.M) {
	keep.Serve(os.Args)
	if os.Getenv("LC_LOCKSTEP_TEST_ROLE") == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
		_, _ = os.Stdout.WriteString("ready\n")
		for {
			if _, err := os.Stat("go"); err == nil {
				_ = os.WriteFile("went", nil, 0o600)
				os.Exit(0)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	os.Exit(m.Run())
}

var yes = map[engine.QuestionKind]string{engine.AskCommand: "run", engine.AskFailure: "stop"}

func commandStep(effect runbook.Effect, argv ...string) runbook.Step {
	return runbook.Step{Command: &runbook.Command{Argv: argv, Effect: effect}}
}

func TestCommand_asksFirstAndRecordsWhatItDid(t *testing.T) {
	tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep(runbook.EffectIrreversible, "sh", "-c", `printf 'one\033[2J\ntwo'; touch mark`)}
	tr.answers = func(c engine.Console, q engine.Question) {
		if _, err := os.Stat(filepath.Join(tr.folder, "mark")); !os.IsNotExist(err) {
			t.Error("it ran before it was asked")
		}
		if !strings.HasPrefix(q.Body[0].String(), "sh -c ") || !q.Choices[0].Stops || !q.Choices[1].Irreversible || !q.Choices[2].NeedsReason {
			t.Errorf("asked %+v", q)
		}
		choose(t, yes)(c, q)
	}
	tr.run()
	if _, err := os.Stat(filepath.Join(tr.folder, "mark")); err != nil || tr.result != engine.OK {
		t.Fatalf("%v %v: %v", tr.result, tr.err, err)
	}
	intents, _ := tr.bodies(journal.KindIntent)
	outcomes, blobs := tr.bodies(journal.KindOutcome)
	if len(intents) != 1 || intents[0]["facts"].(map[string]any)["argv"].([]any)[0] != "sh" {
		t.Errorf("intents %v", intents)
	}
	if len(outcomes) != 1 || outcomes[0]["facts"].(map[string]any)["exit"] != 0.0 || blobs[0] != "one\\x1b[2J\ntwo" {
		t.Errorf("outcomes %v, %q", outcomes, blobs)
	}
	var lines []string
	for _, e := range tr.events {
		if o, ok := e.Event.(engine.OutputWritten); ok {
			for _, l := range o.Lines {
				lines = append(lines, l.String())
			}
		}
	}
	if strings.Join(lines, "|") != `one\x1b[2J|two` {
		t.Errorf("told %q", lines)
	}
}

func TestCommand_doesNotRunWhenSkippedDeclinedOrRehearsed(t *testing.T) {
	for name, c := range map[string]struct {
		mode   engine.Mode
		choice string
		result engine.Result
	}{
		"skipped":   {engine.Live, "skip", engine.OK},
		"declined":  {engine.Live, "stop", engine.Declined},
		"rehearsed": {engine.Rehearsal, "run", engine.OK},
	} {
		tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), mode: c.mode, step: commandStep("", "touch", "mark")}
		tr.answers = choose(t, map[engine.QuestionKind]string{engine.AskCommand: c.choice})
		if tr.run(); tr.result != c.result {
			t.Errorf("%s: %v %v", name, tr.result, tr.err)
		}
		if _, err := os.Stat(filepath.Join(tr.folder, "mark")); !os.IsNotExist(err) {
			t.Errorf("%s: it ran", name)
		}
		if intents, _ := tr.bodies(journal.KindIntent); len(intents) != 0 {
			t.Errorf("%s: an effect was announced", name)
		}
	}
}

func TestCommand_thatOnlyReadsRunsUnaskedAndInARehearsal(t *testing.T) {
	tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), mode: engine.Rehearsal, step: commandStep(runbook.EffectNone, "echo", "$HOME; ls")}
	tr.run()
	if _, blobs := tr.bodies(journal.KindEvidence); tr.result != engine.OK || len(blobs) != 1 || blobs[0] != "$HOME; ls" {
		t.Errorf("%v %v: %q", tr.result, tr.err, blobs)
	}
}

func TestCommand_failureShowsWhatItPrintedAndMayBeAccepted(t *testing.T) {
	for effect, argv := range map[runbook.Effect][]string{
		runbook.EffectNone:       {"sh", "-c", "echo broken; exit 3"},
		runbook.EffectRepeatable: {"sh", "-c", "echo broken; exit 3"},
	} {
		tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep(effect, argv...), answers: choose(t, yes)}
		tr.run()
		var p *engine.Problem
		if !errors.As(tr.err, &p) || !p.Acceptable || !strings.HasSuffix(tr.err.Error(), "exit 3") || len(p.Lines) != 1 || p.Lines[0].String() != "broken" {
			t.Errorf("%s: %v %+v", effect, tr.err, p)
		}
	}
	tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep("", "no-such-program-here"), answers: choose(t, yes)}
	tr.run()
	outcomes, _ := tr.bodies(journal.KindOutcome)
	if tr.result != engine.Failed || len(outcomes) != 1 || outcomes[0]["result"] != "failed" || !strings.Contains(tr.err.Error(), `no program "no-such-program-here"`) {
		t.Errorf("%v %v: %v", tr.result, tr.err, outcomes)
	}
}

func TestCommand_folderStaysBelowTheRunbook(t *testing.T) {
	for _, dir := range []string{"..", "/", "link", "missing", "file"} {
		tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep(runbook.EffectNone, "touch", "mark"), answers: choose(t, yes)}
		outside := t.TempDir()
		if err := errors.Join(os.Symlink(outside, filepath.Join(tr.folder, "link")), os.WriteFile(filepath.Join(tr.folder, "file"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		tr.step.Command.Directory = dir
		if tr.run(); tr.result != engine.Failed {
			t.Errorf("%s: %v", dir, tr.result)
		}
		if _, err := os.Stat(filepath.Join(outside, "mark")); !os.IsNotExist(err) {
			t.Errorf("%s: it ran outside", dir)
		}
	}
	tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep(runbook.EffectNone, "touch", "mark")}
	tr.step.Command.Directory = "sub"
	if err := os.Mkdir(filepath.Join(tr.folder, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	tr.run()
	if _, err := os.Stat(filepath.Join(tr.folder, "sub", "mark")); err != nil {
		t.Error(err)
	}
}

func TestCommand_valuesOfAllowedVariablesAreNotShown(t *testing.T) {
	d := Deps{Environ: func() []string {
		return []string{"PATH=" + os.Getenv("PATH"), "DEPLOY_TOKEN=canary-5e1f", "AWS_KEY=other-canary"}
	}}
	tr := &trial{t: t, kit: Kit(d), folder: t.TempDir(), step: commandStep("", "env"), answers: choose(t, yes)}
	tr.step.Command.Environment = []string{"DEPLOY_*"}
	tr.run()
	_, blobs := tr.bodies(journal.KindOutcome)
	if len(blobs) != 1 || !strings.Contains(blobs[0], "DEPLOY_TOKEN=‹DEPLOY_TOKEN›") || strings.Contains(blobs[0], "canary") || strings.Contains(blobs[0], "AWS_KEY") {
		t.Errorf("printed %q", blobs)
	}
}

// stubborn is a step that ignores the request to end.
func stubborn(t *testing.T, effect runbook.Effect) *trial {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := Deps{Grace: time.Millisecond, Environ: func() []string { return append(os.Environ(), "LC_LOCKSTEP_TEST_ROLE=stubborn") }}
	tr := &trial{t: t, kit: Kit(d), folder: t.TempDir(), step: commandStep(effect, self)}
	return tr
}

func TestCommand_irreversibleProgramIsNeverKilled(t *testing.T) {
	tr := stubborn(t, runbook.EffectIrreversible)
	tr.answers = choose(t, yes)
	ready := make(chan struct{})
	tr.cancel = func(stop func()) { <-ready; stop() }
	tr.seen = func(e engine.Event) {
		switch ev := e.(type) {
		case engine.OutputWritten:
			if ev.Lines[0].String() == "ready" {
				close(ready)
			}
		case engine.Warned: // it was asked, the grace is over, and it is still there
			if strings.Contains(ev.Text.String(), "it is waited for") {
				_ = os.WriteFile(filepath.Join(tr.folder, "go"), nil, 0o600)
			}
		}
	}
	tr.run()
	outcomes, _ := tr.bodies(journal.KindOutcome)
	if _, err := os.Stat(filepath.Join(tr.folder, "went")); err != nil || len(outcomes) != 1 || outcomes[0]["facts"].(map[string]any)["killed"] != false {
		t.Errorf("%v: %v", err, outcomes)
	}
	if tr.result != engine.Stopped {
		t.Errorf("%v %v", tr.result, tr.err)
	}
}

func TestCommand_repeatableProgramIsKilledAfterItsGrace(t *testing.T) {
	tr := stubborn(t, runbook.EffectRepeatable)
	tr.answers = choose(t, yes)
	ready := make(chan struct{})
	tr.cancel = func(stop func()) { <-ready; stop() }
	tr.seen = func(e engine.Event) {
		if o, ok := e.(engine.OutputWritten); ok && o.Lines[0].String() == "ready" {
			close(ready)
		}
	}
	tr.run()
	if outcomes, _ := tr.bodies(journal.KindOutcome); len(outcomes) != 1 || outcomes[0]["facts"].(map[string]any)["killed"] != true {
		t.Errorf("%v", outcomes)
	}
}
