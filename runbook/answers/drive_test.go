package answers

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// console asks the questions it was given, each after the answer to the one
// before, and ends its events after the last.
type console struct {
	t         *testing.T
	questions []engine.Question
	refuse    func(engine.Answer) error
	endless   bool // ask the last question again and again

	events      chan engine.Envelope
	answers     []engine.Answer
	interrupted engine.Interrupt
	cancelled   bool
}

func (c *console) Subscribe() (<-chan engine.Envelope, func()) {
	c.events = make(chan engine.Envelope, 8)
	c.events <- engine.Envelope{Event: engine.RunStarted{}}
	c.ask()
	return c.events, func() { c.cancelled = true }
}

func (c *console) ask() {
	if len(c.questions) == 0 {
		c.events <- engine.Envelope{Event: engine.RunFinished{}}
		close(c.events)
		return
	}
	c.questions[0].ID = fmt.Sprintf("q%d", len(c.answers)+1)
	c.events <- engine.Envelope{Event: engine.QuestionAsked{Question: c.questions[0]}}
}

func (c *console) Answer(a engine.Answer) error {
	if a.Question != c.questions[0].ID {
		c.t.Errorf("answer to %q while %q is open", a.Question, c.questions[0].ID)
	}
	if c.refuse != nil {
		if err := c.refuse(a); err != nil {
			if errors.Is(err, engine.ErrAnswered) {
				c.questions = c.questions[1:]
				c.ask()
			}
			return err
		}
	}
	c.answers = append(c.answers, a)
	if !c.endless {
		c.questions = c.questions[1:]
	}
	c.ask()
	return nil
}

func (c *console) Fetch(context.Context, engine.Request) (engine.Part, error) {
	c.t.Error("a script needs no part of a payload")
	return nil, errors.New("nothing here")
}

func (c *console) Interrupt(how engine.Interrupt) { c.interrupted = how }

func (c *console) Force(engine.Interrupt, string) error { return nil }

