package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/keep"
)

func TestCommand_forcedOnlyAfterItWasAskedAndByTypedWords(t *testing.T) {
	tr := stubborn(t, runbook.EffectIrreversible)
	var console engine.Console
	tr.answers = func(c engine.Console, q engine.Question) { console = c; choose(t, yes)(c, q) }
	tr.seen = func(ev engine.Event) {
		switch ev := ev.(type) {
		case engine.OutputWritten:
			if err := console.Force(engine.Kill, engine.ForceWord(engine.Kill)); err == nil {
				t.Error("killed before it was asked to end")
			}
			console.Interrupt(engine.CancelNow)
		case engine.Warned: // it was asked, the grace is over, and it is still there
			if !strings.Contains(ev.Text.String(), "it is waited for") {
				return
			}
			if err := console.Force(engine.Kill, "kill"); err == nil {
				t.Error("killed without the words")
			}
			// One more request it does not mind.
			for _, how := range []engine.Interrupt{engine.SecondInterrupt, engine.Kill} {
				if err := console.Force(how, engine.ForceWord(how)); err != nil {
					t.Errorf("%s: %v", how, err)
				}
			}
		}
	}
	tr.run()
	outcomes, _ := tr.bodies(journal.KindOutcome)
	if len(outcomes) != 1 || outcomes[0]["facts"].(map[string]any)["signal"] != "killed" || outcomes[0]["facts"].(map[string]any)["killed"] != false {
		t.Errorf("%v", outcomes)
	}
	if _, err := os.Stat(filepath.Join(tr.folder, "went")); !os.IsNotExist(err) {
		t.Errorf("it went on: %v", err)
	}
}

func TestCommand_intentNamesTheJobThatIsKept(t *testing.T) {
	for effect, want := range map[runbook.Effect]bool{runbook.EffectRepeatable: true, runbook.EffectIrreversible: true, runbook.EffectNone: false} {
		var during keep.State
		tr := &trial{t: t, kit: Kit(Deps{}), folder: t.TempDir(), step: commandStep(effect, "sh", "-c", "echo ready; while [ ! -e go ]; do sleep 0.01; done"), answers: choose(t, yes)}
		tr.seen = func(ev engine.Event) {
			if _, ok := ev.(engine.OutputWritten); !ok {
				return
			}
			if intents, _ := tr.bodies(journal.KindIntent); len(intents) == 1 {
				folder, _ := intents[0]["facts"].(map[string]any)["kept"].(string)
				during, _ = keep.Look(folder)
			}
			if err := os.WriteFile(filepath.Join(tr.folder, "go"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
		tr.run()
		if tr.result != engine.OK || during.Kept != want || want && during.Phase != keep.Running {
			t.Errorf("%s: %v %v, %+v", effect, tr.result, tr.err, during)
		}
	}
}
