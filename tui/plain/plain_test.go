package plain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

var epoch = time.Date(2026, 11, 22, 9, 15, 2, 0, time.UTC)

// A play is a run that goes on when its question is answered.
type play struct {
	t          *testing.T
	mu         sync.Mutex
	events     chan engine.Envelope
	questions  []engine.Question
	seq        int64
	answers    []engine.Answer
	interrupts []engine.Interrupt
	refuse     string // the first answer is refused with this
}

func newPlay(t *testing.T, questions ...engine.Question) *play {
	p := &play{t: t, events: make(chan engine.Envelope, 1000), questions: questions}
	p.tell(engine.RunStarted{
		Run: "7f3a", Title: safe.Show("Roll out"), Environment: safe.Show("production"), Mode: engine.Live,
		Steps:  []engine.StepOutline{{ID: "pick", Position: "1", Kind: runbook.KindPickCommit}},
		Probes: []engine.ProbeOutline{{Name: "static", Kind: "dns", Every: time.Second}},
	})
	p.tell(engine.StepStarted{ID: "pick", Attempt: 1})
	p.next()
	return p
}

func (p *play) tell(e engine.Event) {
	p.seq++
	name, _ := strings.CutPrefix(fmt.Sprintf("%T", e), "engine.")
	p.events <- engine.Envelope{Seq: p.seq, Time: epoch, Step: "pick", Type: name, Event: e}
}

// next asks the next question, or ends the run.
func (p *play) next() {
	if len(p.questions) == 0 {
		p.tell(engine.RunFinished{Result: engine.OK, Summary: engine.Summary{Sentence: safe.Lit("all went well"), Records: 5}})
		close(p.events)
		return
	}
	q := p.questions[0]
	p.questions = p.questions[1:]
	q.ID = fmt.Sprintf("q%d", p.seq)
	p.tell(engine.QuestionAsked{Question: q})
}

func (p *play) Subscribe() (<-chan engine.Envelope, func()) { return p.events, func() {} }

func (p *play) Answer(a engine.Answer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != "" {
		why := p.refuse
		p.refuse = ""
		return &engine.RefusedError{Why: why}
	}
	p.answers = append(p.answers, a)
	p.tell(engine.QuestionAnswered{Answer: a})
	p.next()
	return nil
}

func (p *play) Fetch(_ context.Context, r engine.Request) (engine.Part, error) {
	switch r.What {
	case "file":
		var d engine.FileDiff
		h := engine.Hunk{NewStart: 1, NewLines: 100}
		for i := range 100 {
			h.Lines = append(h.Lines, engine.DiffLine{Op: '+', Text: safe.Sprintf("line %d", i+1)})
		}
		d.Hunks = []engine.Hunk{h}
		return d, nil
	case "commit":
		return engine.CommitDetail{Message: safe.Lines("the whole message")}, nil
	}
	return nil, errors.New("no such part")
}

func (p *play) Force(engine.Interrupt, string) error { return nil }

func (p *play) Interrupt(how engine.Interrupt) {
	p.interrupts = append(p.interrupts, how)
	p.tell(engine.RunFinished{Result: engine.Stopped})
	close(p.events)
}

// tellAll runs the play with the given input and returns what was said.
func tellAll(t *testing.T, p *play, input ...string) string {
	t.Helper()
	var out bytes.Buffer
	in := strings.NewReader(strings.Join(input, "\n"))
	if err := Run(context.Background(), p, in, &out, Options{Now: func() time.Time { return epoch }}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String()
}

func says(t *testing.T, out string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("it does not say %q:\n%s", w, out)
		}
	}
}

func ch(id, key string) engine.Choice {
	return engine.Choice{ID: id, Key: key, Label: safe.Show(id)}
}

func stopChoice() engine.Choice {
	c := ch("stop", "s")
	c.Stops = true
	return c
}

