package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of a document.
const (
	MaxSize  = 1 << 20  // bytes of the document
	MaxDepth = 32       // mappings and lists in one another
	MaxMarks = 20_000   // lines, items and keys together
	MaxText  = 64 << 10 // bytes of one value
	MaxKey   = 256      // bytes of one key
)

// File reads a file of at most [MaxSize] bytes. Only regular files are read: a
// pipe would make the program wait, and cannot be read twice.
func File(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, bare(err)
	}
	return data, nil
}

// bare takes the path out of an error of package os: callers name it themselves.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Read decodes data into dst, a pointer to a struct. The name is used in
// problems; start is the first line of a good document, for suggestions; spell
// turns a path into words for sentences, and nil leaves it as it is. Read never
// fails: what is wrong is in the document's problems, and dst holds what could
// be read.
func Read(name string, data []byte, start string, spell func(path string) string, dst any) *Document {
	d := newDocument(name, spell)
	d.read(data, start, dst)
	return d
}

func (d *Document) read(data []byte, start string, dst any) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !d.scan(data) {
		return
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	begin := fmt.Sprintf("begin it with %q", start)
	err := next(dec, &doc)
	switch {
	case errors.Is(err, io.EOF):
		d.refuse(Place{}, "the document is empty", begin)
		return
	case err != nil:
		d.syntax(err)
		return
	}
	switch err := next(dec, &second); {
	case err == nil:
		d.report(place(&second), "", "a second document starts here", "keep one document a file")
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return
	}
	root := doc.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.ShortTag() == nullTag:
		d.refuse(Place{}, "the document is empty", begin)
		return
	case root.Kind != yaml.MappingNode:
		d.refuse(place(root), "the document is "+describe(root)+" and not a mapping of keys", begin)
		return
	}
	if d.inspect(root, nil, 1); d.unusable {
		return
	}
	d.decodeDocument(root, dst)
}

// next reads one document. The library is known to have panicked on odd input;
// a document that makes it panic is refused like any other.
func next(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML reader gave up: %v", r)
		}
	}()
	return dec.Decode(n)
}

// scan looks at the bytes before the YAML library does: text that is no text,
// and documents that would cost too much.
func (d *Document) scan(data []byte) bool {
	if len(data) > MaxSize {
		d.refuse(Place{}, fmt.Sprintf("the document is larger than %d bytes", MaxSize), "split it")
		return false
	}
	line, column, marks := 1, 1, 0
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		after := byte('\n')
		if i+n < len(data) {
			after = data[i+n]
		}
		switch {
		case r == utf8.RuneError && n <= 1:
			d.refuse(Place{line, column}, fmt.Sprintf("the byte %#02x is not UTF-8", data[i]), "save the file as UTF-8")
			return false
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f, 0x80 <= r && r < 0xa0 && r != 0x85:
			d.refuse(Place{line, column}, fmt.Sprintf("the control character %U is not allowed", r), "remove it")
			return false
		case isBreak(r), strings.ContainsRune(",[{:?", r), r == '-' && (isBreak(rune(after)) || after == ' ' || after == '\t'):
			if marks++; marks > MaxMarks {
				d.refuse(Place{line, column}, fmt.Sprintf("the document has more than %d lines and items", MaxMarks), "split it")
				return false
			}
		}
		if column++; r == '\n' || r == '\r' && after != '\n' {
			line, column = line+1, 1
		}
		i += n
	}
	return true
}

// isBreak reports whether the YAML library ends a line at r.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// fromParser matches what the parser of the library says. It counts lines from 0
// in errors, its scanner from 1 (go.yaml.in/yaml/v3 v3.0.6, parser.fail).
var fromParser = regexp.MustCompile(`^(did not find expected (<|node content|'-' indicator|key|',' or)|found (undefined tag|duplicate %|incompatible YAML))`)

// syntax reports what the YAML library could not read.
func (d *Document) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	at := Place{1, 1}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
		if fromParser.MatchString(text) {
			at.Line++
		}
	}
	hint := "look at the indentation, colons and quotes here and on the line before"
	if strings.Contains(text, "max depth") {
		text, hint = fmt.Sprintf("more than %d levels of mappings and lists in one another", MaxDepth), "make it flatter"
	}
	if strings.Contains(text, "cannot start any token") {
		hint = "put the value in quotes, and indent with spaces, not with tabs"
	}
	if strings.Contains(text, "incompatible YAML document") {
		hint = "remove the line with %YAML"
	}
	d.refuse(at, "not YAML: "+text, hint)
}
