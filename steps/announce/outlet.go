package announce

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// message is what is sent. All its strings are inert.
type message struct {
	id, run, step, mode, environment, title, commit, head string

	text   string
	repeat bool
}

// footer is the lines below the text.
func (m message) footer() []safe.Text {
	line := fmt.Sprintf("run %s · announcement %s", m.run, m.id)
	if m.head != "" {
		short := strings.TrimPrefix(m.head, "sha256:")
		line += " · journal " + short[:min(16, len(short))]
	}
	lines := []safe.Text{safe.Show(line)}
	if m.repeat {
		lines = append(lines, safe.Lit("(repeat) this may have reached you before"))
	}
	return lines
}

// whole is the text with its footer.
func (m message) whole() string {
	var b strings.Builder
	b.WriteString(m.text + "\n")
	for _, l := range m.footer() {
		b.WriteString("\n" + l.String())
	}
	return b.String()
}

// outlet is a channel that is ready to be used.
type outlet struct {
	name    string
	channel *runbook.Channel
	where   safe.Text
	footer  []safe.Text
	repeat  bool
	problem error // why it cannot be reached, as far as that is known before sending
	send    func(context.Context, message) error
}

// neverSentError says that nothing has left this machine.
type neverSentError struct{ err error }

func (e *neverSentError) Error() string { return e.err.Error() }
func (e *neverSentError) Unwrap() error { return e.err }

// outlet prepares a channel. Its secrets are looked for and not kept.
func (s *step) outlet(run engine.Run, name string, m message) (outlet, error) {
	c := run.Runbook.Channels[name]
	if c == nil {
		return outlet{}, fmt.Errorf("there is no channel %q", safe.Show(name))
	}
	o := outlet{name: name, channel: c}
	m.repeat = s.delivery(m.id, name).attempted
	o.repeat, o.footer = m.repeat, m.footer()
	secret := runbook.Secret("")
	switch c.Kind() {
	case "slack":
		secret, o.send = c.Slack, withSecret(c.Slack, run.Folder, sendSlack)
	case "webhook":
		secret, o.send = c.Webhook, withSecret(c.Webhook, run.Folder, sendWebhook)
	case "service":
		secret, o.send = c.Service, withSecret(c.Service, run.Folder, sendService)
	case "email":
		secret, o.where, o.send = c.Email.Password, safe.Sprintf("%s by %s", strings.Join(c.Email.To, ", "), c.Email.Server), sendEmail(c.Email, run.Folder)
		o.problem = checkEmail(c.Email)
	case "file":
		o.where, o.send = safe.Show(c.File), appendTo(run.Folder, c.File, s.deps.Now)
	case "stdout":
		o.where, o.send = safe.Lit("standard output"), s.print
		if s.deps.Stdout == nil {
			o.problem = errNoOutput
		}
	default:
		return outlet{}, fmt.Errorf("the channel %q has no kind", safe.Show(name))
	}
	if o.where.IsEmpty() {
		o.where = safe.Sprintf("the address in %s", string(secret))
	}
	if secret != "" && o.problem == nil {
		_, o.problem = secret.Reveal(run.Folder)
	}
	return o, nil
}

var errNoOutput = errors.New("there is no standard output to print on")

// withSecret reads the address at the moment it is needed.
func withSecret(s runbook.Secret, folder string, send func(ctx context.Context, address string, m message) error) func(context.Context, message) error {
	return func(ctx context.Context, m message) error {
		address, err := s.Reveal(folder)
		if err != nil {
			return &neverSentError{err}
		}
		return send(ctx, address, m)
	}
}
