package planview

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// incident is the plan that took static.crates.io down, and its parts.
func incident() (engine.PlanReview, map[engine.Request]engine.Part) {
	p := plan.Plan{
		Digest: "9f2c41ab02de77c1a5f0", Terraform: "1.11.4", Serial: 118, Applyable: true, Complete: true,
		Outputs: []safe.Text{safe.Lit("static_certificate_arn")},
		Resources: []plan.ResourceChange{
			{Index: 0, Address: safe.Lit("certificate.static"), Action: plan.DeleteThenCreate, Replaces: []string{"subject_alternative_names"}, Changed: 4},
			{Index: 1, Address: safe.Lit("distribution.static"), Action: plan.Update, Changed: 2},
			{Index: 2, Address: safe.Lit("dns_record.static"), Action: plan.Delete, Reason: safe.Lit("its block is gone from the configuration")},
			{Index: 3, Address: safe.Lit(`dns_record.weighted["cloudfront"]`), Action: plan.Create},
		},
		Drift: []plan.ResourceChange{{Address: safe.Lit("bucket.logs"), Action: plan.Update, Changed: 1}},
	}
	review := engine.PlanReview{
		Commit: engine.Candidate{Short: "4b226e2", Subject: safe.Lit("Weighted records for the second CDN")},
		Plan:   p, Round: 1,
		Changes: []plan.Change{
			{ID: "c1", Title: safe.Lit("certificate.static and its validation"), Why: safe.Lit("Everything else waits for it, and issuing it takes longest; nothing that users see is touched yet."), Members: []int{0}, Destroys: true},
			{ID: "c2", Title: safe.Lit("distribution.static"), Why: safe.Lit("It needs the new certificate."), Members: []int{1}},
			{ID: "c3", Title: safe.Lit("dns_record.weighted, then dns_record.static"), Why: safe.Lit("One live name under two addresses: the new record comes first, the old one goes last."), Members: []int{3, 2}, Destroys: true},
		},
		Hazards: []plan.Hazard{
			{Code: plan.NameHandover, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("The record of static.crates.io is deleted at this address and made again at another one. Until then the name does not resolve.")},
			{Code: plan.ReplaceInUse, Address: safe.Lit("certificate.static"), Accept: true, Text: safe.Lit("The certificate is deleted before the new one exists.")},
			{Code: plan.DriftFound, Address: safe.Lit("bucket.logs"), Text: safe.Lit("It was changed outside Terraform and will be changed back.")},
		},
	}
	line := func(s string) []safe.Text { return safe.Lines(s) }
	parts := map[engine.Request]engine.Part{
		{Question: "q1", What: "resource", Index: 0}: engine.ResourceDetail{Attributes: []plan.Attribute{
			{Path: safe.Lit("domain_name"), Before: line("static.crates.io"), After: line("static.crates.io"), Same: true},
			{Path: safe.Lit("id"), Before: line("arn:acm:7d1f"), Unknown: true},
			{Path: safe.Lit("subject_alternative_names"), Before: line("[\n  \"static.crates.io\",\n]"), After: line("[\n  \"static.crates.io\",\n  \"cloudfront-static.crates.io\",\n  \"fastly-static.crates.io\",\n]"), Forces: true},
			{Path: safe.Lit("private_key"), Sensitive: true},
			{Path: safe.Lit("tags.Environment"), Before: line("production"), After: line("production"), Same: true},
		}},
		{Question: "q1", What: "resource", Index: 1}: engine.ResourceDetail{Attributes: []plan.Attribute{
			{Path: safe.Lit("aliases[1]"), After: line("cloudfront-static.crates.io")},
			{Path: safe.Lit("certificate"), Before: line("arn:acm:7d1f"), Unknown: true},
			{Path: safe.Lit("comment"), Before: line("static files of the registry, one of two content delivery networks that answer for the name"), After: line("static files of the registry, the first of two content delivery networks that answer for the name")},
		}},
		{Question: "q1", What: "resource", Index: 2}: engine.ResourceDetail{Attributes: []plan.Attribute{
			{Path: safe.Lit("name"), Before: line("static.crates.io")},
			{Path: safe.Lit("ttl"), Before: line("300")},
			{Path: safe.Lit("type"), Before: line("CNAME")},
		}},
		{Question: "q1", What: "resource", Index: 3}: engine.ResourceDetail{Attributes: []plan.Attribute{
			{Path: safe.Lit("fqdn"), Unknown: true},
			{Path: safe.Lit("name"), After: line("static.crates.io")},
			{Path: safe.Lit("weight"), After: line("100")},
		}},
		{Question: "q1", What: "order"}: engine.Order{WaitsFor: [][]int{{}, {0}, {}, {1, 0}}},
	}
	return review, parts
}

