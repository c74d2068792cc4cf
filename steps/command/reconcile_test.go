package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
	"lockstep/steps/command/process"
	"lockstep/steps/keep"
)

// A listener is an operator that is only told things.
type listener struct {
	engine.Operator
	folder string
	heard  func(string)
	all    []string
}

func (l *listener) Run() engine.Run { return engine.Run{Folder: l.folder} }

func (l *listener) Tell(ev engine.Event) {
	var words []safe.Text
	switch ev := ev.(type) {
	case engine.Warned:
		words = []safe.Text{ev.Text}
	case engine.OutputWritten:
		words = ev.Lines
	}
	for _, w := range words {
		l.all = append(l.all, w.String())
		if l.heard != nil {
			l.heard(w.String())
		}
	}
}

// left is a step and what a process left of it that died after its intent.
func left(t *testing.T, environ []string, c runbook.Command) (*step, engine.Unsettled, *listener) {
	t.Helper()
	build := Kit(Deps{Environ: func() []string { return append(os.Environ(), environ...) }})[runbook.KindCommand]
	s, err := build(runbook.Step{ID: "s", Command: &c})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kept, err := keep.Folder(t.TempDir(), "command")
	if err != nil {
		t.Fatal(err)
	}
	if err := keep.Make(kept); err != nil {
		t.Fatal(err)
	}
	u := engine.Unsettled{Seq: 3, Step: "s", Attempt: 1, Effect: c.Effect, Facts: map[string]any{"kept": kept, "dir": dir}}
	return s.(*step), u, &listener{folder: dir}
}

// start begins the program as the process did that died. It returns how it ended.
func start(t *testing.T, s *step, u engine.Unsettled, l *listener) <-chan process.Ending {
	t.Helper()
	ended := make(chan process.Ending, 1)
	kept := u.Facts["kept"].(string)
	spec := s.process(&listener{folder: l.folder}, u.Facts["dir"].(string))
	go func() {
		e, err := process.Keep(context.WithoutCancel(t.Context()), kept, spec)
		if err != nil {
			t.Error(err)
		}
		ended <- e
	}()
	for until := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		if st, err := keep.Peek(kept); err != nil || st.PID != 0 {
			return ended
		}
		if time.Now().After(until) {
			t.Fatal("it does not start")
		}
	}
}

