package terraform

import (
	"bytes"
	"encoding/json"
	"time"

	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/redact"
)

// maxOutput is how many bytes of what provisioners print the record keeps. Events
// of resources are always kept.
const maxOutput = 4 << 20

// An applyLog keeps what happened during an apply, for the journal: one JSON
// object a line, with the fields of a logLine and no other. Values of outputs and
// ids are not among them.
type applyLog struct {
	net     *redact.Net
	b       bytes.Buffer
	output  int // bytes of output kept
	dropped int // lines of output left out
}

type logLine struct {
	Time    time.Time   `json:"time"`
	Type    string      `json:"type"`
	Address safe.Text   `json:"address"`
	Action  string      `json:"action,omitempty"`
	Lines   []safe.Text `json:"lines,omitempty"`
}

// take keeps one message, if it is one of those that are kept.
func (l *applyLog) take(m cli.Message) {
	line := logLine{
		Time: m.Time, Type: m.Type,
		Address: safe.Show(m.Hook.Resource.Address), Action: safe.Show(m.Hook.Action).String(),
	}
	switch m.Type {
	case cli.TypeApplyStart, cli.TypeApplyComplete, cli.TypeApplyErrored, cli.TypeProvisionStart:
	case cli.TypeChangeSummary:
		line.Lines = l.net.Lines(m.Text)
	case cli.TypeDiagnostic:
		if m.Diagnostic == nil {
			return
		}
		line.Address = safe.Show(m.Diagnostic.Address)
		line.Lines = cli.Describe(m.Diagnostic, l.net)
	case cli.TypeProvisionOutput:
		if l.output > maxOutput {
			l.dropped++
			return
		}
		line.Lines = l.net.Lines(m.Hook.Output)
		for _, t := range line.Lines {
			l.output += len(t.String())
		}
	default:
		return
	}
	raw, err := json.Marshal(line)
	if err != nil {
		l.dropped++
		return
	}
	l.b.Write(append(raw, '\n'))
}

func (l *applyLog) bytes() []byte { return l.b.Bytes() }