func fetcher(parts map[engine.Request]engine.Part) look.Fetcher {
	return func(r engine.Request) tea.Cmd {
		return func() tea.Msg {
			if p, ok := parts[r]; ok {
				return look.FetchedMsg{Request: r, Part: p}
			}
			return look.FetchedMsg{Request: r, Err: errors.New("show: exit status 1")}
		}
	}
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

// typed types words letter by letter, and enter.
func typed(v *View, text string) {
	for _, r := range text {
		drive(v, v.Update(key(string(r))))
	}
	press(v, "enter")
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

func open(kind engine.QuestionKind, w, h int) *View {
	r, parts := incident()
	if kind == engine.AskApply {
		r.Chosen, r.Changes = plan.Change{ID: "all", Title: safe.Lit("everything at once")}, nil
	}
	v := New(look.New(false), engine.Question{ID: "q1", Kind: kind, Payload: r}, fetcher(parts))
	v.SetSize(w, h)
	drive(v, v.Init())
	return v
}

var sizes = []struct{ w, h int }{{120, 40}, {80, 24}, {40, 12}}

func TestView_frames(t *testing.T) {
	for name, shot := range map[string]struct {
		kind engine.QuestionKind
		keys []string
	}{
		"change":     {engine.AskChange, nil},
		"attributes": {engine.AskChange, []string{"x"}},
		"third":      {engine.AskChange, []string{"j", "j", "x", "z"}},
		"hazards":    {engine.AskChange, []string{"h", "h"}},
		"order":      {engine.AskChange, []string{"o"}},
		"search":     {engine.AskChange, []string{"/", "d", "n", "s", "enter"}},
		"apply":      {engine.AskApply, nil},
		"applyEnd":   {engine.AskApply, []string{"end"}},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				v := open(shot.kind, size.w, size.h)
				press(v, shot.keys...)
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

func TestChosen_isTheChangeTheCursorWasOnLast(t *testing.T) {
	v := open(engine.AskChange, 120, 40)
	if v.Chosen() != "c1" {
		t.Fatalf("at first %q", v.Chosen())
	}
	press(v, "j")
	if v.Chosen() != "c2" {
		t.Fatalf("one down %q", v.Chosen())
	}
	press(v, "home")
	if v.Chosen() != "c2" || v.at().kind != resourceBlock {
		t.Fatalf("on a resource %q, on %v", v.Chosen(), v.at())
	}
}

func TestApply_showsEveryAttributeOfAShortPlan(t *testing.T) {
	r, parts := incident()
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskApply, Payload: r}, fetcher(parts))
	v.SetSize(120, 200)
	drive(v, v.Init())
	for i := range r.Plan.Resources {
		if v.details[i] == nil || v.details[i].state != loaded {
			t.Errorf("%s is not shown", r.Plan.Resources[i].Address)
		}
	}
	long := many(openUpTo + 1)
	v = New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskApply, Payload: long}, fetcher(parts))
	for b := range v.open {
		if !v.resource(b.a).Action.Destroys() {
			t.Errorf("%s is open in a long plan", v.resource(b.a).Address)
		}
	}
}

