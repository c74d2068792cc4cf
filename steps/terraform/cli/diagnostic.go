package cli

import (
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/safe"
	"lockstep/steps/terraform/redact"
)

// Describe writes a diagnostic for a person: severity and summary, where it is,
// the source lines with the place marked, what the expressions there hold, and
// the detail. Values of variables are left out.
func Describe(d *tfjson.Diagnostic, net *redact.Net) []safe.Text {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", d.Severity, d.Summary)
	if d.Address != "" {
		fmt.Fprintf(&b, "  with %s\n", d.Address)
	}
	if d.Range != nil {
		fmt.Fprintf(&b, "  on %s line %d", d.Range.Filename, d.Range.Start.Line)
		if s := d.Snippet; s != nil && s.Context != nil {
			fmt.Fprintf(&b, ", in %s", *s.Context)
		}
		b.WriteString(":\n")
	}
	if s := d.Snippet; s != nil {
		snippet(&b, s)
	}
	if d.Detail != "" {
		b.WriteString("\n" + d.Detail + "\n")
	}
	return net.Lines(b.String())
}

func snippet(b *strings.Builder, s *tfjson.DiagnosticSnippet) {
	for i, line := range strings.Split(s.Code, "\n") {
		fmt.Fprintf(b, "  %4d: %s\n", s.StartLine+i, line)
		if i == 0 {
			if m := marker(line, s.HighlightStartOffset, s.HighlightEndOffset); m != "" {
				fmt.Fprintf(b, "        %s\n", m)
			}
		}
	}
	for _, v := range s.Values {
		if v.Traversal != "var" && !strings.HasPrefix(v.Traversal, "var.") {
			fmt.Fprintf(b, "    %s %s\n", v.Traversal, v.Statement)
		}
	}
}

// marker underlines the bytes from start to end of a line.
func marker(line string, start, end int) string {
	end = min(end, len(line))
	if start < 0 || start >= end {
		return ""
	}
	lead := strings.Map(func(r rune) rune {
		if r == '\t' {
			return '\t'
		}
		return ' '
	}, line[:start])
	return lead + strings.Repeat("^", len([]rune(line[start:end])))
}

// describeAll writes diagnostics one after the other, errors first.
func describeAll(ds []*tfjson.Diagnostic, net *redact.Net) []safe.Text {
	var out []safe.Text
	for _, errs := range []bool{true, false} {
		for _, d := range ds {
			if (d.Severity == tfjson.DiagnosticSeverityError) != errs {
				continue
			}
			if len(out) > 0 {
				out = append(out, safe.Text{})
			}
			out = append(out, Describe(d, net)...)
		}
	}
	return out
}
