package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth is how deep the objects and lists of a body may be nested.
const maxDepth = 64

// canonical returns the one spelling of a JSON value: no blanks, one way to
// write each string and number, keys in the order they came. It refuses a key
// that occurs twice in an object.
func canonical(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var b bytes.Buffer
	b.Grow(len(raw))
	if err := writeValue(&b, dec, 0); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return b.Bytes(), nil
}

// writeValue copies the next value of dec to b in canonical form.
func writeValue(b *bytes.Buffer, dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := tok.(type) {
	case json.Delim:
		if v == '{' {
			return writeObject(b, dec, depth)
		}
		return writeList(b, dec, depth)
	case string:
		return writeString(b, v)
	case json.Number:
		return writeNumber(b, v)
	case bool:
		fmt.Fprintf(b, "%t", v)
	case nil:
		b.WriteString("null")
	}
	return nil
}

func writeObject(b *bytes.Buffer, dec *json.Decoder, depth int) error {
	b.WriteByte('{')
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string)
		if seen[key] {
			return fmt.Errorf("the key %q occurs twice", key)
		}
		if len(seen) > 0 {
			b.WriteByte(',')
		}
		seen[key] = true
		if err := writeString(b, key); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeValue(b, dec, depth+1); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	_, err := dec.Token()
	return err
}

func writeList(b *bytes.Buffer, dec *json.Decoder, depth int) error {
	b.WriteByte('[')
	for first := true; dec.More(); first = false {
		if !first {
			b.WriteByte(',')
		}
		if err := writeValue(b, dec, depth+1); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	_, err := dec.Token()
	return err
}

// writeString writes a string as encoding/json does when it is not told to
// think of HTML.
func writeString(b *bytes.Buffer, s string) error {
	if isBare(s) {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return nil
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line feed that Encode adds
	return nil
}

// isBare reports whether s needs no escape.
func isBare(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// writeNumber writes an integer as it came and anything else as encoding/json
// writes that float64. There is no negative zero.
func writeNumber(b *bytes.Buffer, n json.Number) error {
	digits := []byte(n)
	if strings.ContainsAny(n.String(), ".eE") {
		f, err := n.Float64()
		if err != nil {
			return err
		}
		if digits, err = json.Marshal(f); err != nil {
			return err
		}
	}
	if string(digits) == "-0" {
		digits = digits[1:]
	}
	b.Write(digits)
	return nil
}

// A member is one entry of a JSON object.
type member struct {
	key   string
	value json.RawMessage
}

// members returns the entries of a JSON object in their order.
func members(raw []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	var out []member
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.key, _ = tok.(string)
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}
