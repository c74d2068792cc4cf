package cureview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

const patch = `diff --git a/modules/crates-io/dns.tf b/modules/crates-io/dns.tf
--- a/modules/crates-io/dns.tf
+++ b/modules/crates-io/dns.tf
@@ -12,6 +12,14 @@ resource "dns_record" "weighted" {
   set_identifier = each.key
   weight         = each.value
 }
+
+removed {
+  from = dns_record.static
+
+  lifecycle {
+    destroy = false
+  }
+}
`

func cures() engine.CureReview {
	name := plan.Thing{Name: safe.Lit("static.crates.io CNAME"), DNS: true}
	length := forecast.Span{Min: 8 * time.Minute, Typical: 9*time.Minute + 58*time.Second, Max: 14 * time.Minute}
	dark := forecast.Outage{Thing: name, Verdict: forecast.Window, Length: length}
	swap := forecast.Outage{Thing: name, Verdict: forecast.Swap}
	return engine.CureReview{
		Commit: engine.Candidate{Short: "4b226e2"}, Branch: safe.Lit("lockstep/cure-4b226e2"),
		Cures: []forecast.Cure{
			{
				ID: "k1", Kind: forecast.CureForget, Title: safe.Lit("let Terraform forget dns_record.static instead of deleting it"), Thing: name,
				Why:   safe.Lit("The old object stays until the new record has overwritten it, so the name is never without one."),
				Patch: safe.Lines(patch), Files: safe.Lines("modules/crates-io/dns.tf"), Before: []forecast.Outage{dark}, Proved: true,
			},
			{
				ID: "k2", Kind: forecast.CureCreateFirst, Title: safe.Lit("make the new certificate before the old one goes"), Thing: name, Patch: safe.Lines(patch),
				Files: safe.Lines("modules/acm-certificate/main.tf"), Before: []forecast.Outage{dark}, After: []forecast.Outage{swap}, Dark: forecast.Span{Min: time.Second, Typical: 2 * time.Second, Max: 4 * time.Second}, Proved: true,
			},
			{
				ID: "k3", Kind: forecast.CureMoved, Title: safe.Lit("say that dns_record.static moved to dns_record.weighted"), Thing: name, Patch: safe.Lines(patch),
				Before: []forecast.Outage{dark}, After: []forecast.Outage{dark}, Problem: safe.Lit("The outage stays: set_identifier forces a replacement, old object first."),
			},
		},
	}
}

func asking(r engine.CureReview, said ...safe.Text) engine.Question {
	return engine.Question{Body: said, Payload: r}
}

func press(v *View, keys ...string) {
	for _, k := range keys {
		switch k {
		case "pgdown":
			v.Update(tea.KeyMsg{Type: tea.KeyPgDown})
		default:
			v.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
		}
	}
}

var sizes = []struct{ w, h int }{{120, 36}, {87, 30}, {80, 17}, {40, 8}}

func TestView_frames(t *testing.T) {
	for name, keys := range map[string][]string{"first": nil, "second": {"j"}, "refuted": {"j", "j"}, "scrolled": {"pgdown"}} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				v := New(look.New(false), asking(cures()))
				v.SetSize(size.w, size.h)
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

func TestView_whatWasNotPlannedIsNotKnown(t *testing.T) {
	r := cures()
	r.Cures[2].After = nil
	for _, w := range []int{120, 40} {
		v := New(look.New(false), asking(r))
		v.SetSize(w, 30)
		if f := ansi.Strip(v.View()); !strings.Contains(f, "→ not known") {
			t.Errorf("at %d:\n%s", w, f)
		}
	}
}

func TestItem_isTheCureUnderTheCursor(t *testing.T) {
	v := New(look.New(false), asking(cures()))
	v.SetSize(80, 20)
	for _, step := range []struct{ key, want string }{{"k", "k1"}, {"j", "k2"}, {"j", "k3"}, {"j", "k3"}, {"k", "k2"}} {
		press(v, step.key)
		if id, _, _ := v.Item(); id != step.want {
			t.Errorf("after %q: %q, want %q", step.key, id, step.want)
		}
	}
	if id, _, _ := New(look.New(false), asking(engine.CureReview{})).Item(); id != "" {
		t.Errorf("without cures: %q", id)
	}
}

func TestView_whatWasMadeOfACureIsToldAtEverySize(t *testing.T) {
	made := safe.Lit("The patch is in /srv/lockstep/production/patches/7f3a90e1-k1.patch. Review it, apply it with git apply, commit it, and deploy that commit.")
	for _, size := range sizes {
		v := New(look.New(false), asking(cures(), made))
		v.SetSize(size.w, size.h)
		exact(t, v.View(), size.w, size.h)
		seen := strings.Join(strings.Fields(ansi.Strip(v.View())), "")
		if !strings.Contains(seen, "Thepatchisin") {
			t.Errorf("at %dx%d the first page does not tell it:\n%s", size.w, size.h, v.View())
		}
		for range 10 {
			press(v, "pgdown")
			seen += strings.Join(strings.Fields(ansi.Strip(v.View())), "")
		}
		if !strings.Contains(seen, "7f3a90e1-k1.patch") {
			t.Errorf("at %dx%d the file is nowhere", size.w, size.h)
		}
	}
}

func TestView_everyLineOfThePatchCanBeReached(t *testing.T) {
	v := New(look.New(false), asking(cures()))
	v.SetSize(40, 8)
	seen := ""
	for range 40 {
		seen += ansi.Strip(v.View())
		press(v, "pgdown")
	}
	for _, want := range []string{"removed {", "from = dns_record.static", "destroy = false", "more below"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is nowhere", want)
		}
	}
}

func FuzzView_isExactlyItsSize(f *testing.F) {
	f.Add("jjkG gk", "\x1b[31m日本語\u202e", uint8(80), uint8(24))
	f.Add("jq", strings.Repeat("a🇩🇪각", 90), uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, keys, text string, w, h uint8) {
		if len(keys) > 40 || len(text) > 2000 {
			return
		}
		r := cures()
		r.Cures[1].Title, r.Cures[1].Patch, r.Cures[0].Why, r.Cures[2].Problem = safe.Show(text), safe.Lines(text), safe.Show(text), safe.Show(text)
		if len(text)%5 == 0 {
			r.Cures = nil
		}
		v := New(look.New(true), asking(r))
		v.SetSize(int(w), int(h))
		for i, k := range keys {
			press(v, string(k))
			if k == 'q' {
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
