package attach

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Version is the version of the protocol.
const Version = 1

// How long a line may be in each direction.
const (
	maxRequest = 16 << 20
	maxMessage = 256 << 20
)

// The requests of a screen.
const (
	doHello     = "hello"
	doAnswer    = "answer"
	doFetch     = "fetch"
	doInterrupt = "interrupt"
	doForce     = "force"
	doTake      = "take"
	doHere      = "here"
)

// The messages of a runner.
const (
	sayWelcome = "welcome"
	sayRefused = "refused"
	sayEvent   = "event"
	sayReply   = "reply"
	sayStatus  = "status"
	sayEnd     = "end"
)

// A Hello says who attaches.
type Hello struct {
	Operator    string `json:"operator"`    // name that is recorded
	Fingerprint string `json:"fingerprint"` // of the operator's signing key, or ""
	Where       string `json:"where"`       // terminal and process, such as "pts/3, process 812"
	Watch       bool   `json:"watch"`       // never holds the answers, unless it takes them
	Peek        bool   `json:"peek"`        // only asks how the run stands; takes no seat
	Key         string `json:"key"`         // of the screen that started the run, or ""
	Lockstep    string `json:"lockstep"`    // version of the program
}

// request is a line from a screen.
type request struct {
	Do     string           `json:"do"`
	ID     int64            `json:"id,omitempty"`
	V      int              `json:"v,omitempty"`
	Hello  *Hello           `json:"hello,omitempty"`
	Answer *engine.Answer   `json:"answer,omitempty"`
	Fetch  *engine.Request  `json:"fetch,omitempty"`
	How    engine.Interrupt `json:"how,omitempty"`
	Typed  string           `json:"typed,omitempty"`
	Reason string           `json:"reason,omitempty"`
}

// message is a line from a runner.
type message struct {
	Say      string           `json:"say"`
	V        int              `json:"v,omitempty"`
	Run      string           `json:"run,omitempty"`
	Seat     string           `json:"seat,omitempty"`
	Holds    bool             `json:"holds,omitempty"`
	Seq      int64            `json:"seq,omitempty"`
	Lockstep string           `json:"lockstep,omitempty"`
	Why      string           `json:"why,omitempty"`
	ID       int64            `json:"id,omitempty"`
	Refused  string           `json:"refused,omitempty"`
	Answered bool             `json:"answered,omitempty"`
	Error    string           `json:"error,omitempty"`
	Part     json.RawMessage  `json:"part,omitempty"`
	Event    *engine.Envelope `json:"event,omitempty"`
	Status   *Status          `json:"status,omitempty"`
	End      *Ending          `json:"end,omitempty"`
}

// A VersionError says that the first line is of another version of the protocol.
type VersionError struct{ V int }

// Error says which version.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the screen speaks version %d of the protocol, the runner version %d", e.V, Version)
}

// decodeHello reads the first line of a screen.
func decodeHello(line []byte) (Hello, error) {
	var first struct {
		Do string `json:"do"`
		V  int    `json:"v"`
	}
	if err := json.Unmarshal(line, &first); err != nil {
		return Hello{}, fmt.Errorf("read a hello: %w", err)
	}
	if first.Do == doHello && first.V != Version {
		return Hello{}, &VersionError{first.V}
	}
	r, err := decodeRequest(line)
	switch {
	case err != nil:
		return Hello{}, err
	case r.Do != doHello:
		return Hello{}, fmt.Errorf("the first request is %q and not a hello", safe.Show(r.Do))
	}
	return *r.Hello, nil
}

// decodeRequest reads a line of a screen.
func decodeRequest(line []byte) (request, error) {
	var r request
	if err := strict(line, &r); err != nil {
		return r, fmt.Errorf("read a request: %w", err)
	}
	only := request{Do: r.Do, ID: r.ID}
	switch r.Do {
	case doHello:
		only.ID, only.V, only.Hello = 0, r.V, r.Hello
		if r.V != Version || r.Hello == nil {
			return r, errors.New("read a request: the hello is not complete")
		}
	case doAnswer:
		only.Answer = r.Answer
		if r.Answer == nil {
			return r, errors.New("read a request: there is no answer")
		}
	case doFetch:
		only.Fetch = r.Fetch
		if r.Fetch == nil {
			return r, errors.New("read a request: nothing is to be fetched")
		}
	case doInterrupt:
		only.How = r.How
		switch r.How {
		case engine.StopSoon, engine.CancelNow, engine.Abandon, engine.GoOn:
		default:
			return r, fmt.Errorf("read a request: there is no interrupt %q", safe.Show(string(r.How)))
		}
	case doForce:
		only.How, only.Typed = r.How, r.Typed
	case doTake:
		only.Reason = r.Reason
	case doHere:
		only.ID = 0
	default:
		return r, fmt.Errorf("read a request: there is no request %q", safe.Show(r.Do))
	}
	switch hasID := r.Do != doHello && r.Do != doHere; {
	case r != only:
		return r, fmt.Errorf("read a request: %q has a field that it does not have", r.Do)
	case hasID && r.ID <= 0:
		return r, fmt.Errorf("read a request: %q has no id", r.Do)
	}
	return r, nil
}

// decodeMessage reads a line of a runner.
func decodeMessage(line []byte) (message, error) {
	var m message
	if err := strict(line, &m); err != nil {
		return m, fmt.Errorf("read a message: %w", err)
	}
	lacks := false
	switch m.Say {
	case sayWelcome:
		lacks = m.V != Version || m.Seat == ""
	case sayRefused:
		lacks = m.Why == ""
	case sayEvent:
		lacks = m.Event == nil || m.Event.Event == nil
	case sayReply:
		lacks = m.ID <= 0
	case sayStatus:
		lacks = m.Status == nil
	case sayEnd:
		lacks = m.End == nil
	default:
		return m, fmt.Errorf("read a message: there is no message %q", safe.Show(m.Say))
	}
	if lacks {
		return m, fmt.Errorf("read a message: %q is not complete", m.Say)
	}
	return m, nil
}

// strict decodes one JSON object without anything it does not know.
func strict(line []byte, v any) error {
	if !utf8.Valid(line) {
		return errors.New("it is not UTF-8")
	}
	if line = bytes.TrimSpace(line); len(line) == 0 || line[0] != '{' {
		return errors.New("it is not an object")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.InputOffset() != int64(len(line)) {
		return errors.New("something follows the object")
	}
	return nil
}

// encode writes a request or a message as a line.
func encode(v any) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(line, '\n'), nil
}

// errLong says that a line is longer than it may be.
var errLong = errors.New("a line is too long")

// readLine reads a line of at most limit bytes, and returns it without its line feed.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit {
			return nil, errLong
		}
		switch {
		case err == nil && line == nil:
			return bytes.Clone(part[:len(part)-1]), nil
		case err == nil:
			line = append(line, part...)
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if len(line)+len(part) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		line = append(line, part...)
	}
}
