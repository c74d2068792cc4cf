package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

func when(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }

func known(d time.Duration) durations.Estimate {
	return durations.Estimate{Min: d, Typical: d, Max: d, Source: durations.SourceGiven}
}

// sample is the forecast of a name that is handed over, with texts from outside.
func sample(text string) *Report {
	t := safe.Show(text)
	f := forecast.Forecast{
		Parallelism: 10, Takes: when(12 * time.Second), Dark: when(11 * time.Second),
		Actions: []forecast.Action{
			{Address: t, Name: t, Action: plan.Delete, End: when(time.Second), Takes: known(time.Second), Path: -1},
			{Address: safe.Lit("a.slow"), Name: safe.Lit("a.slow"), Action: plan.Update, Start: when(time.Second), End: when(11 * time.Second), Takes: known(10 * time.Second), WaitsFor: []int{0}},
			{Address: safe.Lit("a.new"), Name: safe.Lit("a.new"), Action: plan.Create, Start: when(11 * time.Second), End: when(12 * time.Second), Takes: known(time.Second), WaitsFor: []int{1}},
		},
		Outages: []forecast.Outage{{
			Thing: plan.Thing{Kind: "DNS record", Name: t, Key: []plan.KeyPart{{Name: "name", Value: t}}, DNS: true}, Verdict: forecast.Window,
			From: when(time.Second), To: when(12 * time.Second), Length: when(11 * time.Second), OpenedBy: 0, ClosedBy: 2, WaitingFor: []int{1}, Why: t,
		}},
		Hazards: []plan.Hazard{{Code: plan.OutageWindow, Address: t, Text: t, Accept: true}},
	}
	return &Report{
		Plan: &plan.Plan{Terraform: "1.11.4"}, AtOnce: f,
		Changes: []plan.Change{{Title: t, Targets: []string{t.String()}, Remedy: t, Blocked: t}},
		Steps:   forecast.Sequence{Steps: []forecast.Forecast{f}, Outages: []forecast.Outage{{Thing: plan.Thing{Name: t}, Verdict: forecast.Window, OpenedBy: 0, ClosedBy: -1}}},
		Raw: func(shown string) string {
			if shown == t.String() {
				return text
			}
			return shown
		},
	}
}

func written(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSON_hasRawAddressesAndIsInert(t *testing.T) {
	for _, text := range []string{
		"t.a[\"x\"]", "t.a[\"\x1b[31m\u202e\u0000\u007f\u0085\n\"]", "t.ä[\"日本 \u0301 \U000e0001 \u2028\"]", `t.a["\\ \" <b> & `, "",
	} {
		r := sample(text)
		got := written(t, func(b *bytes.Buffer) error { return r.JSON(b) })
		for line := range strings.SplitSeq(got, "\n") {
			if safe.Show(line).String() != line {
				t.Errorf("%q: not inert: %q", text, line)
			}
		}
		var doc struct {
			AllAtOnce struct {
				Actions []struct {
					Address string
					After   []string
					Start   float64 `json:"start_s"`
				}
				Windows []struct {
					Key        map[string]string
					To         *float64 `json:"to_s"`
					OpenedBy   string   `json:"opened_by"`
					ClosedBy   string   `json:"closed_by"`
					WaitingFor []string `json:"waiting_for"`
				}
				Hazards []struct{ Address string }
			} `json:"all_at_once"`
			Changes []struct {
				Targets []string
				Remedy  string
			}
		}
		if err := json.Unmarshal([]byte(got), &doc); err != nil {
			t.Fatalf("%q: %v\n%s", text, err, got)
		}
		all := doc.AllAtOnce
		if all.Actions[0].Address != text || all.Hazards[0].Address != text || doc.Changes[0].Targets[0] != text {
			t.Errorf("%q became %q", text, all.Actions[0].Address)
		}
		if want := []string{text + " delete", "a.slow update"}; !slices.Equal(all.Actions[2].After, want) {
			t.Errorf("after is %q, want %q", all.Actions[2].After, want)
		}
		w := all.Windows[0]
		if w.To == nil || *w.To != 12 || w.OpenedBy != text+" delete" || w.ClosedBy != "a.new create" || !slices.Equal(w.WaitingFor, []string{"a.slow update"}) {
			t.Errorf("%+v", w)
		}
	}
}

func TestJSON_saysWhatIsNotKnown(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*forecast.Outage)
		want   string
	}{
		"gone":           {func(o *forecast.Outage) { o.Verdict, o.ClosedBy = forecast.Gone, -1 }, `"to_s":null,"opened_by":"x delete","closed_by":null`},
		"nothing known":  {func(o *forecast.Outage) { o.To.Open, o.Length = true, forecast.Span{Open: true} }, `"to_s":null,"opened_by":"x delete","closed_by":"a.new create"`},
		"the least":      {func(o *forecast.Outage) { o.To.Open, o.Length.Open = true, true }, `"to_s":12,"opened_by":"x delete"`},
		"no upper bound": {func(o *forecast.Outage) { o.To.Open, o.Length.Open = true, true }, `"length":{"min_s":11,"typical_s":null,"max_s":null}`},
	} {
		r := sample("x")
		c.change(&r.AtOnce.Outages[0])
		if got := written(t, func(b *bytes.Buffer) error { return r.JSON(b) }); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %s in\n%s", name, c.want, got)
		}
	}
}

