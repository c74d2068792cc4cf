package export

import (
	"fmt"
	"io"
	"strings"

	"lockstep/runbook/safe"
)

// Markdown writes the report of a run as a document (GitHub's Markdown). The
// journal is given by its folder or its file, the run as for [Find].
func Markdown(w io.Writer, path, run string) error {
	s, err := open(path, run)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, bl := range newReport(s).tell().blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeMarkdown(&b, bl)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func writeMarkdown(b *strings.Builder, bl block) {
	switch bl := bl.(type) {
	case heading:
		fmt.Fprintf(b, "%s %s\n", strings.Repeat("#", bl.level), escape(bl.text))
	case paragraph:
		fmt.Fprintf(b, "%s\n", markdown(bl.text))
	case notice:
		fmt.Fprintf(b, "> **%s**\n", markdown(bl.text))
	case table:
		b.WriteString("| | |\n|---|---|\n")
		for _, r := range bl.rows {
			fmt.Fprintf(b, "| %s | %s |\n", cell(escape(r.name)), cell(markdown(r.value)))
		}
	case list:
		for _, i := range bl.items {
			fmt.Fprintf(b, "- %s\n", markdown(i))
		}
	case quote:
		fence := strings.Repeat("`", max(3, longestRun(bl.lines)+1))
		fmt.Fprintf(b, "%stext\n", fence)
		for _, l := range bl.lines {
			fmt.Fprintf(b, "%s\n", l)
		}
		fmt.Fprintf(b, "%s\n", fence)
	}
}

// markdown writes the pieces of a line.
func markdown(l inline) string {
	var b strings.Builder
	for i, s := range l {
		switch s.manner {
		case code:
			b.WriteString(codeSpan(s.text))
		case strong:
			// Emphasis does not close after a blank.
			text := strings.TrimRight(s.text.String(), " ")
			fmt.Fprintf(&b, "**%s**%s", escape(safe.Show(text)), s.text.String()[len(text):])
		default:
			text := escapeInner(s.text)
			if i == 0 {
				text = escape(s.text)
			}
			b.WriteString(text)
		}
	}
	return b.String()
}

// escape makes text stand for itself, at the start of a line too.
func escape(t safe.Text) string {
	s := escapeInner(t)
	if s == "" {
		return s
	}
	switch c := s[0]; {
	case strings.IndexByte("#+-=:", c) >= 0:
		return `\` + s
	case '0' <= c && c <= '9':
		// "1." and "1)" start a list.
		i := strings.IndexAny(s, ".)")
		if i > 0 && strings.Trim(s[:i], "0123456789") == "" && (i+1 == len(s) || s[i+1] == ' ') {
			return s[:i] + `\` + s[i:]
		}
	}
	return s
}

var escaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`,
	`<`, `\<`, `>`, `\>`, `|`, `\|`, `~`, `\~`, `&`, `\&`, `@`, `&#64;`, `://`, `&#58;//`, `www.`, `www&#46;`,
)

// escapeInner makes text stand for itself inside a line. Addresses and names of
// people do not turn into links or mentions either.
func escapeInner(t safe.Text) string { return escaper.Replace(t.String()) }

// codeSpan quotes text letter by letter.
func codeSpan(t safe.Text) string {
	s := t.String()
	fence := strings.Repeat("`", longestRun([]safe.Text{t})+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell makes a line fit for a table, where a bar ends the cell even in code.
func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\|`, `|`), `|`, `\|`)
}

// longestRun returns the length of the longest run of backticks.
func longestRun(lines []safe.Text) int {
	longest := 0
	for _, l := range lines {
		n := 0
		for _, c := range []byte(l.String()) {
			if c != '`' {
				n = 0
				continue
			}
			n++
			longest = max(longest, n)
		}
	}
	return longest
}
