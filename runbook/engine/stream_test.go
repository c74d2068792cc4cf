package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"lockstep/runbook/safe"
)

func TestStream_aSlowSubscriberLosesNoStateAndIsToldWhatWasMerged(t *testing.T) {
	s := newStream(time.Now)
	events, cancel := s.subscribe()
	defer cancel()
	const lines = 3 * maxLoose
	for i := range lines {
		if i%100 == 0 {
			s.publish("a", Warned{safe.Sprintf("%d", i)})
		}
		s.publish("a", OutputWritten{Lines: []safe.Text{safe.Sprintf("%d", i)}})
	}
	s.close()
	warned, shown, dropped, last := 0, 0, 0, int64(0)
	for env := range events {
		if env.Seq <= last {
			t.Fatalf("event %d after %d", env.Seq, last)
		}
		last = env.Seq
		switch ev := env.Event.(type) {
		case Warned:
			warned++
		case OutputWritten:
			shown += len(ev.Lines)
			dropped += ev.Dropped
		}
	}
	if warned != (lines+99)/100 {
		t.Errorf("%d warnings arrived", warned)
	}
	if shown+dropped != lines || dropped == 0 {
		t.Errorf("%d lines shown and %d counted as dropped, of %d", shown, dropped, lines)
	}
}

func TestStream_aLateSubscriberSeesAllStateFromTheStart(t *testing.T) {
	s := newStream(time.Now)
	for range 10 {
		s.publish("a", Progressed{Done: 1})
		s.publish("a", Warned{})
	}
	s.close()
	events, cancel := s.subscribe()
	defer cancel()
	var got []string
	for env := range events {
		got = append(got, env.Type)
	}
	if len(got) != 11 {
		t.Errorf("got %q", got)
	}
}

func TestEnvelope_everyEventSurvivesJSON(t *testing.T) {
	for name, typ := range events {
		ev := reflect.New(typ).Elem().Interface().(Event)
		if name == "QuestionAsked" {
			ev = QuestionAsked{Question{ID: "q1", Payload: Review{Files: []ReviewFile{{Path: safe.Show("a\x1b")}}}}}
		}
		raw, err := json.Marshal(Envelope{Seq: 3, Type: name, Event: ev})
		if err != nil {
			t.Fatal(name, err)
		}
		var back Envelope
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(back.Event, ev) {
			t.Errorf("%s came back as %+v, was %+v", name, back.Event, ev)
		}
	}
}

func TestPart_survivesJSON(t *testing.T) {
	want := FileDiff{Hunks: []Hunk{{OldStart: 1, Lines: []DiffLine{{Op: '+', Text: safe.Show("x")}}}}, Added: 1}
	raw, err := EncodePart(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodePart(raw)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}