func TestJSON_hasListsWhereThereIsNothing(t *testing.T) {
	r := &Report{Plan: &plan.Plan{}}
	got := written(t, func(b *bytes.Buffer) error { return r.JSON(b) })
	for _, want := range []string{`"actions":[]`, `"windows":[]`, `"hazards":[]`, `"changes":[]`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	r = &Report{Plan: &plan.Plan{}, Changes: []plan.Change{{}}, Steps: forecast.Sequence{Steps: []forecast.Forecast{{}}}}
	got = written(t, func(b *bytes.Buffer) error { return r.JSON(b) })
	if !json.Valid([]byte(got)) || !strings.Contains(got, `"targets":[]`) || strings.Contains(got, `"remedy"`) {
		t.Error(got)
	}
}

func TestSeconds_areToTheMillisecond(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 1500 * time.Microsecond: "0.002", 1499 * time.Microsecond: "0.001", 602*time.Second + 50*time.Millisecond: "602.05", 4000 * time.Hour: "14400000",
	} {
		if got, err := seconds(d).MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}

func TestClosure_isAllThatIsReached(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		as := make([]forecast.Action, 1+r.IntN(150))
		order := r.Perm(len(as))
		for n, i := range order {
			for range r.IntN(4) {
				if n > 0 {
					as[i].WaitsFor = append(as[i].WaitsFor, order[r.IntN(n)])
				}
			}
		}
		sets := closure(as)
		for i := range as {
			want := map[int]bool{}
			todo := slices.Clone(as[i].WaitsFor)
			for len(todo) > 0 {
				j := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				if !want[j] {
					want[j] = true
					todo = append(todo, as[j].WaitsFor...)
				}
			}
			for j := range as {
				if got := sets[i][j/64]&(1<<(j%64)) != 0; got != want[j] {
					t.Fatalf("%d after %d is %t", i, j, got)
				}
			}
		}
	}
}

// codes are the parts of Markdown in which nothing is live.
var codes = regexp.MustCompile("(?s)(?m)^(````*)text\n.*?^````*\n|`[^`\n]*`|<code>[^<\n]*</code>")

func TestMarkdown_isNotLive(t *testing.T) {
	for _, text := range []string{
		"@octocat and #12 and owner/repo#3", "https://evil.example www.evil.example a@evil.example", "`@octocat`", "``` @octocat", "| @octocat |",
		`a\|@octocat`, "<img src=x> <!-- @octocat -->", "</details><script>@octocat", "</code>@octocat|`", "![x](https://evil.example)", " `@octocat", `\`, "…",
		"**bold** _it_ [x]: https://evil.example", strings.Repeat("`|@octocat ", 60), "\n# @octocat\n",
	} {
		r := sample(text)
		got := written(t, func(b *bytes.Buffer) error { return r.Markdown(b) })
		left := codes.ReplaceAllString(got, "")
		for _, live := range []string{"@", "http", "www", "evil", "octocat", "<img", "<script", "#1", "owner/", "**bold"} {
			if strings.Contains(left, live) {
				t.Errorf("%q: %q is live in\n%s", text, live, left)
			}
		}
		for line := range strings.SplitSeq(got, "\n") {
			if strings.HasPrefix(line, "| ") && strings.Count(line, "|") != 8 {
				t.Errorf("%q: a row with other cells: %s", text, line)
			}
		}
		if strings.Count(got, "<details>") != 1 || strings.Count(left, "</details>") != 1 {
			t.Errorf("%q: the details are broken:\n%s", text, got)
		}
	}
}

