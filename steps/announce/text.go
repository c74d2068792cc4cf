package announce

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// builtin are the texts a runbook can name.
var builtin = map[string]string{
	"start": `Deployment to {{.Environment}} starts: {{.Title}}
{{if .Commit}}Commit {{.Short}} "{{.Subject}}" by {{.Author}}.
{{end}}Operator {{.Operator}}, since {{.Started}}.`,
	"done": `Deployment to {{.Environment}} is done: {{.Title}}
{{if .Commit}}Commit {{.Short}} "{{.Subject}}" by {{.Author}} is live.
{{end}}{{range .Changes}}- {{.Title}}: {{.Result}} in {{.Took}}
{{end}}{{if .Outage}}While it ran {{.Outage}}.
{{end}}Operator {{.Operator}}, {{.Elapsed}} from start to end.`,
	"stopped": `Deployment to {{.Environment}} was stopped: {{.Title}}
{{if .Commit}}Commit {{.Short}} "{{.Subject}}" is not completely deployed.
{{end}}{{range .Changes}}- {{.Title}}: {{.Result}} in {{.Took}}
{{else}}Nothing was changed.
{{end}}{{if .Outage}}While it ran {{.Outage}}.
{{end}}Operator {{.Operator}}, after {{.Elapsed}}.`,
}

// Data is what can stand in the text of an announcement.
type Data struct {
	Title       string   `doc:"Title of the runbook."`
	Environment string   `doc:"Name of the environment."`
	Outage      string   `doc:"Which probes failed during the run and for how long, such as \"static failed for 9.2s\"; empty when none did."`
	Mode        string   `doc:"live or rehearsal."`
	Run         string   `doc:"Id of the run."`
	Operator    string   `doc:"Who runs it, as name@host."`
	Started     string   `doc:"When the run began, in UTC."`
	Elapsed     string   `doc:"How long the run has taken so far, such as 12m40s."`
	Commit      string   `doc:"Full hash of the chosen commit; empty before one is chosen."`
	Short       string   `doc:"Short hash of the chosen commit."`
	Subject     string   `doc:"First line of the commit's message."`
	Author      string   `doc:"Author of the commit."`
	Pin         string   `doc:"Short hash of the commit the environment was at when the run began."`
	Commits     []Commit `doc:"The commits from the pin to the chosen one; each has .Short, .Subject and .Author."`
	Changes     []Change `doc:"What was applied in this run; each has .Title, .Result and .Took."`
	Verified    bool     `doc:"Whether the last verification passed or was accepted, and nothing was applied since."`
}

// A Commit is one of the commits that are deployed.
type Commit struct {
	Short   string
	Subject string
	Author  string
}

// A Change is one apply of the run.
type Change struct {
	Title  string
	Result string
	Took   time.Duration
}

// A Field describes a field of [Data] for the documentation.
type Field struct{ Name, Doc string }

// Fields lists what can stand in the text of an announcement, in order.
func Fields() []Field {
	t := reflect.TypeFor[Data]()
	var out []Field
	for i := range t.NumField() {
		out = append(out, Field{Name: "." + t.Field(i).Name, Doc: t.Field(i).Tag.Get("doc")})
	}
	return out
}

// fields takes the values from a run. All of them are inert.
func fields(op engine.Operator, now time.Time) Data {
	run, facts := op.Run(), op.Facts()
	show := func(s string) string { return safe.Show(s).String() }
	d := Data{
		Title: show(run.Runbook.Title), Environment: show(run.Environment.Name), Mode: show(string(run.Mode)),
		Run: show(run.ID), Operator: show(run.Actor.Name + "@" + run.Actor.Host),
		Started: run.Started.UTC().Format("2006-01-02 15:04 UTC"), Elapsed: now.Sub(run.Started).Round(time.Second).String(),
		Verified: facts.Verified,
	}
	if c := facts.Commit; c != nil {
		d.Commit, d.Short, d.Subject, d.Author = show(c.Hash), show(c.Short), c.Subject.String(), c.Author.String()
	}
	if facts.Pin != nil {
		d.Pin = show(facts.Pin.Short)
	}
	for _, c := range facts.Commits {
		d.Commits = append(d.Commits, Commit{Short: show(c.Short), Subject: c.Subject.String(), Author: c.Author.String()})
	}
	d.Outage = engine.Outage(facts.Dark).String()
	for _, c := range facts.Applied {
		d.Changes = append(d.Changes, Change{Title: c.Title.String(), Result: string(c.Result), Took: c.Took.Round(time.Second)})
	}
	return d
}