func reconcile(t *testing.T, s *step, u engine.Unsettled, l *listener) engine.Finding {
	t.Helper()
	f, err := s.Reconcile(t.Context(), l, u)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReconcile_programThatGoesOnIsWaitedFor(t *testing.T) {
	s, u, l := left(t, nil, runbook.Command{Argv: []string{"sh", "-c", "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two"}})
	ended := start(t, s, u, l)
	ctx, leave := context.WithCancelCause(t.Context())
	l.heard = func(string) { leave(engine.ErrStopped) }
	if _, err := s.Reconcile(ctx, l, u); !errors.Is(err, engine.ErrStopped) {
		t.Fatal(err)
	}
	l.all = nil
	l.heard = func(line string) {
		if line == "one" {
			if err := os.WriteFile(filepath.Join(l.folder, "go"), nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	f := reconcile(t, s, u, l)
	<-ended
	if f.Verdict != "recovered-rc" || !f.Sure || f.Then != engine.ThenDone || f.Ending.Result != "" || string(f.Ending.Blobs[0].Data) != "one\ntwo" {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(strings.Join(l.all, "\n"), "goes on without the process") {
		t.Errorf("told %q", l.all)
	}
}

func TestReconcile_programThatFailedIsAskedAboutAgain(t *testing.T) {
	s, u, l := left(t, nil, runbook.Command{Argv: []string{"sh", "-c", "exit 3"}})
	<-start(t, s, u, l)
	f := reconcile(t, s, u, l)
	if !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Failed || f.Ending.Facts["exit"] != 3 || len(l.all) != 1 || !strings.Contains(l.all[0], "exit 3") {
		t.Errorf("%+v %q", f, l.all)
	}
}

func TestReconcile_programThatNeverRan(t *testing.T) {
	s, u, l := left(t, nil, runbook.Command{Argv: []string{"true"}})
	f := reconcile(t, s, u, l)
	if f.Verdict != "not-started" || !f.Sure || f.Then != engine.ThenAgain || f.Ending.Result != engine.Stopped {
		t.Errorf("%+v", f)
	}
}

func TestReconcile_programThatIsLost(t *testing.T) {
	for _, effect := range []runbook.Effect{runbook.EffectIrreversible, runbook.EffectRepeatable} {
		s, u, l := left(t, nil, runbook.Command{Argv: []string{"true"}, Effect: effect})
		if err := os.RemoveAll(u.Facts["kept"].(string)); err != nil {
			t.Fatal(err)
		}
		f := reconcile(t, s, u, l)
		if f.Verdict != "lost" || f.Sure != (effect == runbook.EffectRepeatable) {
			t.Errorf("%s: %+v", effect, f)
		}
		if f.Sure {
			if f.Then != engine.ThenAgain || f.Ending.Result != engine.ResultRepeat {
				t.Errorf("%+v", f)
			}
			continue
		}
		stop, done, again := f.Choices[0], f.Choices[1], f.Choices[2]
		if !stop.Choice.Stops || stop.Then != engine.ThenStop || done.Then != engine.ThenDone || !done.Choice.NeedsReason ||
			again.Then != engine.ThenAgain || again.Choice.Typed != "again" || !again.Choice.NeedsReason || !again.Choice.Irreversible {
			t.Errorf("choices %+v", f.Choices)
		}
	}
}

func TestReconcile_outputThatCannotBeCleanedIsWithheld(t *testing.T) {
	const secret = "c4n4ry-of-a-command"
	c := runbook.Command{Argv: []string{"sh", "-c", "echo $TOKEN"}, Environment: []string{"TOKEN"}}
	s, u, l := left(t, []string{"TOKEN=" + secret}, c)
	u.Facts["environment"] = []any{"TOKEN"}
	<-start(t, s, u, l)
	f := reconcile(t, s, u, l)
	if string(f.Ending.Blobs[0].Data) != "‹TOKEN›" {
		t.Errorf("%+v", f.Ending)
	}
	blind, _, _ := left(t, nil, c)
	f = reconcile(t, blind, u, l)
	if len(f.Ending.Blobs) != 0 || f.Ending.Facts["output_withheld"] == nil || f.Then != engine.ThenDone || strings.Contains(strings.Join(l.all, "\n"), secret) {
		t.Errorf("%+v %q", f, l.all)
	}
}

func TestReconcile_recordedOutcomeCounts(t *testing.T) {
	s, u, l := left(t, nil, runbook.Command{Argv: []string{"true"}})
	for result, then := range map[string]engine.Then{"ok": engine.ThenDone, "failed": engine.ThenAgain} {
		u.Outcome = &journal.OutcomeBody{Result: result}
		if f := reconcile(t, s, u, l); !f.Sure || f.Then != then {
			t.Errorf("%s: %+v", result, f)
		}
	}
}

// mortal is a journal whose process dies before an outcome is in it.
type mortal struct{ *journal.Journal }

func (m mortal) Append(d journal.Draft) (journal.Record, error) {
	if d.Kind == journal.KindOutcome {
		m.Journal.Close()
		return journal.Record{}, errors.New("the process died")
	}
	return m.Journal.Append(d)
}

// TestResume_programRunsOnce lets a process die between the end of a program and
// the record of it, and another one go on.
func TestResume_programRunsOnce(t *testing.T) {
	dir, folder, work := t.TempDir(), t.TempDir(), t.TempDir()
	st := commandStep(runbook.EffectIrreversible, "sh", "-c", "echo ran >> mark")
	st.ID, st.Position = "s", "1"
	run := func(dies bool) (engine.Result, error) {
		j, err := journal.Open(dir, journal.Options{Log: "lockstep/test"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.Close() }()
		cfg := engine.Config{
			Run: "r1", Mode: engine.Live, Environment: "e", Kit: Kit(Deps{}), Journal: j, Folder: folder, WorkDir: filepath.Join(work, "r1"),
			Runbook: &runbook.Runbook{Environments: map[string]*runbook.Environment{"e": {Name: "e"}}, Steps: []runbook.Step{st}},
		}
		if dies {
			cfg.Journal = mortal{j}
		} else {
			records, err := journal.Read(j.Path())
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Past, err = engine.ReadPast(records, "r1", func(ref journal.BlobRef) ([]byte, error) { return journal.ReadBlob(dir, ref) }); err != nil {
				t.Fatal(err)
			}
		}
		e, err := engine.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		events, unsubscribe := e.Subscribe()
		defer unsubscribe()
		go func() {
			for ev := range events {
				if q, ok := ev.Event.(engine.QuestionAsked); ok {
					_ = e.Answer(engine.Answer{Question: q.Question.ID, Choice: map[bool]string{true: "run", false: "stop"}[q.Question.Kind == engine.AskCommand]})
				}
			}
		}()
		return e.Run(t.Context())
	}
	if result, err := run(true); result != engine.Unknown {
		t.Fatalf("%v %v", result, err)
	}
	if result, err := run(false); result != engine.OK || err != nil {
		t.Errorf("resumed: %v %v", result, err)
	}
	if mark, err := os.ReadFile(filepath.Join(folder, "mark")); err != nil || string(mark) != "ran\n" {
		t.Errorf("it ran: %q %v", mark, err)
	}
}

// What cannot be seen may run still, and is not run beside itself.
func TestReconcile_programThatCannotBeSeenIsNotRepeated(t *testing.T) {
	s, u, l := left(t, nil, runbook.Command{Argv: []string{"true"}, Effect: runbook.EffectRepeatable})
	if err := os.Chmod(u.Facts["kept"].(string), 0o755); err != nil {
		t.Fatal(err)
	}
	f := reconcile(t, s, u, l)
	if f.Sure || f.Verdict != "unseen" || len(f.Choices) != 4 || f.Choices[0].Then != engine.ThenStop {
		t.Errorf("%+v", f)
	}
}