func pick() engine.Question {
	take := ch("take", "t")
	take.NeedsItem = true
	return engine.Question{Kind: engine.AskCommit, Title: safe.Lit("Which commit?"), Digest: "d", Choices: []engine.Choice{stopChoice(), take}, Payload: engine.Candidates{
		Environment: safe.Show("production"), Branch: safe.Show("main"), Ahead: 3,
		Items: []engine.Candidate{
			{Hash: "aaaa", Short: "aa", Subject: safe.Show("first"), Recommended: true},
			{Hash: "bbbb", Short: "bb", Subject: safe.Show("second"), Takes: 2, Reason: safe.Lit("it takes 2 commits at once")},
			{Hash: "cccc", Short: "cc", Subject: safe.Show("third"), Disabled: safe.Lit("not verified in staging")},
		},
	}}
}

func TestRun_picksACommitWithAReason(t *testing.T) {
	p := newPlay(t, pick())
	out := tellAll(t, p, "show 1", "take", "3", "take", "2", "tested together")
	says(t, out, "LIVE. Roll out, environment production", "the whole message", "cannot be taken: not verified in staging", "it takes 2 commits at once", "all went well")
	if len(p.answers) != 1 || p.answers[0].Item != "bbbb" || p.answers[0].Reason != "tested together" || p.answers[0].Digest != "d" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_aLineBreakChoosesNothing(t *testing.T) {
	p := newPlay(t, pick())
	out := tellAll(t, p, "", "", "nonsense", "stop")
	says(t, out, "Nothing was chosen.", "There is no choice")
	if len(p.answers) != 1 || p.answers[0].Choice != "stop" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_wantsTheWord(t *testing.T) {
	yes := ch("apply", "a")
	yes.Irreversible, yes.Typed = true, "apply"
	p := newPlay(t, engine.Question{Kind: engine.AskConfirm, Title: safe.Lit("Apply?"), Choices: []engine.Choice{stopChoice(), yes}})
	out := tellAll(t, p, "a", "yes", "a", "", "2", "apply")
	says(t, out, "Nothing was done: that was not the word apply.")
	if len(p.answers) != 1 || p.answers[0].Typed != "apply" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_wantsAWordForWhateverCannotBeUndone(t *testing.T) {
	yes := ch("write", "w")
	yes.Irreversible = true
	p := newPlay(t, engine.Question{Kind: engine.AskPin, Title: safe.Lit("Write?"), Choices: []engine.Choice{stopChoice(), yes}, Payload: engine.PinReview{}})
	tellAll(t, p, "w", "w", "w", "yes")
	if len(p.answers) != 1 || p.answers[0].Choice != "write" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_wantsEveryFileAndHazardRead(t *testing.T) {
	q := engine.Question{
		Kind: engine.AskReview, Title: safe.Lit("Read it"), Choices: []engine.Choice{ch("continue", "c"), stopChoice()},
		Payload: engine.Review{
			Files: []engine.ReviewFile{{Path: safe.Show("a.tf")}, {Path: safe.Show("b.bin"), Unreviewable: safe.Lit("binary")}}, Hazards: []safe.Text{safe.Lit("re-creates the certificate")},
		},
	}
	p := newPlay(t, q)
	out := tellAll(t, p, "c", "show 1", "c", "more", "more", "show 2", "c", "ack 1", "c")
	says(t, out, "file 1 was not shown to its end", "added:   line 100", "File 1 was shown to its end.", "b.bin cannot be shown: binary", "hazard 1 is not acknowledged")
	if len(p.answers) != 1 {
		t.Fatalf("answers %+v", p.answers)
	}
	if got := strings.Join(p.answers[0].Acknowledge, ","); got != "file a.tf,file b.bin,hazard 1" {
		t.Errorf("acknowledged %s", got)
	}
}

func TestRun_sendsAnEditedAnnouncement(t *testing.T) {
	p := newPlay(t, engine.Question{
		Kind: engine.AskAnnounce, Title: safe.Lit("Send?"), Choices: []engine.Choice{ch("send", "y"), stopChoice()},
		Payload: engine.Message{Text: "old", Muted: safe.Lit("not sent in a rehearsal"), Channels: []engine.MessageChannel{{Name: "ops", Kind: "slack"}}},
	})
	out := tellAll(t, p, "edit", "new text", "second line", ".", "send")
	says(t, out, "Nothing will be sent: not sent in a rehearsal.", "| old")
	if len(p.answers) != 1 || p.answers[0].Text != "new text\nsecond line" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_ticksAChecklist(t *testing.T) {
	p := newPlay(t, engine.Question{Kind: engine.AskManual, Title: safe.Lit("By hand"), Choices: []engine.Choice{ch("done", "d"), stopChoice()}, Payload: engine.Checklist{Items: safe.Lines("one\ntwo")}})
	out := tellAll(t, p, "tick 1", "done", "tick 7", "tick 2", "done")
	says(t, out, "item 2 is not acknowledged", "nothing of that number")
	if got := strings.Join(p.answers[0].Acknowledge, ","); got != "item 1,item 2" {
		t.Errorf("acknowledged %s", got)
	}
}

func TestRun_keepsAQuestionOpenWhoseAnswerWasRefused(t *testing.T) {
	p := newPlay(t, pick())
	p.refuse = "the branch moved"
	out := tellAll(t, p, "take", "1", "take", "1")
	says(t, out, "The answer was refused: the branch moved.")
	if len(p.answers) != 1 {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_stopsAtTheEndOfTheInput(t *testing.T) {
	p := newPlay(t, pick())
	out := tellAll(t, p)
	says(t, out, "The input has ended: stopping.")
	if len(p.answers) != 1 || p.answers[0].Choice != "stop" {
		t.Errorf("answers %+v", p.answers)
	}
}

func TestRun_interruptsWhenNoChoiceStops(t *testing.T) {
	p := newPlay(t, engine.Question{Title: safe.Lit("Well?"), Choices: []engine.Choice{ch("on", "o")}})
	tellAll(t, p, "")
	if len(p.answers) != 0 || len(p.interrupts) != 1 {
		t.Errorf("answers %+v, interrupts %v", p.answers, p.interrupts)
	}
}

func TestRun_tellsAProbeWhenItChanges(t *testing.T) {
	p := newPlay(t, pick())
	pass := engine.ProbeMeasured{Probe: "static", Outcome: engine.Pass, Word: safe.Lit("ok")}
	fail := engine.ProbeMeasured{Probe: "static", Outcome: engine.Fail, Word: safe.Lit("NXDOMAIN"), Got: safe.Show("no\x1b[2J such name")}
	for range 10 {
		p.tell(pass)
	}
	for range 10 {
		p.tell(fail)
	}
	out := tellAll(t, p, "stop")
	for _, words := range []string{"probe static passes", "probe static FAILS: NXDOMAIN"} {
		if n := strings.Count(out, words); n != 1 {
			t.Errorf("told %d times: %s", n, words)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("an escape byte was written")
	}
}

func TestRun_saysWhenTheRunIsLost(t *testing.T) {
	p := &play{t: t, events: make(chan engine.Envelope)}
	close(p.events)
	if err := Run(context.Background(), p, strings.NewReader(""), io.Discard, Options{}); !errors.Is(err, ErrLost) {
		t.Errorf("error %v", err)
	}
}

func TestJSON_writesOneEnvelopeALine(t *testing.T) {
	p := newPlay(t)
	var out bytes.Buffer
	if err := JSON(context.Background(), p, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, l := range lines {
		var e struct {
			Seq  int64
			Type string
		}
		if err := json.Unmarshal([]byte(l), &e); err != nil || e.Seq != int64(i+1) || e.Type == "" {
			t.Errorf("line %d: %v: %s", i+1, err, l)
		}
	}
}

// The fake console keeps the promise of the real one.
var _ engine.Console = (*play)(nil)
