package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// newBody returns a pointer to an empty body of the kind, and nil for a kind
// whose body this version does not know. ok is false for what is no kind at all.
func newBody(k Kind) (body any, ok bool) {
	switch k {
	case KindOpen:
		return new(OpenBody), true
	case KindStep:
		return new(StepBody), true
	case KindQuestion:
		return new(QuestionBody), true
	case KindDecision:
		return new(DecisionBody), true
	case KindIntent:
		return new(IntentBody), true
	case KindOutcome:
		return new(OutcomeBody), true
	case KindEvidence:
		return new(EvidenceBody), true
	case KindRefusal:
		return new(RefusalBody), true
	case KindRecovered:
		return new(RecoveredBody), true
	case KindClose:
		return new(CloseBody), true
	case KindLock:
		return new(LockBody), true
	case KindBind:
		return new(BindBody), true
	case KindResume:
		return new(ResumeBody), true
	case KindSeat:
		return new(SeatBody), true
	case KindApprove, KindSteal, KindCheckpoint:
		return nil, true
	}
	return nil, false
}

// encodeBody returns the canonical form of a body, which may be given as a
// value or by pointer.
func encodeBody(k Kind, body any) (json.RawMessage, error) {
	want, ok := newBody(k)
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no kind of record %q", k)
	case want == nil:
		return nil, fmt.Errorf("records of kind %q are not written by this version", k)
	}
	v := reflect.ValueOf(body)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	p := reflect.ValueOf(want)
	if !v.IsValid() || v.Type() != p.Type().Elem() {
		return nil, fmt.Errorf("a record of kind %q has a body of type %T", k, body)
	}
	p.Elem().Set(v)
	return marshalBody(want)
}

// marshalBody writes the body p points to, with [] and {} instead of null.
func marshalBody(p any) (json.RawMessage, error) {
	switch b := p.(type) {
	case *DecisionBody:
		if b.Acknowledged == nil {
			b.Acknowledged = []string{}
		}
	case *IntentBody:
		b.Facts = orEmpty(b.Facts)
	case *OutcomeBody:
		b.Facts = orEmpty(b.Facts)
	case *EvidenceBody:
		b.Facts = orEmpty(b.Facts)
	case *BindBody:
		b.Things = orEmpty(b.Things)
	case *ResumeBody:
		if b.Unsettled == nil {
			b.Unsettled = []int64{}
		}
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return canonical(raw)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// checkBody refuses a body that encodeBody would not have written, except that
// fields may be missing from it.
func checkBody(k Kind, raw json.RawMessage) error {
	body, ok := newBody(k)
	if !ok {
		return errors.New("there is no such kind")
	}
	if len(raw) == 0 || raw[0] != '{' {
		return errors.New("not an object")
	}
	if body == nil {
		return isCanonical(raw)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(body); err != nil {
		return shorten(err)
	}
	again, err := marshalBody(body)
	if err != nil {
		return err
	}
	if bytes.Equal(raw, again) {
		return nil
	}
	if err := isCanonical(raw); err != nil {
		return err
	}
	return isPart(raw, again)
}

func isCanonical(raw []byte) error {
	again, err := canonical(raw)
	if err != nil {
		return err
	}
	if at := firstDifference(raw, again); at >= 0 {
		return fmt.Errorf("not in canonical form from byte %d on", at+1)
	}
	return nil
}

// isPart reports whether the fields of the object raw all occur in the object
// full, in the same order and with the same values.
func isPart(raw, full []byte) error {
	some, err := members(raw)
	if err != nil {
		return err
	}
	all, err := members(full)
	if err != nil {
		return err
	}
	for _, m := range some {
		for len(all) > 0 && all[0].key != m.key {
			all = all[1:]
		}
		if len(all) == 0 {
			return fmt.Errorf("the field %q is misplaced or unknown", m.key)
		}
		if !bytes.Equal(all[0].value, m.value) {
			return fmt.Errorf("the field %q is not in canonical form", m.key)
		}
	}
	return nil
}
