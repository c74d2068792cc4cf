package cli

import (
	"bytes"
	"encoding/json"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// MaxMessage is the number of bytes that one message of Terraform may have. A
// longer one is dropped and counted, so that endless output does not fill memory.
// A whole state has to fit: see Message.State.
const MaxMessage = 256 << 20

// The types of message that this package and its callers look at. terraform-json
// knows none of those of an apply and would lose what they say.
const (
	TypeDiagnostic      = "diagnostic"
	TypePlannedChange   = "planned_change"
	TypeRefreshComplete = "refresh_complete"
	TypeApplyStart      = "apply_start"
	TypeApplyProgress   = "apply_progress"
	TypeApplyComplete   = "apply_complete"
	TypeApplyErrored    = "apply_errored"
	TypeProvisionStart  = "provision_start"
	TypeProvisionOutput = "provision_progress"
	TypeChangeSummary   = "change_summary"
)

// A Message is one line of what plan and apply print with -json. Its texts are
// as Terraform wrote them: neither inert nor free of secrets.
type Message struct {
	Level      string             `json:"@level"`
	Text       string             `json:"@message"`
	Time       time.Time          `json:"@timestamp"`
	Type       string             `json:"type"`
	Hook       Hook               `json:"hook"`
	Diagnostic *tfjson.Diagnostic `json:"diagnostic"`

	// State is the whole state, secrets and all. Terraform prints it as its last
	// resort, when it could write it neither to the backend nor to a file.
	State json.RawMessage `json:"state"`
}

// A Hook says what happens to a resource.
type Hook struct {
	Resource struct {
		Address string `json:"addr"`
	} `json:"resource"`
	Action      string  `json:"action"` // create, update, delete, read, noop
	Elapsed     float64 `json:"elapsed_seconds"`
	Provisioner string  `json:"provisioner"`
	Output      string  `json:"output"`
}

// A messageWriter takes what Terraform prints and calls each for every message,
// in order and one at a time. Lines that are no message are kept in strays, up to
// a few: a crash prints some.
type messageWriter struct {
	each    func(Message)
	max     int // bytes of one message
	buf     []byte
	over    bool // the line in buf is too long and will be dropped
	dropped int
	strays  []string
}

const maxStrays = 200

// Write takes a piece of output of any size.
func (w *messageWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if !w.over && len(w.buf)+len(line) > w.max {
			w.over, w.buf = true, nil
		}
		if !w.over {
			w.buf = append(w.buf, line...)
		}
		if !whole {
			return n, nil
		}
		w.end()
		p = rest
	}
}

// end takes the line in the buffer. It is called once more after the last byte.
func (w *messageWriter) end() {
	line := bytes.TrimSpace(w.buf)
	switch {
	case w.over:
		w.dropped++
	case len(line) > 0:
		var m Message
		if json.Unmarshal(line, &m) == nil && m.Type != "" {
			w.each(m)
		} else if len(w.strays) < maxStrays {
			w.strays = append(w.strays, string(line[:min(len(line), 4096)]))
		}
	}
	w.over, w.buf = false, w.buf[:0]
	if cap(w.buf) > 1<<20 {
		w.buf = nil // one huge line must not keep its memory
	}
}
