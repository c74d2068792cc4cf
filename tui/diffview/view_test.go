package diffview

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// hunk makes a hunk from lines that begin with their sign.
func hunk(old, new int, text string) engine.Hunk {
	h := engine.Hunk{OldStart: old, NewStart: new}
	for _, t := range safe.Lines(text) {
		l := engine.DiffLine{Op: t.String()[0], Text: safe.Show(t.String()[1:])}
		if l.Op == ' ' || l.Op == '-' {
			h.OldLines++
		}
		if l.Op == ' ' || l.Op == '+' {
			h.NewLines++
		}
		h.Lines = append(h.Lines, l)
	}
	return h
}

// weighted is the commit of the incident: a second record beside the old one,
// under another address.
func weighted() (engine.Review, map[string]engine.FileDiff) {
	files := []engine.ReviewFile{
		{Path: safe.Lit("modules/crates-io/cloudfront-static.tf"), Status: engine.FileModified, Added: -1, Removed: -1},
		{Path: safe.Lit("modules/crates-io/dns.tf"), Status: engine.FileAdded, Added: -1, Removed: -1},
		{Path: safe.Lit("modules/acm-certificate/logo.png"), Status: engine.FileModified, Added: -1, Removed: -1, Unreviewable: safe.Lit("binary, 48 KiB")},
		{Path: safe.Lit("environments/production/terraform.tfvars"), Status: engine.FileModified, Input: true, Added: -1, Removed: -1},
	}
	diffs := map[string]engine.FileDiff{
		files[0].Path.String(): {Added: 8, Removed: 10, Hunks: []engine.Hunk{
			hunk(12, 12, ` resource "distribution" "static" {
   provider = cdn.eu
   enabled  = true
-  aliases  = [var.static_domain_name]
+  aliases  = concat([var.static_domain_name], local.cdn_names) # both CDNs answer
   viewer_certificate {
-    certificate = certificate.static.id
+    certificate = certificate.static_v2.id
     minimum_protocol_version = "TLSv1.2_2021"
   }
 }`),
			hunk(58, 58, ` # The record that every cargo in the world asks for.
-resource "dns_record" "static" {
-  zone = data.zone.crates_io.id
-  name = var.static_domain_name
-  type = "CNAME"
-  ttl  = 300
-
-  value = distribution.static.domain_name
-}
+resource "dns_record" "weighted" {
+  for_each = { cloudfront = 100, fastly = 0 }
+  zone     = data.zone.crates_io.id
+  name     = var.static_domain_name
+  weight   = each.value
+}
 
 data "zone" "crates_io" {
   name = "crates.io"
\ no line feed at the end`),
		}},
		files[1].Path.String(): {Added: 3, Hunks: []engine.Hunk{hunk(0, 1, "+locals {\n+  cdn_names = [for n in [\"cloudfront\", \"fastly\"] : \"${n}-static.${var.domain_name}\"]\n+}")}},
		files[3].Path.String(): {Added: 1, Removed: 1, Hunks: []engine.Hunk{hunk(3, 3, " domain_name = \"crates.io\"\n-static_ttl = 3600\n+static_ttl = 300\n")}},
	}
	return engine.Review{
		From: engine.Candidate{Short: "35e2041"}, To: engine.Candidate{Short: "4b226e2"}, Files: files,
		Hazards: []safe.Text{safe.Lit("4b226e2 re-creates the certificate: issuing it takes about ten minutes, and what refers to it waits")},
	}, diffs
}

// drive runs a pane as the frame does: commands at once, their messages back.
func drive(v *View, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			drive(v, c)
		}
	case nil:
	default:
		drive(v, v.Update(msg))
	}
}

func press(v *View, keys ...string) {
	for _, k := range keys {
		drive(v, v.Update(key(k)))
	}
}

