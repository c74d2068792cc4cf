package answers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
)

const whole = `lockstep-answers: 1
answers:
  pick_commit: { choose: take, item: next }
  review_diff: { choose: continue, acknowledge: all }
  plan:        { choose: take }
  apply:       { choose: apply, typed: production }
  next_change: { choose: continue }
  announce:    { choose: send }
  record_pin:  { choose: write }
  manual:      { choose: done, acknowledge: [item 1, item 2] }
  confirm:     { choose: "yes" }
  command:     { choose: run }
  verify:      { choose: stop }
  failure:     { choose: retry, times: 2 }
  unknown:     { choose: stop }
  soak/confirm: { choose: "yes", typed: soaked }
`

func TestLoad_readsEveryKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Answers["review_diff"].Acknowledge; len(got) != 1 || got[0] != All {
		t.Errorf("acknowledge: all was read as %q", got)
	}
	if got := a.Answers["manual"].Acknowledge; len(got) != 2 {
		t.Errorf("a list was read as %q", got)
	}
	if key, got, _ := a.find("soak", "confirm"); key != "soak/confirm" || got.Typed != "soaked" {
		t.Errorf("the answer for one step is %q %+v", key, got)
	}
	if key, _, _ := a.find("other", "confirm"); key != "confirm" {
		t.Errorf("the answer for other steps is %q", key)
	}
	if a.File != path {
		t.Errorf("File is %q", a.File)
	}
}

func TestLoad_saysWhichFileIsMissing(t *testing.T) {
	_, err := Load("nowhere.yaml")
	if err == nil || !strings.Contains(err.Error(), `read answers "nowhere.yaml"`) {
		t.Errorf("error is %v", err)
	}
}

func TestParse_refuses(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"empty", "", `a:1:1: the document is empty (begin it with "lockstep-answers: 1")`},
		{"runbook", "lockstep: 1\n", `a:1:1: unknown key "lockstep" in the document (one of lockstep-answers, answers)`},
		{"version", "lockstep-answers: 2\nanswers: {plan: {choose: take}}", "a:1:19: lockstep-answers is 2, a version of the format that is not known (write lockstep-answers: 1)"},
		{"kind", "lockstep-answers: 1\nanswers: {pln: {choose: take}}", `a:2:11: "pln" is not a kind of question (did you mean "plan"?)`},
		{"step", "lockstep-answers: 1\nanswers: {/plan: {choose: take}}", `a:2:11: "/plan" names no step (write the id of a step before the /)`},
		{"choose", "lockstep-answers: 1\nanswers: {plan: {item: next}}", `a:2:11: "choose" is missing in answers.plan (Id or tag of a choice)`},
		{"yes", "lockstep-answers: 1\nanswers: {plan: {choose: true}}", `a:2:26: answers.plan.choose should be text, not true or false (put it in quotes)`},
		{"unknown key", "lockstep-answers: 1\nanswers: {plan: {choose: take, raison: x}}", `a:2:32: unknown key "raison" in answers.plan (did you mean "reason"?)`},
		{"alias", "lockstep-answers: 1\nanswers: {plan: &a {choose: take}, apply: *a}", "a:2:17: the anchor &a is not allowed (write the value out where it is needed)\na:2:43: the alias *a is not allowed (write the value out)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("a", []byte(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

const book = `lockstep: 1
title: t
environments: { production: { pin: { file: ref } } }
probes: { p: { tcp: { address: "localhost:1" } } }
channels: { c: { stdout: {} } }
steps:
  - pick_commit: {}
  - review_diff: {}
  - each_change:
      - plan: {}
      - apply: {}
      - verify: { probes: [p] }
  - confirm: { question: q }
    id: soak
    on_failure: stop
  - command: { argv: [x] }
  - command: { argv: [x], effect: none }
    id: look
  - manual: { instructions: [x] }
  - wait: { for: 1s }
  - record_pin: {}
  - announce: { to: [c], template: done }
`

func parse(t *testing.T, yaml string) *runbook.Runbook {
	t.Helper()
	rb, err := runbook.Parse("r", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return rb
}

func TestMissing_isEmptyWhenAllCanBeAnswered(t *testing.T) {
	a, err := Parse("a", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Missing(parse(t, book), "production"); len(got) > 0 {
		t.Errorf("problems: %v", got)
	}
}

// Without the answer to a kind of question, a problem names every step that can ask it.
func TestMissing_namesEveryStepThatCouldAsk(t *testing.T) {
	rb := parse(t, book)
	for kind, steps := range map[string]string{
		"pick_commit": "pick_commit", "review_diff": "review_diff", "plan": "plan", "apply": "apply", "next_change": "each_change",
		"verify": "verify", "confirm": "", "command": "command", "manual": "manual", "record_pin": "record_pin", "announce": "announce",
		"failure": "pick_commit review_diff plan apply verify command look manual wait record_pin announce",
		"unknown": "apply command record_pin announce",
	} {
		t.Run(kind, func(t *testing.T) {
			a, err := Parse("a", []byte(whole))
			if err != nil {
				t.Fatal(err)
			}
			delete(a.Answers, kind)
			var got []string
			for _, p := range a.Missing(rb, "production") {
				id, k, _ := strings.Cut(p.Path, "/")
				if k != kind || p.Line < 7 {
					t.Errorf("problem %+v", p)
				}
				got = append(got, id)
			}
			if strings.Join(got, " ") != steps {
				t.Errorf("steps %v, want %s", got, steps)
			}
		})
	}
}

func TestMissing_tellsAnswersThatAreForNothing(t *testing.T) {
	a, err := Parse("a", []byte(whole+"  saok/confirm: { choose: stop }\n  look/plan: { choose: take }\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range a.Missing(parse(t, book), "prod") {
		got = append(got, p.Text+" ("+p.Suggestion+")")
	}
	want := `there is no environment "prod" (one of production)
the answer "look/plan" is for a question that the step does not ask ()
the answer "saok/confirm" is for a step that does not exist (did you mean "soak"?)`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// The ways round an outage are asked about only where the answer wants to see them.
func TestMissing_wantsACureOnlyWhereCuresAreAskedFor(t *testing.T) {
	for plan, want := range map[string]int{"take": 0, "cures": 1} {
		a, err := Parse("a", []byte(strings.Replace(whole, "plan:        { choose: take }", "plan: { choose: "+plan+" }", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Missing(parse(t, book), "production"); len(got) != want {
			t.Errorf("%s: %v", plan, got)
		}
		a, err = Parse("a", []byte(strings.Replace(whole, "choose: take }\n  apply", "choose: "+plan+" }\n  plan/cure: { choose: patch }\n  apply", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Missing(parse(t, book), "production"); len(got) != 0 {
			t.Errorf("%s with an answer: %v", plan, got)
		}
	}
}
