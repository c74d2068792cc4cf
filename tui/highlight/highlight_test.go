package highlight

import (
	"strings"
	"testing"

	"lockstep/runbook/safe"
	"lockstep/tui/look"
	"lockstep/tui/rows"
)

// words names the styled parts of a line, for comparing.
func words(st look.Styles, t safe.Text, spans []rows.Span) string {
	names := map[look.Style]string{st.Keyword: "keyword", st.String: "string", st.Comment: "comment", st.Number: "number", st.Name: "name"}
	var out []string
	for _, s := range spans {
		out = append(out, names[s.Style]+":"+t.String()[s.From:s.To])
	}
	return strings.Join(out, " ")
}

func TestLines_namesTheWordsOfTerraform(t *testing.T) {
	st := look.New(true)
	x := For(st, safe.Lit("modules/crates-io/main.tf"))
	lines := safe.Lines("resource \"dns\" \"a\" {\n  ttl = 300 # short\n  on = true\n}")
	got := x.Lines(nil, lines)
	for i, want := range []string{
		`keyword:resource string:" string:dns string:" string:" string:a string:"`,
		"name:ttl number:300 comment: # short",
		"name:on keyword:true",
		"",
	} {
		if g := words(st, lines[i], got[i]); g != want {
			t.Errorf("line %d: %s, want %s", i, g, want)
		}
	}
}

func TestLines_contextCarriesACommentIntoTheLines(t *testing.T) {
	st := look.New(true)
	x := For(st, safe.Lit("main.tf"))
	lines := safe.Lines("still a comment\n*/\nttl = 1")
	with := x.Lines(safe.Lines("/* begins here"), lines)
	if got := words(st, lines[0], with[0]); got != "comment:still a comment" {
		t.Errorf("inside the comment: %q", got)
	}
	if got := words(st, lines[2], with[2]); got != "name:ttl number:1" {
		t.Errorf("after the comment: %q", got)
	}
}

func TestFor_knowsTheFilesOfAnInfrastructureRepository(t *testing.T) {
	for name, known := range map[string]bool{
		"main.tf": true, "prod.tfvars": true, ".terraform.lock.hcl": true, "x.tf.json": true, "deploy.yaml": true,
		"run.sh": true, "README.md": true, "Dockerfile": true, "deployed-ref": false, "go.mod": false, "": false,
	} {
		if got := For(look.New(true), safe.Show(name)) != nil; got != known {
			t.Errorf("%q: known is %v, want %v", name, got, known)
		}
	}
}

func TestLines_leavesAVeryLongLineAlone(t *testing.T) {
	x := For(look.New(true), safe.Lit("a.json"))
	long := safe.Show(`{"a": "` + strings.Repeat("x", Longest) + `"}`)
	got := x.Lines(nil, []safe.Text{long, safe.Lit(`{"b": 1}`)})
	if len(got[0]) != 0 {
		t.Error("a very long line is coloured")
	}
	if len(got[1]) == 0 {
		t.Error("the line after a very long one is not coloured")
	}
}

func FuzzLines_spansStayInsideTheirLine(f *testing.F) {
	f.Add("main.tf", "a = <<EOT\nx ${y}\nEOT\n\xff\x1b[31m日本語")
	f.Add("a.yaml", "a: &b |\n  x\n- *b\n\t'")
	f.Add("a.sh", "cat <<'E'\n$((1))\nE\n\"")
	f.Fuzz(func(t *testing.T, name, text string) {
		x := For(look.New(true), safe.Show(name))
		if x == nil || len(text) > 4096 {
			return
		}
		lines := safe.Lines(text)
		for i, spans := range x.Lines(lines[:len(lines)/2], lines) {
			at := 0
			for _, s := range spans {
				if s.From < at || s.To <= s.From || s.To > len(lines[i].String()) {
					t.Fatalf("line %q: span %d–%d after %d", lines[i], s.From, s.To, at)
				}
				at = s.To
			}
		}
	})
}

func BenchmarkLines_oneScreen(b *testing.B) {
	x := For(look.New(true), safe.Lit("main.tf"))
	var lines []safe.Text
	for range 12 {
		lines = append(lines, safe.Lines("resource \"dns_record\" \"static\" {\n  name = \"static.crates.io\"\n  ttl  = 300\n}")...)
	}
	for b.Loop() {
		x.Lines(nil, lines)
	}
}