func key(name string) tea.KeyMsg {
	for t, n := range map[tea.KeyType]string{
		tea.KeyEnter: "enter", tea.KeyEsc: "esc", tea.KeyTab: "tab", tea.KeyUp: "up", tea.KeyDown: "down",
		tea.KeyPgUp: "pgup", tea.KeyPgDown: "pgdown", tea.KeyHome: "home", tea.KeyEnd: "end", tea.KeyBackspace: "backspace",
	} {
		if n == name {
			return tea.KeyMsg{Type: t}
		}
	}
	if name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func open(t testing.TB, w, h int) *View {
	t.Helper()
	r, diffs := weighted()
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskReview, Payload: r}, fetcher(r, diffs))
	v.SetSize(w, h)
	drive(v, v.Init())
	return v
}

func fetcher(r engine.Review, diffs map[string]engine.FileDiff) look.Fetcher {
	return func(q engine.Request) tea.Cmd {
		return func() tea.Msg {
			d, ok := diffs[r.Files[q.Index].Path.String()]
			if !ok {
				return look.FetchedMsg{Request: q, Err: errors.New("object 9f2c not found")}
			}
			return look.FetchedMsg{Request: q, Part: d}
		}
	}
}

var sizes = []struct{ w, h int }{{120, 40}, {80, 24}, {40, 12}}

func TestView_frames(t *testing.T) {
	for name, keys := range map[string][]string{
		"modified":     {"N", "N"},
		"viewed":       {"v", "v", "n"},
		"unreviewable": {"v"},
		"wrapped":      {"N", "N", "w"},
		"sideBySide":   {"N", "N", "s"},
		"search":       {"N", "N", "/", "v", "a", "r", "enter"},
		"hazards":      {"h", " "},
		"files":        {"t"},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				v := open(t, size.w, size.h)
				press(v, keys...)
				exact(t, v.View(), size.w, size.h)
				golden.RequireEqual(t, v.View())
			})
		}
	}
}

func exact(t testing.TB, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), h, frame)
	}
	for i, l := range lines {
		if got := ansi.StringWidth(l); got != w {
			t.Fatalf("line %d is %d cells wide, want %d: %q", i, got, w, l)
		}
	}
}

func TestReady_wantsEveryFileViewedAndEveryHazardRead(t *testing.T) {
	v := open(t, 120, 40)
	if ok, why := v.Ready(); ok || why != safe.Lit("4 files not viewed, 1 hazard not read") {
		t.Fatalf("at first: %v, %q", ok, why)
	}
	press(v, "v", "v", "v", "v")
	if ok, why := v.Ready(); ok || why != safe.Lit("1 hazard not read") {
		t.Fatalf("with all files viewed: %v, %q", ok, why)
	}
	press(v, "h", " ")
	if ok, why := v.Ready(); !ok || !why.IsEmpty() {
		t.Fatalf("with all read: %v, %q", ok, why)
	}
	if got, want := strings.Join(v.Acknowledged(), "|"), "file modules/crates-io/cloudfront-static.tf|file modules/crates-io/dns.tf|"+
		"file modules/acm-certificate/logo.png|file environments/production/terraform.tfvars|hazard 1"; got != want {
		t.Errorf("acknowledged %s, want %s", got, want)
	}
	press(v, " ", "esc", "u")
	if ok, why := v.Ready(); ok || why != safe.Lit("1 file not viewed, 1 hazard not read") {
		t.Errorf("after taking two back: %v, %q", ok, why)
	}
}

func TestMark_refusesAFileThatIsNotThere(t *testing.T) {
	r, _ := weighted()
	v := New(look.New(false), engine.Question{ID: "q1", Payload: r}, fetcher(r, nil))
	v.SetSize(80, 24)
	cmd := v.Init()
	v.Update(key("v"))
	if v.viewed() != 0 || !strings.Contains(v.View(), "not read yet") {
		t.Errorf("a file that is still being read was marked:\n%s", v.View())
	}
	drive(v, cmd)
	press(v, "v")
	if v.viewed() != 0 || !strings.Contains(v.View(), "object 9f2c not found") {
		t.Errorf("a file that could not be read was marked:\n%s", v.View())
	}
	if !strings.Contains(fmt.Sprint(v.Keys()), "could not be read") {
		t.Errorf("the key does not say why it does not work: %v", v.Keys())
	}
}