func TestMarkdown_fitsIntoAComment(t *testing.T) {
	r := sample(strings.Repeat("`|@", 400))
	for range 8 {
		r.AtOnce.Outages = append(r.AtOnce.Outages, r.AtOnce.Outages...)
		r.AtOnce.Hazards = append(r.AtOnce.Hazards, r.AtOnce.Hazards...)
	}
	for range 300 {
		r.Changes = append(r.Changes, r.Changes[0])
		r.Steps.Steps = append(r.Steps.Steps, r.Steps.Steps[0])
	}
	got := written(t, func(b *bytes.Buffer) error { return r.Markdown(b) })
	if len(got) > 65_536 || !strings.Contains(got, "too much for a comment") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestText_fitsIntoItsWidth(t *testing.T) {
	for _, text := range []string{"module.m.aws_route53_record.weighted_static[\"cloudfront-static.crates.io\"]", "日本語" + strings.Repeat("語", 60), "x"} {
		r := sample(text)
		for range 200 {
			r.AtOnce.Actions = append(r.AtOnce.Actions, r.AtOnce.Actions[1])
		}
		var p page
		p.timeline(r.AtOnce, maxRows)
		lines := strings.Split(strings.TrimSuffix(p.b.String(), "\n"), "\n")
		if want := 1 + maxRows + 1 + 1; len(lines) != want {
			t.Errorf("%d lines, want %d", len(lines), want)
		}
		for _, l := range lines {
			if w := runewidth.StringWidth(l); w > width {
				t.Errorf("%d cells: %s", w, l)
			}
		}
		if !strings.Contains(p.b.String(), "… and 143 actions") || !strings.Contains(p.b.String(), "DARK 11 s") {
			t.Error(p.b.String())
		}
	}
}

func TestOver_saysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*forecast.Outage)
		budget time.Duration
		want   string
	}{
		"longer":    {func(*forecast.Outage) {}, 10 * time.Second, "x goes dark for 11 s, more than 10 s"},
		"as long":   {func(*forecast.Outage) {}, 11 * time.Second, ""},
		"at worst":  {func(o *forecast.Outage) { o.Length.Max = 90 * time.Second }, 30 * time.Second, "x goes dark for 11 s to 1m30s, more than 30 s"},
		"a little":  {func(o *forecast.Outage) { o.Length.Max = 30_300 * time.Millisecond }, 30 * time.Second, "x goes dark for 30.3s, more than 30 s"},
		"gone":      {func(o *forecast.Outage) { o.Verdict = forecast.Gone }, time.Hour, "x goes, and nothing in the plan brings it back"},
		"not known": {func(o *forecast.Outage) { o.Length.Open = true }, time.Hour, "x goes dark, and how long cannot be told: it waits for something whose duration is not known"},
		"unknown":   {func(o *forecast.Outage) { o.Verdict = forecast.Unknown }, time.Hour, "x: whether it goes dark cannot be told before the apply"},
		"swap": {func(o *forecast.Outage) {
			o.Verdict, o.Length = forecast.Swap, when(900*time.Millisecond)
		}, 0, ""},
		"slow swap": {func(o *forecast.Outage) {
			o.Verdict, o.Length = forecast.Swap, forecast.Span{Max: 110 * time.Second}
		}, 30 * time.Second, "x is swapped, and may go dark for up to 1m50s, more than 30 s"},
		"slow swap within": {func(o *forecast.Outage) {
			o.Verdict, o.Length = forecast.Swap, forecast.Span{Max: 20 * time.Second}
		}, 30 * time.Second, ""},
		"none": {func(o *forecast.Outage) { o.Verdict = forecast.None }, 0, ""},
	} {
		r := sample("x")
		c.change(&r.AtOnce.Outages[0])
		if got := strings.Trim(fmt.Sprint(r.Over(c.budget)), "[]"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestReport_darkTellsWhatHasNoLength(t *testing.T) {
	r := sample("x")
	r.Steps.Outages = nil
	for verdict, want := range map[forecast.Verdict]string{
		forecast.Window: "dark: 11 s", forecast.Gone: "dark: 0 s, 1 live thing gone for good",
		forecast.Unknown: "dark: 0 s, 1 live thing of which it cannot be told", forecast.Swap: "dark: 0 s",
	} {
		r.Steps.Steps[0].Outages[0].Verdict = verdict
		if got := r.dark(); got != want {
			t.Errorf("%s: %q, want %q", verdict, got, want)
		}
	}
}

// A slow swap is neither nothing nor a length that is certain.
func TestText_tellsASlowSwap(t *testing.T) {
	r := sample("x")
	r.AtOnce.Outages[0].Verdict, r.AtOnce.Outages[0].Length = forecast.Swap, forecast.Span{Max: time.Minute}
	text := written(t, func(b *bytes.Buffer) error { return r.Text(b) })
	comment := written(t, func(b *bytes.Buffer) error { return r.Markdown(b) })
	for _, want := range []string{"1 live thing may go dark", "x: swap, up to 1m"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if !strings.Contains(comment, "1 live thing would be swapped, and **may go dark** meanwhile") {
		t.Errorf("headline of\n%s", comment)
	}
}

func TestText_saysWhereALengthIsFrom(t *testing.T) {
	for source, want := range map[durations.Source]string{
		durations.SourceGiven: "as given", durations.SourceAddress: "as seen 3 times", durations.SourceType: "as seen of its type 3 times",
		durations.SourceRunbook: "says the runbook", durations.SourceShipped: "says the table that comes with the program",
	} {
		r := sample("x")
		r.AtOnce.Actions[1].Takes.Source, r.AtOnce.Actions[1].Takes.Runs = source, 3
		text := written(t, func(b *bytes.Buffer) error { return r.Text(b) })
		if want = "waits for update of a.slow (10 s, " + want + ")"; !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
