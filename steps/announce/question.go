package announce

import (
	"errors"
	"fmt"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// The choices.
const (
	stop = "stop"
	send = "send"
	skip = "skip"
)

// question shows the text and where it goes, before anything is sent.
func (s *step) question(text string, outlets []outlet, rehearsal bool) engine.Question {
	m := engine.Message{Text: text}
	var missing []safe.Text
	for _, o := range outlets {
		m.Channels = append(m.Channels, engine.MessageChannel{
			Name: o.name, Kind: o.channel.Kind(), Where: o.where, Footer: o.footer,
		})
		if o.problem != nil {
			missing = append(missing, safe.Sprintf("%s cannot be reached: %v", o.name, o.problem))
		}
	}
	q := engine.Question{Kind: engine.AskAnnounce, Title: safe.Lit("Send this announcement?"), Body: missing}
	label, consequence := safe.Lit("send"), safe.Lit("it cannot be taken back")
	if rehearsal {
		m.Muted = safe.Lit("not sent in a rehearsal")
		label, consequence = safe.Lit("send (not sent in a rehearsal)"), safe.Lit("nothing is sent")
	}
	sending := engine.Choice{
		ID: send, Tags: []string{"recommended"}, Key: "y", Label: label, Consequence: consequence, Recommended: true, Irreversible: true,
	}
	if len(missing) == len(outlets) && !rehearsal {
		sending.Disabled = safe.Join(missing, "; ")
	}
	q.Payload = m
	q.Choices = []engine.Choice{
		{ID: stop, Key: "s", Label: safe.Lit("stop here"), Stops: true, Consequence: safe.Lit("nothing is sent and the run ends")},
		sending,
		{ID: skip, Key: "k", Label: safe.Lit("send nothing"), NeedsReason: true, Consequence: safe.Lit("the run goes on; the reason is recorded")},
	}
	q.Check = func(a engine.Answer) error {
		switch {
		case a.Choice != send || a.Text == "":
			return nil
		case strings.TrimSpace(a.Text) == "":
			return errors.New("the text is empty")
		case len(a.Text) > maxText:
			return fmt.Errorf("the text has %d bytes, more than %d", len(a.Text), maxText)
		}
		return nil
	}
	return q
}