// Check says what is wrong with the text of an announcement, or returns nil.
func Check(text string) error {
	_, err := compile(text)
	return err
}

// functions replaces what could be made to use all memory or run anything.
var functions = template.FuncMap{"printf": printf}

var wide = regexp.MustCompile(`[0-9]{4,}|\*`)

func printf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("printf: a width may have three digits and no *")
	}
	return fmt.Sprintf(format, args...), nil
}

// compile reads a text, refuses what is not allowed in it, and renders it once
// with and without a commit, so that a wrong field is found before the run.
func compile(text string) (*template.Template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("it is empty")
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(text), maxText)
	}
	t, err := template.New("text").Funcs(functions).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, tidy(err)
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("define and block are not allowed")
	}
	if err := allowed(t.Root, nil); err != nil {
		return nil, err
	}
	sample := Data{
		Commit: "0", Short: "0", Commits: []Commit{{}, {}}, Changes: []Change{{}, {}},
		Title: "t", Environment: "e", Subject: "s", Author: "a",
	}
	for _, d := range []Data{sample, {}} {
		if _, err := render(t, d); err != nil {
			return nil, err
		}
	}
	return t, nil
}

var noField = regexp.MustCompile(`executing "text" at <[^>]*>: can't evaluate field (\S+) in type \S+`)

// tidy says an error of the library in words for somebody who knows no Go.
func tidy(err error) error {
	if m := noField.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("there is no field .%s", safe.Show(m[1]))
	}
	return errors.New(safe.Show(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "template: "), "text:")).String())
}

// render fills in a text. It stops when the result becomes too long.
func render(t *template.Template, d Data) (string, error) {
	var b limited
	if err := t.Execute(&b, d); err != nil {
		return "", tidy(err)
	}
	return inert(b.String()), nil
}

// limited is a buffer that refuses to grow over the size of a message.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxText {
		return 0, fmt.Errorf("the text becomes longer than %d bytes", maxText)
	}
	return l.Buffer.Write(p)
}

// allowed walks a parsed text. Functions come as identifiers; a loop must go
// over one of the lists, so that it ends, and not inside another one.
func allowed(n parse.Node, in *parse.RangeNode) error {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return nil
	}
	var kids []parse.Node
	switch x := n.(type) {
	case *parse.ListNode:
		kids = x.Nodes
	case *parse.ActionNode:
		kids = []parse.Node{x.Pipe}
	case *parse.IfNode:
		kids = []parse.Node{x.Pipe, x.List, x.ElseList}
	case *parse.WithNode:
		kids = []parse.Node{x.Pipe, x.List, x.ElseList}
	case *parse.RangeNode:
		if in != nil || !slices.Contains([]string{".Commits", ".Changes"}, x.Pipe.Cmds[0].String()) || len(x.Pipe.Cmds) > 1 {
			return errors.New("range goes over .Commits or .Changes, and not inside another range")
		}
		in = x
		kids = []parse.Node{x.Pipe, x.List, x.ElseList}
	case *parse.PipeNode:
		for _, c := range x.Cmds {
			kids = append(kids, c)
		}
	case *parse.CommandNode:
		kids = x.Args
	case *parse.ChainNode:
		kids = []parse.Node{x.Node}
	case *parse.IdentifierNode:
		if x.Ident == "call" {
			return errors.New("the function call is not allowed")
		}
	case *parse.TemplateNode:
		return errors.New("template is not allowed")
	}
	for _, k := range kids {
		if err := allowed(k, in); err != nil {
			return err
		}
	}
	return nil
}