func script(t *testing.T, lines ...string) *Answers {
	t.Helper()
	a, err := Parse("a", []byte("lockstep-answers: 1\nanswers:\n  "+strings.Join(lines, "\n  ")))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var commits = engine.Candidates{Items: []engine.Candidate{
	{Hash: "aaaa1111", Short: "aaaa", Disabled: safe.Lit("reverted by cccc")},
	{Hash: "bbbb2222", Short: "bbbb", Recommended: true},
	{Hash: "cccc3333", Short: "cccc", Reason: safe.Lit("takes 2")},
	{Hash: "cccc4444", Short: "cccc", Reason: safe.Lit("takes 3")},
	{Hash: "dddd5555", Short: "dddd", Disabled: safe.Lit("not verified")},
}}

var takeOrStop = []engine.Choice{{ID: "stop", Stops: true}, {ID: "take", Tags: []string{"recommended"}, NeedsItem: true}}

func TestDrive_answers(t *testing.T) {
	review := engine.Review{
		Files:   []engine.ReviewFile{{Path: safe.Lit("a.tf")}, {Path: safe.Lit("b.bin"), Unreviewable: safe.Lit("binary")}},
		Hazards: []safe.Text{safe.Lit("x"), safe.Lit("y")},
	}
	planned := engine.PlanReview{
		Changes: []plan.Change{{ID: "c1"}, {ID: "c2"}},
		Hazards: []plan.Hazard{{Code: "dark", Accept: true}, {Code: "note"}, {Code: "dark", Accept: true}, {Code: "data", Accept: true}, {Code: "dark", Address: safe.Lit("a.b"), Accept: true}},
	}
	cures := engine.CureReview{Cures: []forecast.Cure{{ID: "k1"}, {ID: "k2"}}}
	apply := []engine.Choice{{ID: "no", Stops: true}, {ID: "apply", Typed: "production", Irreversible: true}}
	for _, tt := range []struct {
		name, line string
		q          engine.Question
		want       engine.Answer
	}{
		{"next commit", "pick_commit: {choose: take, item: next}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits, Digest: "d"}, engine.Answer{Choice: "take", Item: "bbbb2222", Digest: "d"}},
		{"next commit by default", "pick_commit: {choose: recommended}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, engine.Answer{Choice: "take", Item: "bbbb2222"}},
		{"newest commit", "pick_commit: {choose: take, item: newest, reason: drill}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, engine.Answer{Choice: "take", Item: "cccc4444", Reason: "drill"}},
		{"commit by prefix", "pick_commit: {choose: take, item: CCCC3, reason: r}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, engine.Answer{Choice: "take", Item: "cccc3333", Reason: "r"}},
		{"stop needs nothing", "pick_commit: {choose: stop}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: engine.Candidates{}}, engine.Answer{Choice: "stop"}},
		{"whole review", "review_diff: {choose: continue, acknowledge: all}", engine.Question{Kind: engine.AskReview, Choices: []engine.Choice{{ID: "continue"}}, Payload: review}, engine.Answer{Choice: "continue", Acknowledge: []string{"file a.tf", "file b.bin", "hazard 1", "hazard 2"}}},
		{"named only", "review_diff: {choose: continue, acknowledge: [file a.tf, hazard 2]}", engine.Question{Kind: engine.AskReview, Choices: []engine.Choice{{ID: "continue"}}, Payload: review}, engine.Answer{Choice: "continue", Acknowledge: []string{"file a.tf", "hazard 2"}}},
		{"first change", "plan: {choose: take, acknowledge: all}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "c1", Acknowledge: []string{"dark", "data", "dark a.b"}}},
		{"hazards by code", "plan: {choose: take, acknowledge: [dark, note]}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "c1", Acknowledge: []string{"dark", "dark a.b", "note"}}},
		{"hazard by key", "plan: {choose: take, acknowledge: dark a.b}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "c1", Acknowledge: []string{"dark a.b"}}},
		{"changes together", "plan: {choose: take, item: c1+c2}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "c1+c2"}},
		{"a part of a change", "plan: {choose: take, item: \"only:0,2\"}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "only:0,2"}},
		{"best cure", "cure: {choose: take}", engine.Question{Kind: engine.AskCure, Choices: takeOrStop, Payload: cures}, engine.Answer{Choice: "take", Item: "k1"}},
		{"named cure", "cure: {choose: take, item: k2}", engine.Question{Kind: engine.AskCure, Choices: takeOrStop, Payload: cures}, engine.Answer{Choice: "take", Item: "k2"}},
		{"change by id", "plan: {choose: take, item: c2}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: planned}, engine.Answer{Choice: "take", Item: "c2"}},
		{"typed word", "apply: {choose: apply, typed: production}", engine.Question{Kind: engine.AskApply, Choices: apply, Digest: "sha"}, engine.Answer{Choice: "apply", Typed: "production", Digest: "sha"}},
		{"offered text", "announce: {choose: send}", engine.Question{Kind: engine.AskAnnounce, Choices: []engine.Choice{{ID: "send"}}, Payload: engine.Message{Text: "two\nlines"}}, engine.Answer{Choice: "send", Text: "two\nlines"}},
		{"own text", "announce: {choose: send, text: own}", engine.Question{Kind: engine.AskAnnounce, Choices: []engine.Choice{{ID: "send"}}, Payload: engine.Message{Text: "x"}}, engine.Answer{Choice: "send", Text: "own"}},
		{"checklist", "manual: {choose: done, acknowledge: all}", engine.Question{Kind: engine.AskManual, Choices: []engine.Choice{{ID: "done"}}, Payload: engine.Checklist{Items: make([]safe.Text, 2)}}, engine.Answer{Choice: "done", Acknowledge: []string{"item 1", "item 2"}}},
		{"enabled tag first", "verify: {choose: go}", engine.Question{Kind: engine.AskVerify, Choices: []engine.Choice{{ID: "a", Tags: []string{"go"}, Disabled: safe.Lit("x")}, {ID: "b", Tags: []string{"go"}}}}, engine.Answer{Choice: "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &console{t: t, questions: []engine.Question{tt.q}}
			if err := script(t, tt.line).Drive(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			tt.want.Question = "q1"
			if len(c.answers) != 1 || !reflect.DeepEqual(c.answers[0], tt.want) {
				t.Errorf("answered %+v\nwant     %+v", c.answers, tt.want)
			}
			if c.interrupted != "" || !c.cancelled {
				t.Errorf("interrupted %q, subscription ended: %t", c.interrupted, c.cancelled)
			}
		})
	}
}

func TestDrive_interruptsWhenThereIsNoAnswer(t *testing.T) {
	typed := []engine.Choice{{ID: "no"}, {ID: "apply", Typed: "production"}}
	for _, tt := range []struct {
		name, line string
		q          engine.Question
		want       string
	}{
		{"nothing scripted", "plan: {choose: take}", engine.Question{Kind: engine.AskApply, Step: "s", Title: safe.Lit("Apply it?"), Choices: typed}, `no answer to the question "apply" of step "s" (Apply it?): the script has none; offered: no, apply`},
		{"no such choice", "apply: {choose: aply}", engine.Question{Kind: engine.AskApply, Choices: typed}, `"aply" is not one of the choices; offered: no, apply`},
		{"disabled", "apply: {choose: go}", engine.Question{Kind: engine.AskApply, Choices: []engine.Choice{{ID: "apply", Tags: []string{"go"}, Disabled: safe.Lit("not read")}}}, `"go" cannot be chosen: not read; offered: apply or go (not now: not read)`},
		{"word not typed", "apply: {choose: apply}", engine.Question{Kind: engine.AskApply, Choices: typed}, `"apply" needs the word "production" typed`},
		{"other word typed", "apply: {choose: apply, typed: staging}", engine.Question{Kind: engine.AskApply, Choices: typed}, `"apply" needs the word "production" typed`},
		{"no reason", "apply: {choose: apply}", engine.Question{Kind: engine.AskApply, Choices: []engine.Choice{{ID: "apply", NeedsReason: true}}}, `"apply" needs a reason`},
		{"no reason for a commit", "pick_commit: {choose: take, item: newest}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, `"take" needs a reason`},
		{"no candidate", "pick_commit: {choose: take}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: engine.Candidates{}}, "no candidate is recommended"},
		{"no newest", "pick_commit: {choose: take, item: newest}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: engine.Candidates{}}, `there is no candidate "newest"`},
		{"two candidates", "pick_commit: {choose: take, item: cccc}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, `2 candidates begin with "cccc"`},
		{"short prefix", "pick_commit: {choose: take, item: bbb}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, `there is no candidate "bbb"`},
		{"disabled candidate", "pick_commit: {choose: take, item: aaaa}", engine.Question{Kind: engine.AskCommit, Choices: takeOrStop, Payload: commits}, "the commit aaaa cannot be chosen: reverted by cccc"},
		{"no change", "plan: {choose: take}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: engine.PlanReview{}}, "there is no change to take"},
		{"other change", "plan: {choose: take, item: c9}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: engine.PlanReview{Changes: []plan.Change{{ID: "c1"}}}}, `there is no change "c9"`},
		{"other change of two", "plan: {choose: take, item: c1+c9}", engine.Question{Kind: engine.AskChange, Choices: takeOrStop, Payload: engine.PlanReview{Changes: []plan.Change{{ID: "c1"}}}}, `there is no change "c9"`},
		{"no cure", "cure: {choose: take}", engine.Question{Kind: engine.AskCure, Choices: takeOrStop, Payload: engine.CureReview{}}, "there is no cure to take"},
		{"other cure", "cure: {choose: take, item: k9}", engine.Question{Kind: engine.AskCure, Choices: takeOrStop, Payload: engine.CureReview{Cures: []forecast.Cure{{ID: "k1"}}}}, `there is no cure "k9"`},
		{"nothing offered", "confirm: {choose: x}", engine.Question{Kind: engine.AskConfirm}, "offered: nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &console{t: t, questions: []engine.Question{tt.q}}
			err := script(t, tt.line).Drive(t.Context(), c)
			var stuck *StuckError
			if !errors.As(err, &stuck) || !strings.Contains(err.Error(), tt.want) || stuck.Question.Kind != tt.q.Kind {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if c.interrupted != engine.Abandon || len(c.answers) != 0 || !c.cancelled {
				t.Errorf("interrupted %q, %d answers, subscription ended: %t", c.interrupted, len(c.answers), c.cancelled)
			}
		})
	}
}

func TestDrive_interruptsWhenAnAnswerIsRefused(t *testing.T) {
	c := &console{
		t: t, questions: []engine.Question{{Kind: engine.AskReview, Choices: []engine.Choice{{ID: "continue"}}}},
		refuse: func(engine.Answer) error { return &engine.RefusedError{Why: "1 file was not viewed"} },
	}
	err := script(t, "review_diff: {choose: continue}").Drive(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), `"continue" was refused: 1 file was not viewed`) || c.interrupted != engine.Abandon {
		t.Errorf("error %v, interrupted %q", err, c.interrupted)
	}
}

func TestDrive_passesOverWhatOthersAnswered(t *testing.T) {
	yes := []engine.Choice{{ID: "yes"}}
	first := true
	c := &console{
		t: t, questions: []engine.Question{{Kind: engine.AskConfirm, Choices: yes}, {Kind: engine.AskConfirm, Choices: yes}},
		refuse: func(engine.Answer) error {
			if first {
				first = false
				return engine.ErrAnswered
			}
			return nil
		},
	}
	if err := script(t, `confirm: {choose: "yes"}`).Drive(t.Context(), c); err != nil || len(c.answers) != 1 || c.interrupted != "" {
		t.Errorf("error %v, %d answers, interrupted %q", err, len(c.answers), c.interrupted)
	}
}

// A script that always tries again must not do so for ever.
func TestDrive_triesAgainOnlySoOften(t *testing.T) {
	for line, want := range map[string]int{"failure: {choose: retry}": retries, "failure: {choose: retry, times: 2}": 2} {
		c := &console{t: t, endless: true, questions: []engine.Question{{Kind: engine.AskFailure, Choices: []engine.Choice{{ID: "retry"}}}}}
		err := script(t, line).Drive(t.Context(), c)
		if err == nil || len(c.answers) != want || c.interrupted != engine.Abandon {
			t.Errorf("%s: error %v, %d answers, interrupted %q", line, err, len(c.answers), c.interrupted)
		}
	}
}

// Whatever is made of a cure, the question comes back.
func TestDrive_takesACureOnlySoOften(t *testing.T) {
	for line, want := range map[string]int{"cure: {choose: patch}": retries, "cure: {choose: patch, times: 1}": 1} {
		q := engine.Question{
			Kind: engine.AskCure, Choices: []engine.Choice{{ID: "patch", NeedsItem: true}},
			Payload: engine.CureReview{Cures: []forecast.Cure{{ID: "k1"}}},
		}
		c := &console{t: t, questions: []engine.Question{q}, endless: true}
		var stuck *StuckError
		if err := script(t, line).Drive(t.Context(), c); !errors.As(err, &stuck) || len(c.answers) != want || c.interrupted != engine.Abandon {
			t.Errorf("%s: %d answers, %v", line, len(c.answers), err)
		}
	}
}

func TestDrive_abandonsTheRunWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	c := &waiting{console: console{t: t}, subscribed: func() { cancel(gone) }}
	if err := script(t, "plan: {choose: take}").Drive(ctx, c); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	if c.interrupted != engine.Abandon {
		t.Errorf("interrupted %q", c.interrupted)
	}
}

// waiting is a console on which nothing happens.
type waiting struct {
	console
	subscribed func()
}

func (c *waiting) Subscribe() (<-chan engine.Envelope, func()) {
	c.subscribed()
	return make(chan engine.Envelope), func() {}
}
