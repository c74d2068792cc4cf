package attach

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"lockstep/runbook/engine"
)

func TestServe_rejectsWhatIsNotTheProtocol(t *testing.T) {
	const hello = `{"do":"hello","v":1,"hello":{"operator":"ana"}}`
	tr := serve(t, Options{})
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"no hello":            {[]string{`{"do":"here"}`}, `the first request is "here" and not a hello`},
		"another version":     {[]string{`{"do":"hello","v":2,"hi":true}`}, "the screen speaks version 2 of the protocol, the runner version 1"},
		"no version":          {[]string{`{"do":"hello"}`}, "the screen speaks version 0 of the protocol, the runner version 1"},
		"a second hello":      {[]string{hello, hello}, "read a request: a second hello"},
		"a foreign field":     {[]string{hello, `{"do":"here","sudo":1}`}, `read a request: json: unknown field "sudo"`},
		"a field of another":  {[]string{hello, `{"do":"take","id":1,"how":"kill"}`}, `read a request: "take" has a field that it does not have`},
		"no id":               {[]string{hello, `{"do":"take"}`}, `read a request: "take" has no id`},
		"no answer":           {[]string{hello, `{"do":"answer","id":1}`}, "read a request: there is no answer"},
		"nothing to fetch":    {[]string{hello, `{"do":"fetch","id":1}`}, "read a request: nothing is to be fetched"},
		"an unknown request":  {[]string{hello, `{"do":"sing"}`}, `read a request: there is no request "sing"`},
		"a forcing interrupt": {[]string{hello, `{"do":"interrupt","id":1,"how":"kill"}`}, `read a request: there is no interrupt "kill"`},
		"no JSON":             {[]string{hello, `hello`}, "read a request: it is not an object"},
		"two objects":         {[]string{hello, `{"do":"here"} {"do":"here"}`}, "read a request: something follows the object"},
		"no UTF-8":            {[]string{hello, "{\"do\":\"\xff\"}"}, "read a request: it is not UTF-8"},
		"too long":            {[]string{hello, strings.Repeat("x", maxRequest)}, errLong.Error()},
	} {
		conn, r := raw(t, tr.path)
		go func() {
			// The runner may close before it has read all of it.
			io.WriteString(conn, strings.Join(c.lines, "\n")+"\n")
		}()
		var m message
		for m.Say != sayRefused {
			line, err := readLine(r, maxMessage)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if m, err = decodeMessage(line); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if m.Why != c.want || m.V != Version || m.Lockstep != "test" {
			t.Errorf("%s: %+v", name, m)
		}
		if _, err := r.ReadByte(); err == nil {
			t.Errorf("%s: it goes on", name)
		}
	}
}

func TestReadLine_hasALimit(t *testing.T) {
	for text, want := range map[string]error{
		"\n": nil, "abc\n": nil, strings.Repeat("x", 99) + "\n": nil,
		strings.Repeat("x", 100) + "\n": errLong, strings.Repeat("x", 1000): errLong, "abc": io.ErrUnexpectedEOF, "": io.EOF,
	} {
		line, err := readLine(bufio.NewReaderSize(strings.NewReader(text), 16), 100)
		if !errors.Is(err, want) || err == nil && string(line)+"\n" != text {
			t.Errorf("%q: %q, %v", text, line, err)
		}
	}
}

// What a runner takes from a screen is one spelling of a request that it knows.
func FuzzDecodeRequest(f *testing.F) {
	for _, r := range []request{
		{Do: doHello, V: Version, Hello: &Hello{Operator: "ana", Watch: true}},
		{Do: doAnswer, ID: 1, Answer: &engine.Answer{Question: "q1", Acknowledge: []string{"a"}}},
		{Do: doFetch, ID: 2, Fetch: &engine.Request{What: "file", Index: 3}},
		{Do: doInterrupt, ID: 3, How: engine.GoOn},
		{Do: doForce, ID: 4, How: engine.Kill, Typed: "kill"},
		{Do: doTake, ID: 5, Reason: "because"},
		{Do: doHere},
	} {
		line, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		h, herr := decodeHello(line)
		r, err := decodeRequest(line)
		if err != nil {
			return
		}
		if herr == nil && (r.Do != doHello || h != *r.Hello) {
			t.Fatalf("a hello that is none: %q", line)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		r2, err := decodeRequest(again)
		if err != nil {
			t.Fatalf("%q was taken and %q is not: %v", line, again, err)
		}
		if b, _ := json.Marshal(r2); !bytes.Equal(b, again) {
			t.Fatalf("%q became %q", again, b)
		}
	})
}

// What a screen takes from a runner is something that it knows.
func FuzzDecodeMessage(f *testing.F) {
	for _, m := range []message{
		{Say: sayWelcome, V: Version, Run: "r1", Seat: "s1", Seq: 4},
		{Say: sayRefused, V: 2, Why: "no"},
		{Say: sayEvent, Event: &engine.Envelope{Seq: 1, Type: "Warned", Event: engine.Warned{}}},
		{Say: sayEvent, Event: &engine.Envelope{Seq: 1, Type: "QuestionAsked", Event: engine.QuestionAsked{Question: engine.Question{Payload: engine.Checklist{}}}}},
		{Say: sayReply, ID: 1, Refused: "no"},
		{Say: sayReply, ID: 1, Part: json.RawMessage(`{"type":"Order","value":{}}`)},
		{Say: sayStatus, Status: &Status{}},
		{Say: sayEnd, End: &Ending{Result: engine.OK}},
	} {
		line, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := decodeMessage(line)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeMessage(again); err != nil {
			t.Fatalf("%q was taken and %q is not: %v", line, again, err)
		}
		if len(m.Part) > 0 {
			engine.DecodePart(m.Part) // must not panic
		}
		_ = m.asError()
	})
}
