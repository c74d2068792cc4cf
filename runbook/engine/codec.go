package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// names maps the names of a closed set of types to the types. Values of the set
// travel as JSON together with the name.
func names[T any](values ...T) map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, v := range values {
		t := reflect.TypeOf(v)
		m[t.Name()] = t
	}
	return m
}

var events = names[Event](
	RunStarted{}, StepStarted{}, StepFinished{}, RoundStarted{}, Progressed{}, OutputWritten{}, Warned{},
	QuestionAsked{}, QuestionAnswered{}, QuestionWithdrawn{}, CommitChosen{}, PlanMade{}, ApplyStarted{},
	ResourceMoved{}, ApplyFinished{}, ProbeMeasured{}, VerifyMoved{}, AnnouncementSent{}, PinRecorded{},
	Recorded{}, Interrupted{}, Attended{}, RunFinished{},
)

var payloads = names[Payload](Candidates{}, Review{}, PlanReview{}, CureReview{}, Message{}, PinReview{}, Checklist{}, Failure{}, Settlement{})

var parts = names[Part](FileDiff{}, ResourceDetail{}, Order{}, CommitDetail{}, Others{})

// tagged is a value of a closed set with the name of its type.
type tagged struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

func tag(v any) (*tagged, error) {
	if v == nil {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &tagged{reflect.TypeOf(v).Name(), raw}, nil
}

func untag[T any](set map[string]reflect.Type, name string, raw json.RawMessage) (T, error) {
	var none T
	t, ok := set[name]
	if !ok {
		return none, fmt.Errorf("%q is not known here", name)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		return none, err
	}
	return v.Elem().Interface().(T), nil
}

// UnmarshalJSON reads an envelope that was written by encoding/json.
func (e *Envelope) UnmarshalJSON(b []byte) error {
	type plain Envelope
	var raw struct {
		plain
		Event json.RawMessage `json:"event"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	ev, err := untag[Event](events, raw.Type, raw.Event)
	if err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	*e = Envelope(raw.plain)
	e.Event = ev
	return nil
}

// MarshalJSON writes a question with the name of its payload's type.
func (q Question) MarshalJSON() ([]byte, error) {
	type plain Question
	p, err := tag(q.Payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		plain
		Payload *tagged `json:"payload"`
	}{plain(q), p})
}

// UnmarshalJSON reads a question. Check and Fetch stay where the engine is.
func (q *Question) UnmarshalJSON(b []byte) error {
	type plain Question
	var raw struct {
		plain
		Payload *tagged `json:"payload"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("read a question: %w", err)
	}
	*q = Question(raw.plain)
	if raw.Payload == nil {
		return nil
	}
	p, err := untag[Payload](payloads, raw.Payload.Type, raw.Payload.Value)
	if err != nil {
		return fmt.Errorf("read a question: %w", err)
	}
	q.Payload = p
	return nil
}

// EncodePart writes a part with the name of its type.
func EncodePart(p Part) ([]byte, error) {
	t, err := tag(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(t)
}

// DecodePart reads what EncodePart wrote.
func DecodePart(b []byte) (Part, error) {
	var t tagged
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("read a part: %w", err)
	}
	return untag[Part](parts, t.Type, t.Value)
}
