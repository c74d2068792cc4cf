// Package announce is the step that tells people.
//
// The operator sees the rendered text first and may change it; what they send
// is exactly what goes out. Below the text stands a footer with the id of the
// run, the id of the announcement and, where it is known, the head of the
// journal, so that a message can be matched with the record.
//
// # Text
//
// A text is one of the built-in ones, start, done and stopped, or a Go
// text/template in the runbook. [Fields] lists what can stand in it. All values
// are inert text. Of the functions of text/template all but call may be used;
// printf takes no width of more than three digits; range goes over .Commits and
// .Changes only; define and template are refused. A text has [maxText] bytes at
// most. [Check] says what is wrong with one.
//
// # Channels
//
//	slack    {"text": …} by POST to an incoming webhook; & < > are escaped, so
//	         that nothing in the text can mention anybody or hide a link
//	webhook  a JSON object by POST: text, id, run, environment, mode, step,
//	         title, commit, repeat
//	service  any address of the notification library; characters that make
//	         mentions or links there are replaced by look-alikes
//	email    plain text by SMTP, one message a receiver
//	file     appended to a file below the runbook's folder, and flushed to disk
//	stdout   written to the standard output of the program
//
// Addresses are secrets. They are read when a message is sent, and once before
// the operator is asked, so that a missing one is known in time. They never
// stand in a message, an error or the record. http is only allowed to this
// machine. A webhook's redirect is not followed: what comes back from somewhere
// else says nothing about the message.
//
// Slack and webhook are sent by this package. The library's generic service
// would follow a redirect, turn the POST into a GET and report success; it reads
// an answer of any length and cannot be cancelled. Everything else goes through
// the library, github.com/nicholas-fedor/shoutrrr, which is the maintained
// continuation of containrrr/shoutrrr.
//
// # At least once
//
// The id of an announcement depends on the run, the step and the round, not on
// the attempt. What may have reached a channel before is sent again only with
// "(repeat)" in its footer and under the same id; what is known to have arrived
// with the same text is not sent again. After the death of a process the journal
// says which is which, see [ReadPast]. Each channel is an effect of its own, so
// that one that fails does not hide the others. Nothing is sent in a rehearsal.
package announce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/runbook/safe"
)

// maxText is the number of bytes of a message without its footer.
const maxText = 16 << 10

// sendTimeout is how long a channel may take.
const sendTimeout = 15 * time.Second

// Deps is what the step needs from outside. The zero value sends to everything
// but standard output.
type Deps struct {
	Stdout  io.Writer        // for channels of kind stdout
	Head    func() string    // head of the journal, or ""; nil when it is not known
	Timeout time.Duration    // for one channel, 15 seconds when zero
	Now     func() time.Time // time.Now when nil
	// Attempted reports whether an announcement may have reached a channel in an
	// earlier process; nil when there was none.
	Attempted func(id, channel string) bool
	// Arrived returns the digest of the text that is known to have reached a channel
	// in an earlier process; nil when there was none.
	Arrived func(id, channel string) (digest string, ok bool)
}

// Kit returns the builder of the step.
func Kit(d Deps) engine.Kit {
	if d.Timeout <= 0 {
		d.Timeout = sendTimeout
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	sent := &ledger{states: map[string]delivery{}}
	return engine.Kit{runbook.KindAnnounce: func(s runbook.Step) (engine.Step, error) {
		text := s.Announce.Text
		if s.Announce.Template != "" {
			var ok bool
			if text, ok = builtin[s.Announce.Template]; !ok {
				return nil, fmt.Errorf("there is no announcement %q", safe.Show(s.Announce.Template))
			}
		}
		tmpl, err := compile(text)
		if err != nil {
			return nil, fmt.Errorf("text of the announcement: %w", err)
		}
		return &step{deps: d, id: s.ID, to: s.Announce.To, text: tmpl, sent: sent}, nil
	}}
}

type step struct {
	deps Deps
	id   string
	to   []string
	text *template.Template
	sent *ledger
}

// ledger is what this process knows about deliveries. A step that is retried
// must not tell people twice what they have been told.
type ledger struct {
	mu     sync.Mutex
	states map[string]delivery // by announcement and channel
}

// delivery says what became of an announcement on a channel.
type delivery struct {
	attempted bool   // it may have arrived
	arrived   string // digest of the text that is known to have arrived
	pending   int    // intents of an earlier process whose outcome is not known
}

func (l *ledger) get(id, channel string) delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[id+" "+channel]
}

// delivery returns what is known about an announcement on a channel, from this
// process and from earlier ones.
func (s *step) delivery(id, channel string) delivery {
	d := s.sent.get(id, channel)
	d.attempted = d.attempted || s.deps.Attempted != nil && s.deps.Attempted(id, channel)
	if d.arrived == "" && s.deps.Arrived != nil {
		if sum, ok := s.deps.Arrived(id, channel); ok {
			d.arrived = sum
		}
	}
	return d
}

func (l *ledger) set(id, channel string, d delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.states[id+" "+channel] = d
}

// identity returns the id of an announcement.
func identity(run, step string, round int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "lockstep-announcement\n%s\n%s\n%d", run, step, round))
	return hex.EncodeToString(sum[:6])
}