func TestKeys_gGoesToTheFirstRow(t *testing.T) {
	v := open(engine.AskChange, 80, 14)
	press(v, "G")
	if v.stack.Top() == 0 {
		t.Fatal("G does not scroll")
	}
	press(v, "g")
	if v.order != nil || v.stack.Top() != 0 {
		t.Errorf("top %d, order %v", v.stack.Top(), v.order != nil)
	}
	press(v, "o")
	if v.order == nil {
		t.Error("o does not show the order")
	}
	press(v, "o")
	if v.order != nil {
		t.Error("o does not go back")
	}
}

func TestReady_refusesAnApplyWhoseAttributesCouldNotBeRead(t *testing.T) {
	r, parts := incident()
	r.Hazards, r.Changes = nil, nil
	missing := engine.Request{Question: "q1", What: "resource", Index: 2}
	kept := parts[missing]
	delete(parts, missing)
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskApply, Payload: r}, fetcher(parts))
	v.SetSize(80, 60)
	drive(v, v.Init())
	if ok, why := v.Ready(); ok || why != safe.Lit("1 resource not read: r") {
		t.Fatalf("%v, %q", ok, why)
	}
	parts[missing] = kept
	press(v, "r")
	if ok, why := v.Ready(); !ok {
		t.Fatalf("after reading again: %q", why)
	}
}

func TestDetail_neverShowsASensitiveValue(t *testing.T) {
	r, parts := incident()
	parts[engine.Request{Question: "q1", What: "resource", Index: 0}] = engine.ResourceDetail{Attributes: []plan.Attribute{
		{Path: safe.Lit("token"), Before: safe.Lines("hunter2"), After: safe.Lines("hunter3"), Sensitive: true},
		{Path: safe.Lit("same"), Before: safe.Lines("hunter2"), After: safe.Lines("hunter2"), Sensitive: true, Same: true},
	}}
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskChange, Payload: r}, fetcher(parts))
	for _, w := range []int{120, 40, 24} {
		v.SetSize(w, 60)
		press(v, "x", "z")
		if f := v.View(); strings.Contains(f, "hunter") || !strings.Contains(f, "(sensitive)") {
			t.Fatalf("at %d:\n%s", w, f)
		}
		press(v, "x", "z")
	}
}

func TestGroups_foldALongPlanButNeverWhatIsDestroyed(t *testing.T) {
	r := many(10_000)
	v := New(look.New(false), engine.Question{ID: "q1", Kind: engine.AskChange, Payload: r}, fetcher(nil))
	v.SetSize(120, 40)
	destroyed := 0
	for _, b := range v.blocks {
		if b.kind == resourceBlock {
			if !v.resource(b.a).Action.Destroys() {
				t.Fatal("a folded group lists a resource that is not destroyed")
			}
			destroyed++
		}
	}
	want := 0
	for _, x := range r.Plan.Resources {
		if x.Action.Destroys() {
			want++
		}
	}
	if destroyed != want {
		t.Errorf("%d destroyed resources are listed, want %d", destroyed, want)
	}
	press(v, "/", "thing.n9999")
	if b := v.at(); v.prompt.Missed || v.resource(b.a).Address != safe.Lit("module.m9.thing.n9999") || !v.stack.Shown(v.cursor) {
		t.Errorf("a search does not find a folded resource:\n%s", v.View())
	}
}

// many is a plan of n resources in ten modules.
func many(n int) engine.PlanReview {
	all := []plan.Action{plan.Create, plan.Update, plan.Update, plan.Update, plan.Create, plan.Read, plan.Update, plan.Delete}
	var p plan.Plan
	for i := range n {
		p.Resources = append(p.Resources, plan.ResourceChange{
			Index: i, Module: safe.Sprintf("module.m%d", i%10), Address: safe.Sprintf("module.m%d.thing.n%d", i%10, i), Action: all[i%len(all)],
		})
	}
	return engine.PlanReview{Plan: p, Changes: []plan.Change{{ID: "c1", Title: safe.Lit("all the rest"), Members: []int{1, 2, 3}}}}
}

