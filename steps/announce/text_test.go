package announce

import (
	"errors"
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

var discard = log.New(io.Discard, "", 0)

func TestAnnounce_builtInTextsSayWhatHappened(t *testing.T) {
	for name, want := range map[string]string{
		"start":   "Deployment to production starts: Roll out\nCommit 4b226e2 \"Weighted <records>\" by ana.\nOperator ana@ops1, since ",
		"done":    "Deployment to production is done: Roll out\nCommit 4b226e2 \"Weighted <records>\" by ana is live.\n- certificate: ok in 22s\nOperator ana@ops1, ",
		"stopped": "Deployment to production was stopped: Roll out\nCommit 4b226e2 \"Weighted <records>\" is not completely deployed.\n- certificate: ok in 22s\nOperator ana@ops1, after ",
	} {
		tr := &trial{t: t, channels: map[string]*runbook.Channel{"out": {Stdout: &runbook.Stdout{}}}, to: []string{"out"}, spec: runbook.Announce{Template: name}}
		tr.facts = func(f *engine.Facts) {
			f.Commit = &engine.Candidate{Hash: "4b226e2000", Short: "4b226e2", Subject: safe.Lit("Weighted <records>"), Author: safe.Lit("ana")}
			f.Applied = []engine.ChangeDone{{Title: safe.Lit("certificate"), Result: engine.OK, Took: 22 * time.Second}}
		}
		if tr.run(); !strings.HasPrefix(tr.stdout.String(), want) {
			t.Errorf("%s: got %q", name, tr.stdout.String())
		}
		if err := Check(builtin[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck_refusesWhatCouldRunAwayOrFail(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "empty",
		"{{.Nope}}":                  "Nope",
		"{{call .Title}}":            "call is not allowed",
		"{{range 100000000}}{{end}}": "range goes over",
		"{{range .Changes}}{{range $.Changes}}{{end}}{{end}}":   "range goes over",
		"{{range .Title}}x{{end}}":                              "range goes over",
		`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`: "not allowed",
		`{{block "a" .}}{{end}}`:                                "not allowed",
		`{{printf "%99999999d" 1}}`:                             "three digits",
		`{{printf "%*d" 99999999 1}}`:                           "three digits",
		`{{printf "%.99999999f" 1.0}}`:                          "three digits",
		"{{env \"HOME\"}}":                                      `function "env" not defined`,
		"{{":                                                    "unclosed",
		strings.Repeat("x", maxText+1):                          "more than",
		"{{if .Commit}}{{.Commit.Hash}}{{end}}":                 "Hash",
	} {
		if err := Check(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: want %q, got %v", text, want, err)
		}
		if _, err := Kit(Deps{})[runbook.KindAnnounce](runbook.Step{Announce: &runbook.Announce{Text: text}}); err == nil {
			t.Errorf("%.60q: a step was made of it", text)
		}
	}
	for _, text := range []string{"plain", `{{if eq .Environment "production"}}!{{end}}`, `{{printf "%-20s" .Title}}`, "{{range .Commits}}{{.Short}} {{.Subject}}{{else}}none{{end}}", "{{with .Pin}}{{.}}{{end}}"} {
		if err := Check(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFields_areAllDescribed(t *testing.T) {
	for _, f := range Fields() {
		if f.Doc == "" {
			t.Errorf("%s is not described", f.Name)
		}
		if err := Check("{{" + f.Name + "}}"); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// payloads are what somebody who can write a commit could put into its subject.
var payloads = []string{
	"<!channel>", "<!here>", "<!everyone|x>", "<@U024BE7LH>", "<#C024BE7LR|general>", "<http://evil.example|crates.io>", "<mailto:a@b.example|x>",
	"@channel", "@here", "@everyone", "@Everyone!", "x@everyone", "@all", "&lt;!channel&gt;", "&#60;!channel>", "[crates.io](http://evil.example)",
	"[a][b]", "<a href=http://evil.example>x</a>", "<@&123>", "a\r\nBcc: evil@example.org", "a\nSubject: evil", "\x1b]8;;http://evil\x1b\\x", "\u202egnp.exe", "\u200b", "\xff\xfe",
	`","text":"evil`, `\u003c!channel\u003e`, "{{.Operator}}", "%s%n", strings.Repeat("A", 5000),
}

func TestAnnounce_payloadsMentionNobodyAndHideNoLink(t *testing.T) {
	h := newHook(t, nil)
	t.Setenv("SERVICE", strings.Replace(h.URL, "http://", "generic://", 1)+"/?disabletls=yes&template=json&messagekey=text")
	for _, p := range payloads {
		h.bodies = nil
		tr := &trial{
			t: t, channels: map[string]*runbook.Channel{"slack": slackTo(t, h.URL), "service": {Service: "${SERVICE}"}},
			to: []string{"slack", "service"}, spec: runbook.Announce{Text: "Commit {{.Subject}} is live"},
		}
		tr.facts = func(f *engine.Facts) { f.Commit = &engine.Candidate{Hash: "1", Subject: safe.Show(p)} }
		if tr.run(); tr.result != engine.OK || len(h.bodies) != 2 {
			t.Fatalf("%.40q: %v %v", p, tr.err, len(h.bodies))
		}
		if len(h.bodies[0]) != 5 || len(h.bodies[1]) != 1 {
			t.Errorf("%.40q: keys were added: %v", p, h.bodies)
		}
		for i, b := range h.bodies {
			text := b["text"].(string)
			bad := []string{"<", ">", "\x1b", "\r", "\u202e", "\u200b"}
			if i == 1 {
				bad = append(bad, "](", "][")
			}
			for _, x := range bad {
				if strings.Contains(text, x) {
					t.Errorf("%.40q: %q is in %q", p, x, text)
				}
			}
			if everybody.MatchString(text) {
				t.Errorf("%.40q: everybody is called: %q", p, text)
			}
			if lines := strings.Count(text, "\n"); lines != 2 {
				t.Errorf("%.40q: %d line breaks: %q", p, lines, text)
			}
		}
	}
}

func TestScrub_leavesNothingOfASecret(t *testing.T) {
	secret := "https://user:pa55word@hooks.example/services/T012/B034/tok%2Fen-xyz12?key=VALUE-77"
	err := errors.New(`Post "` + secret + `": dial hooks.example: pa55word tok/en-xyz12 value-77 XYZ12 T012/B034 refused`)
	got := scrub(err, secret).Error()
	for _, part := range []string{"pa55word", "xyz12", "VALUE", "hooks", "services"} {
		if strings.Contains(strings.ToLower(got), strings.ToLower(part)) {
			t.Errorf("%q is left in %q", part, got)
		}
	}
	if !strings.HasSuffix(got, "refused") {
		t.Errorf("too much is gone: %q", got)
	}
}