// Run shows the text, asks, and sends.
func (s *step) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	run := op.Run()
	text, err := render(s.text, fields(op, s.deps.Now()))
	if err != nil {
		return engine.Report{}, &engine.Problem{Err: fmt.Errorf("text of the announcement: %w", err), Hint: "correct the text in the runbook", Acceptable: true}
	}
	m := message{
		id: identity(run.ID, s.id, op.Facts().Round), run: run.ID, step: s.id, mode: string(run.Mode),
		environment: safe.Show(run.Environment.Name).String(), title: safe.Show(run.Runbook.Title).String(),
	}
	if s.deps.Head != nil {
		m.head = s.deps.Head()
	}
	if c := op.Facts().Commit; c != nil {
		m.commit = c.Hash
	}
	var outlets []outlet
	for _, name := range s.to {
		o, err := s.outlet(run, name, m)
		if err != nil {
			return engine.Report{}, err
		}
		outlets = append(outlets, o)
	}
	a, err := op.Ask(ctx, s.question(text, outlets, run.Rehearsal()))
	if err != nil {
		return engine.Report{}, err
	}
	if a.Choice == skip {
		for _, o := range outlets {
			op.Tell(engine.AnnouncementSent{Channel: o.name, Result: engine.Skipped, Detail: safe.Lit("skipped by the operator")})
		}
		return engine.Report{Summary: safe.Lit("skipped"), Result: engine.Skipped}, nil
	}
	if a.Text != "" {
		text = a.Text
	}
	m.text = inert(text)
	return s.send(ctx, op, m, outlets)
}

// inert makes an edited text safe, line by line.
func inert(text string) string {
	lines := safe.Lines(strings.TrimRight(text, "\n"))
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.String()
	}
	return strings.Join(out, "\n")
}

// send sends to one channel after the other, each as an effect of its own.
func (s *step) send(ctx context.Context, op engine.Operator, m message, outlets []outlet) (engine.Report, error) {
	arrived, failed := 0, []safe.Text{}
	var names []string
	for _, o := range outlets {
		result, detail, err := s.sendOne(ctx, op, m, o)
		if err != nil {
			return engine.Report{}, err
		}
		op.Tell(engine.AnnouncementSent{Channel: o.name, Result: result, Detail: detail})
		switch result {
		case engine.OK:
			arrived++
			names = append(names, o.name)
		case engine.Failed:
			failed = append(failed, safe.Sprintf("%s: %s", o.name, detail))
		}
	}
	switch {
	case op.Run().Rehearsal():
		return engine.Report{Summary: safe.Lit("not sent in a rehearsal")}, nil
	case len(failed) > 0:
		return engine.Report{}, &engine.Problem{
			Err:  fmt.Errorf("%d of %d channels did not take the announcement: %s", len(failed), len(outlets), safe.Join(failed, "; ")),
			Hint: "try again, or tell people another way and accept", Lines: failed, Acceptable: true,
		}
	}
	return engine.Report{Summary: safe.Sprintf("sent to %s", strings.Join(names, ", "))}, nil
}

// sendOne sends to one channel. The error is for what ends the step; a channel
// that fails is a result.
func (s *step) sendOne(ctx context.Context, op engine.Operator, m message, o outlet) (engine.Result, safe.Text, error) {
	before, sum := s.delivery(m.id, o.name), digest(m.text)
	if before.arrived == sum {
		return engine.OK, safe.Lit("has it already"), nil
	}
	m.repeat = o.repeat
	intent := engine.Intent{
		Effect: runbook.EffectRepeatable, What: safe.Sprintf("send the announcement %s to %s (%s)", m.id, o.name, o.channel.Kind()),
		Facts: map[string]any{"channel": o.name, "kind": o.channel.Kind(), "id": m.id, "sha256": sum, "repeat": m.repeat},
	}
	var detail safe.Text
	_, err := op.Effect(ctx, intent, func(ctx context.Context) (engine.Ending, error) {
		sending, cancel := context.WithTimeout(ctx, s.deps.Timeout)
		defer cancel()
		err := sendOnce(sending, o, m)
		var never *neverSentError
		if err == nil || !errors.As(err, &never) {
			before.attempted = true
		}
		if err == nil {
			before.arrived = sum
			detail = safe.Sprintf("sent as %s", m.id)
		}
		s.sent.set(m.id, o.name, before)
		facts := map[string]any{"channel": o.name, "id": m.id, "sha256": sum}
		if never != nil {
			facts["never_sent"] = true
		}
		return engine.Ending{
			Detail: detail, Facts: facts, Blobs: []engine.Blob{{Name: "announcement", Data: []byte(m.whole())}},
		}, err
	})
	if ferr := failpoint.Hit("announce.after"); ferr != nil {
		err = errors.Join(err, ferr)
	}
	switch {
	case err == nil:
		return engine.OK, detail, nil
	case errors.Is(err, engine.ErrRehearsed):
		return engine.Skipped, safe.Lit("not sent in a rehearsal"), nil
	case errors.Is(err, engine.ErrUnknown), ctx.Err() != nil:
		return "", detail, err
	}
	return engine.Failed, safe.Show(err.Error()), nil
}

// sendOnce sends a message, with the points at which a test can end the process.
func sendOnce(ctx context.Context, o outlet, m message) error {
	if err := failpoint.Hit("announce.before"); err != nil {
		return &neverSentError{err}
	}
	if err := o.send(ctx, m); err != nil {
		return err
	}
	return failpoint.Hit("announce.sent")
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