func TestRetry_fetchesAFailedFileAgain(t *testing.T) {
	r, diffs := weighted()
	broken := true
	good := fetcher(r, diffs)
	v := New(look.New(false), engine.Question{ID: "q1", Payload: r}, func(q engine.Request) tea.Cmd {
		if broken {
			return func() tea.Msg { return look.FetchedMsg{Request: q, Err: errors.New("lost\x1b[2J")} }
		}
		return good(q)
	})
	v.SetSize(80, 24)
	drive(v, v.Init())
	if strings.Contains(v.View(), "\x1b[2J") || !strings.Contains(v.View(), `\x1b[2J`) {
		t.Errorf("the error is not shown inert:\n%q", v.View())
	}
	broken = false
	press(v, "r", "v")
	if v.viewed() != 1 {
		t.Errorf("the file was not read again:\n%s", v.View())
	}
}

func TestPair_putsRemovedBesideAdded(t *testing.T) {
	h := hunk(1, 1, " a\n-b\n-c\n+B\n d\n-e\n\\ note\n+E\n+F")
	var got []string
	for _, r := range pair(nil, h.Lines, 0) {
		side := func(i int32) string {
			if i < 0 {
				return "·"
			}
			return h.Lines[i].Text.String()
		}
		got = append(got, side(r.left)+"|"+side(r.right))
	}
	if s := strings.Join(got, " "); s != "a|a b|B c|· d|d e|E  note|F" {
		t.Errorf("paired %s", s)
	}
}

func FuzzView_isExactlyItsSize(f *testing.F) {
	f.Add("vvnN/var\rwst\t h jk", "main.tf", "x = 1\n\x1b[31m日本語\t\u202e", uint8(100), uint8(30))
	f.Add("s\x0bG", "a/b/c/日本.yaml", strings.Repeat("a🇩🇪각", 90), uint8(33), uint8(7))
	f.Fuzz(func(t *testing.T, keys, name, text string, w, h uint8) {
		if len(keys) > 60 || len(text) > 2000 {
			return
		}
		r, diffs := weighted()
		for i, f := range r.Files {
			// Colours have a fuzz test of their own and are slow.
			r.Files[i].Path = safe.Show(f.Path.String() + ".none")
			diffs[r.Files[i].Path.String()] = diffs[f.Path.String()]
		}
		r.Files = append(r.Files, engine.ReviewFile{Path: safe.Show(name), Added: -1, Removed: -1})
		r.Hazards = append(r.Hazards, safe.Show(text))
		var hk engine.Hunk
		for i, l := range safe.Lines(text) {
			hk.Lines = append(hk.Lines, engine.DiffLine{Op: " +-\\"[i%4], Text: l})
		}
		diffs[safe.Show(name).String()] = engine.FileDiff{Hunks: []engine.Hunk{hk}}
		v := New(look.New(true), engine.Question{ID: "q1", Payload: r}, fetcher(r, diffs))
		v.SetSize(int(w), int(h))
		drive(v, v.Init())
		names := []string{"enter", "esc", "tab", "up", "down", "pgup", "pgdown", "home", "end", "backspace"}
		for i, k := range keys {
			if k < 32 {
				press(v, names[int(k)%len(names)])
			} else {
				press(v, string(k))
			}
			if k == 'z' {
				w, h = h, w+uint8(i)
				v.SetSize(int(w), int(h))
			}
			v.Keys()
			if w > 0 && h > 0 {
				exact(t, v.View(), int(w), int(h))
			}
		}
	})
}
