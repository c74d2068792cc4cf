package strict

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func problemsOf(t *testing.T, yaml string, dst any) string {
	t.Helper()
	err := Read("f", []byte(yaml), "a: 1", nil, dst).Err()
	if err == nil {
		return ""
	}
	var ps *Problems
	if !errors.As(err, &ps) || len(*ps) == 0 {
		t.Fatalf("error is %T", err)
	}
	return err.Error()
}

func TestRead_refusesWhatIsNotOneMapping(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"nothing", "", `f:1:1: the document is empty (begin it with "a: 1")`},
		{"blanks", " \n\n", `f:1:1: the document is empty (begin it with "a: 1")`},
		{"comments", "# x\n---\n# y\n", `f:1:1: the document is empty (begin it with "a: 1")`},
		{"text", "hello", `f:1:1: the document is text and not a mapping of keys (begin it with "a: 1")`},
		{"list", "- a", `f:1:1: the document is a list and not a mapping of keys (begin it with "a: 1")`},
		{"second document", "text: a\n---\ntext: b\n", "f:2:1: a second document starts here (keep one document a file)"},
		{"second document, empty", "text: a\n---\n", "f:2:1: a second document starts here (keep one document a file)"},
		{"syntax", "text: [a\n", "f:2:1: not YAML: did not find expected ',' or ']' (look at the indentation, colons and quotes here and on the line before)"},
		{"syntax further down", "list:\n  - text: a\n  - {text: b, text\nmap: {}\n", "f:3:1: not YAML: did not find expected ',' or '}' (look at the indentation, colons and quotes here and on the line before)"},
		{"dash", "list:\n  - text: a\n  text: b\n", "f:2:1: not YAML: did not find expected '-' indicator (look at the indentation, colons and quotes here and on the line before)"},
		{"indentation", "text: a\n  b: c\n", "f:2:1: not YAML: mapping values are not allowed in this context (look at the indentation, colons and quotes here and on the line before)"},
		{"tab", "text:\n\ta: b\n", "f:2:1: not YAML: found character that cannot start any token (put the value in quotes, and indent with spaces, not with tabs)"},
		{"latin 1", "text: caf\xe9\n", "f:1:10: the byte 0xe9 is not UTF-8 (save the file as UTF-8)"},
		{"UTF-16", "\xff\xfet\x00", "f:1:1: the byte 0xff is not UTF-8 (save the file as UTF-8)"},
		{"escape", "a:\ntext: \x1b[2J\n", "f:2:7: the control character U+001B is not allowed (remove it)"},
		{"C1", "text: é\u009b\n", "f:1:8: the control character U+009B is not allowed (remove it)"},
		{"anchor", "text: &x a\n", "f:1:7: the anchor &x is not allowed (write the value out where it is needed)"},
		{"alias", "text: &x a\nlist: *x\n", "f:1:7: the anchor &x is not allowed (write the value out where it is needed)\nf:2:7: the alias *x is not allowed (write the value out)"},
		{"merge", "a: {text: x}\n<<: {text: y}\n", "f:2:1: the merge key << is not allowed (write the keys out)"},
		{"tag", "text: !foo a\n", "f:1:7: the tag !foo is not allowed (remove it)"},
		{"core tag", "text: !!str 1\n", "f:1:7: the tag !!str is not allowed (remove it)"},
		{"directive", "%YAML 1.2\n---\ntext: a\n", "f:1:1: not YAML: found incompatible YAML document (remove the line with %YAML)"},
		{"tag directive", "%TAG !e! tag:example.org,2000:\n---\ntext: !e!x a\n", "f:3:7: the tag tag:example.org,2000:x is not allowed (remove it)"},
		{"tagged key", "!!str text: a\n", "f:1:1: a key with an anchor, an alias or a tag is not allowed (write the key out)"},
		{"list as key", "? [a]\n: b\n", "f:1:3: a key must be text, not a list"},
		{"number as key", "1: a\n", `f:1:1: the key "1" is read as a number and not as text (put it in quotes)`},
		{"duplicate", "text: a\nlist: []\ntext: b\n", `f:3:1: the key "text" is there twice (the first one is on line 1; keep one)`},
		{"duplicate below", "map:\n  x: {text: a, text: b}\n", `f:2:16: the key "text" is there twice (the first one is on line 2; keep one)`},
		{"long key", strings.Repeat("k", MaxKey+1) + ": 1\n", "f:1:1: a key is longer than 256 bytes (shorten it)"},
		{"long value", "text: " + strings.Repeat("k", MaxText+1) + "\n", "f:1:7: the value is longer than 65536 bytes (shorten it)"},
		{"deep", strings.Repeat("{a: ", MaxDepth) + "{}" + strings.Repeat("}", MaxDepth), "f:1:129: more than 32 levels of mappings and lists in one another (make it flatter)"},
		{"very deep", strings.Repeat("[", 15_000), "f:1:1: not YAML: more than 32 levels"},
		{"many lines", strings.Repeat("\n", MaxMarks+1), "f:20001:1: the document has more than 20000 lines and items (split it)"},
		{"large", strings.Repeat(" ", MaxSize+1), "f:1:1: the document is larger than 1048576 bytes (split it)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := problemsOf(t, tt.yaml, &tree{})
			if tt.name == "very deep" {
				if !strings.Contains(got, "more than 32 levels") {
					t.Errorf("got %s", got)
				}
				return
			}
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestRead_acceptsWhatIsHarmless(t *testing.T) {
	for name, yaml := range map[string]string{
		"byte order mark": "\ufefftext: a\n", "end mark": "text: a\n...\n", "start mark": "---\ntext: a\n",
		"carriage returns": "text: a\r\nlist: []\r\n", "yes": "text: yes\n", "no value": "a:\n", "nothing": "{}",
	} {
		if got := problemsOf(t, yaml, &tree{}); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestRead_makesProblemsInert(t *testing.T) {
	got := problemsOf(t, "\"te\\e[2Jxt\\u202e\": a\n", &tree{})
	if want := `f:1:1: unknown key "te\x1b[2Jxt\u202e" in the document (one of a, list, map, text)`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestRead_stopsCountingProblemsOneByOne(t *testing.T) {
	err := Read("f", []byte("list: ["+strings.Repeat("5,", 2*maxProblems)+"]"), "a: 1", nil, &tree{}).Err()
	var ps *Problems
	if !errors.As(err, &ps) || len(*ps) != maxProblems+1 {
		t.Fatalf("%d problems", len(*ps))
	}
	if last := (*ps)[maxProblems]; last.Text != "and 500 problems more" || last.Line != 1 {
		t.Errorf("the last one is %+v", last)
	}
}

func TestFile_readsOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "not a regular file", pipe: "not a regular file", filepath.Join(dir, "none"): "no such file or directory",
	} {
		if _, err := File(path); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 3*MaxSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := File(large); err != nil || len(b) != MaxSize+1 {
		t.Errorf("%d bytes of a large file were read: %v", len(b), err)
	}
}

func TestNearest_findsSlipsAndNothingElse(t *testing.T) {
	words := []string{"verify", "announce", "record_pin", "probes", "to"}
	for word, want := range map[string]string{
		"verfy": "verify", "Verify": "verify", "anounce": "announce", "record-pin": "record_pin", "porbes": "probes", "ot": "to",
		"terraform": "", "": "", "x": "", strings.Repeat("verify", 20): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("%q is nearest to %q, want %q", word, got, want)
		}
	}
}