func FuzzView_isExactlyItsSize(f *testing.F) {
	f.Add("xjjxzGgghh  /dns\r\x04\x05", "dns\x1b[31m日本語\u202e", uint8(100), uint8(30), false)
	f.Add("GhGkk u j \x00OUT\x00\x01", "abcd some words", uint8(90), uint8(24), false)
	f.Add("hh \x00OUT\x00", "dcba", uint8(40), uint8(12), true)
	f.Add("xzjx\x05\x08kkx", strings.Repeat("a🇩🇪각", 90), uint8(33), uint8(7), true)
	f.Fuzz(func(t *testing.T, keys, text string, w, h uint8, apply bool) {
		if len(keys) > 60 || len(text) > 2000 {
			return
		}
		r, parts := incident()
		for i := range r.Plan.Resources {
			if len(text) > 0 && int(text[0])%4 == i {
				r.Plan.Resources[i].Address = safe.Show(text)
				r.Plan.Resources[i].Module = safe.Show(text[1:])
			}
		}
		r.Changes[1].Title, r.Changes[1].Why, r.Hazards[0].Text = safe.Show(text), safe.Show(text), safe.Show(text)
		parts[engine.Request{Question: "q1", What: "resource", Index: 1}] = engine.ResourceDetail{Attributes: []plan.Attribute{
			{Path: safe.Show(text), Before: safe.Lines(text), After: safe.Lines("x\n" + text + "\ny"), Forces: true},
			{Path: safe.Lit("p"), After: safe.Lines(text)},
		}}
		kind := engine.AskChange
		if len(keys)%2 == 1 {
			with, _ := dark()
			r.Forecast, r.Sequence = with.Forecast, with.Sequence
			r.Forecast.Outages[0].Thing.Name, r.Forecast.Outages[0].Why = safe.Show(text), safe.Show(text)
			r.Forecast.Actions[2].Name, r.Changes[2].Blocked = safe.Show(text), safe.Show(text)
			if len(text) > 3 {
				forecasts[[]string{"gone", "unknown", "lasting", "quick"}[int(text[2])%4]](&r)
				far := time.Duration(text[1]) << (text[0] % 56) // of any size
				r.Forecast.Actions[1].End, r.Forecast.Outages[0].To = between(far, far/2, far*3), between(-far, far, far)
				r.Forecast.Takes.Open = text[3]%2 == 0
			}
		}
		if apply {
			kind = engine.AskApply
			r.Chosen, r.Changes = r.Changes[1], nil
		}
		v := New(look.New(true), engine.Question{ID: "q1", Kind: kind, Payload: r}, fetcher(parts))
		v.SetSize(int(w), int(h))
		drive(v, v.Init())
		names := []string{"enter", "esc", "tab", "up", "down", "pgup", "pgdown", "home", "end", "backspace"}
		for i, k := range keys {
			if k < 32 {
				press(v, names[int(k)%len(names)])
			} else {
				press(v, string(k))
			}
			if k == 'q' {
				w, h = h, w+uint8(i)
				v.SetSize(int(w), int(h))
			}
			v.Keys()
			v.Ready()
			if w > 0 && h > 0 {
				exact(t, v.View(), int(w), int(h))
			}
		}
	})
}

// A frame costs the lines it shows, however many resources the plan has.
func BenchmarkForecast(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, parts := dark()
			creates(&r, n)
			v := New(look.New(true), engine.Question{ID: "q1", Kind: engine.AskChange, Payload: r}, fetcher(parts))
			v.SetSize(120, 40)
			v.unfold()
			press(v, "home")
			keys := []string{"j", "k"}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				v.Update(key(keys[i/60%2]))
				v.View()
			}
		})
	}
}

func BenchmarkScroll(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := New(look.New(true), engine.Question{ID: "q1", Kind: engine.AskChange, Payload: many(n)}, fetcher(nil))
			v.SetSize(120, 40)
			v.unfold()
			press(v, "home")
			k := "j"
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%900 == 899 {
					k = map[string]string{"j": "k", "k": "j"}[k]
				}
				v.Update(key(k))
				v.View()
			}
		})
	}
}
