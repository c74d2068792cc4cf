package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/redact"
)

// Attributes decodes the attributes of resource i of the model. It reads the
// file again, so it works as long as the file is there. It may be called by
// several goroutines.
func (f *File) Attributes(i int) ([]plan.Attribute, error) {
	if i < 0 || i >= len(f.spans) {
		return nil, fmt.Errorf("the plan has no resource %d", i)
	}
	rc, err := f.resource(f.spans[i])
	if err != nil {
		return nil, fmt.Errorf("read the attributes of %s: %w", f.Model.Resources[i].Address, err)
	}
	return f.attributes(rc.Change), nil
}

// resource decodes one element of resource_changes.
func (f *File) resource(s span) (*tfjson.ResourceChange, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw := make([]byte, s.end-s.start)
	if _, err := io.ReadFull(io.NewSectionReader(file, s.start, s.end-s.start), raw); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimLeft(raw, ", \t\r\n")))
	dec.UseNumber()
	var rc tfjson.ResourceChange
	if err := dec.Decode(&rc); err != nil {
		return nil, err
	}
	if rc.Change == nil {
		return nil, errors.New("it has no change")
	}
	return &rc, nil
}

func (f *File) attributes(c *tfjson.Change) []plan.Attribute {
	forces := replacePaths(c)
	var out []plan.Attribute
	walk(changeTrail(c), func(l leaf) {
		a := plan.Attribute{Path: f.net.Show(l.path), Unknown: l.unknown, Sensitive: l.sensitive, Same: l.same()}
		for _, p := range forces {
			a.Forces = a.Forces || under(l.path, p) || under(p, l.path)
		}
		if l.sensitive {
			a.Before, a.After = masked(l.before), masked(l.after)
		} else {
			a.Before, a.After = f.lines(l.before), f.lines(l.after)
		}
		if l.unknown {
			a.After = nil
		}
		out = append(out, a)
	})
	return out
}

func changeTrail(c *tfjson.Change) trail {
	return trail{
		before: c.Before, after: c.After, unknown: c.AfterUnknown,
		beforeSen: c.BeforeSensitive, afterSen: c.AfterSensitive,
	}
}

func replacePaths(c *tfjson.Change) []string {
	var out []string
	for _, p := range c.ReplacePaths {
		out = append(out, stepsPath(p))
	}
	return out
}

func masked(v any) []safe.Text {
	if v == nil {
		return nil
	}
	return []safe.Text{safe.Lit(redact.Sensitive)}
}

// lines writes a value for a person: text as it is, JSON inside of text and
// anything that is not flat indented, so that it can be compared line by line.
func (f *File) lines(v any) []safe.Text {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if v == "" {
			return []safe.Text{{}}
		}
		return f.net.Lines(pretty(v))
	case json.Number:
		return f.net.Lines(v.String())
	case bool:
		return []safe.Text{safe.Sprintf("%t", v)}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return []safe.Text{safe.Lit("(a value that cannot be shown)")}
	}
	return f.net.Lines(b.String())
}

// pretty indents a text that is a JSON object or list.
func pretty(s string) string {
	t := strings.TrimSpace(s)
	if !strings.HasPrefix(t, "{") && !strings.HasPrefix(t, "[") {
		return s
	}
	var b bytes.Buffer
	if json.Indent(&b, []byte(t), "", "  ") != nil {
		return s
	}
	return b.String()
}
