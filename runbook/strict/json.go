package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A Spot is where something stands in a JSON document. It becomes a [Place] only
// for a problem: finding the places of everything would take too long.
type Spot int

// A JSON is a value in a JSON document together with its place.
type JSON struct {
	Raw json.RawMessage
	At  Spot
	doc *JSONDocument
}

// A Member is one key of a JSON object.
type Member struct {
	Key   string
	At    Spot // of the key
	Value JSON
}

// A JSONDocument collects everything that is wrong with a JSON document.
type JSONDocument struct {
	name string
	data []byte
	*Document
}

// ReadJSON checks that data is one JSON value in UTF-8 of at most [MaxSize]
// bytes. When it is not, the document has that problem and ok is false.
func ReadJSON(name string, data []byte) (doc *JSONDocument, root JSON, ok bool) {
	d := &JSONDocument{name, bytes.TrimPrefix(data, []byte("\ufeff")), newDocument(name, nil)}
	switch {
	case len(d.data) > MaxSize:
		d.refuse(Place{}, fmt.Sprintf("the document is larger than %d bytes", MaxSize), "split it")
		return d, JSON{}, false
	case !utf8.Valid(d.data):
		d.refuse(d.place(Spot(len(d.data)-len(trimValid(d.data)))), "a byte is not UTF-8", "save the file as UTF-8")
		return d, JSON{}, false
	case len(bytes.TrimSpace(d.data)) == 0:
		d.refuse(Place{}, "the document is empty", "write {} for nothing")
		return d, JSON{}, false
	}
	var raw json.RawMessage
	if err := json.Unmarshal(d.data, &raw); err != nil {
		at := Place{}
		if s := new(json.SyntaxError); errors.As(err, &s) {
			at = d.place(Spot(max(s.Offset-1, 0)))
		}
		d.refuse(at, "not JSON: "+err.Error(), "look at the commas, quotes and braces here and just before")
		return d, JSON{}, false
	}
	from := len(d.data) - len(bytes.TrimLeft(d.data, jsonBlank))
	return d, JSON{bytes.TrimRight(d.data[from:], jsonBlank), Spot(from), d}, true
}

const jsonBlank = " \t\r\n"

func trimValid(b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return b
		}
		b = b[n:]
	}
	return b
}

// place turns a spot into a line and a column in characters.
func (d *JSONDocument) place(at Spot) Place {
	before := d.data[:min(int(at), len(d.data))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return Place{bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[line:]) + 1}
}

// Say adds a problem at a spot.
func (d *JSONDocument) Say(at Spot, path, text, suggestion string) {
	if d.full() {
		d.more++
		return
	}
	d.report(d.place(at), path, text, suggestion)
}

// Members returns the keys of an object in their order. Keys that are there
// twice are reported and returned once. A value that is no object is reported,
// with what it should be.
func (v JSON) Members(path, want string) ([]Member, bool) {
	if v.Raw[0] != '{' {
		v.doc.Say(v.At, path, fmt.Sprintf("%s should be %s, not %s", orDocument(path), want, v.Kind()), "")
		return nil, false
	}
	var out []Member
	first := map[string]Spot{}
	v.each(func(dec *json.Decoder) {
		m := Member{At: v.next(dec)}
		key, _ := dec.Token()
		m.Key = fmt.Sprint(key)
		m.Value = v.item(dec)
		if at, twice := first[m.Key]; twice {
			hint := ""
			if !v.doc.full() {
				hint = fmt.Sprintf("the first one is on line %d; keep one", v.doc.place(at).Line)
			}
			v.doc.Say(m.At, under(path, m.Key), fmt.Sprintf("the key %q is there twice", m.Key), hint)
			return
		}
		first[m.Key] = m.At
		out = append(out, m)
	})
	return out, true
}

// Items returns the items of a list; a value that is no list is reported.
func (v JSON) Items(path, want string) ([]JSON, bool) {
	if v.Raw[0] != '[' {
		v.doc.Say(v.At, path, fmt.Sprintf("%s should be %s, not %s", orDocument(path), want, v.Kind()), "")
		return nil, false
	}
	var out []JSON
	v.each(func(dec *json.Decoder) { out = append(out, v.item(dec)) })
	return out, true
}

// Text returns a text; a value that is none is reported.
func (v JSON) Text(path, want string) (string, bool) {
	var s string
	if v.Raw[0] != '"' || json.Unmarshal(v.Raw, &s) != nil {
		v.doc.Say(v.At, path, fmt.Sprintf("%s should be %s, not %s", orDocument(path), want, v.Kind()), "")
		return "", false
	}
	return s, true
}

// Kind says in words what a value is.
func (v JSON) Kind() string {
	switch v.Raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	}
	return "a number"
}

// each calls f with a decoder that stands before each item or key. The document
// is known to be JSON, so nothing can fail.
func (v JSON) each(f func(*json.Decoder)) {
	dec := json.NewDecoder(bytes.NewReader(v.Raw))
	if _, err := dec.Token(); errors.Is(err, io.EOF) {
		return
	}
	for dec.More() {
		f(dec)
	}
}

// next returns where what the decoder reads next stands in the document.
func (v JSON) next(dec *json.Decoder) Spot {
	at := int(dec.InputOffset())
	rest := v.Raw[at:]
	return v.At + Spot(at+len(rest)-len(bytes.TrimLeft(rest, jsonBlank+",:")))
}

func (v JSON) item(dec *json.Decoder) JSON {
	from := v.next(dec)
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		raw = json.RawMessage("null")
	}
	return JSON{raw, from, v.doc}
}

func orDocument(path string) string {
	if path == "" {
		return "the document"
	}
	return strings.TrimSpace(path)
}
