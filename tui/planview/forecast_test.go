package planview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/tui/look"
)

// sure is a span without doubt, between one with.
func sure(d time.Duration) forecast.Span { return forecast.Span{Min: d, Typical: d, Max: d} }

func between(least, typical, most time.Duration) forecast.Span {
	return forecast.Span{Min: least, Typical: typical, Max: most}
}

func openEnded(d time.Duration) forecast.Span {
	return forecast.Span{Min: d, Typical: d, Max: d, Open: true}
}

const s, m = time.Second, time.Minute

// record is the live thing of the incident.
func record() *plan.Thing {
	return &plan.Thing{
		Kind: "DNS record", Name: safe.Lit("static.crates.io CNAME"), DNS: true, TTL: 5 * m, Delete: plan.DeleteOwnData,
		Key: []plan.KeyPart{{Name: "name", Value: safe.Lit("static.crates.io")}, {Name: "type", Value: safe.Lit("CNAME")}},
	}
}

func runs(n int, least, typical, most time.Duration) durations.Estimate {
	return durations.Estimate{Min: least, Typical: typical, Max: most, Runs: n, Source: durations.SourceAddress}
}

func shipped(d time.Duration) durations.Estimate {
	return durations.Estimate{Min: d, Typical: d, Max: d, Source: durations.SourceShipped}
}

// dark is the incident with its forecast: one record under two addresses, and a
// certificate that takes ten minutes in between.
func dark() (engine.PlanReview, map[engine.Request]engine.Part) {
	r, parts := incident()
	hash := "4b226e2000000000000000000000000000000000"
	r.Commits = []engine.Candidate{
		{Hash: hash, Short: "4b226e2", Subject: safe.Lit("Weighted records for the second CDN")},
		{Hash: "8d2be59000000000000000000000000000000000", Short: "8d2be59", Subject: safe.Lit("Reduce TTL of static records")},
	}
	res := r.Plan.Resources
	res[0].Origin = plan.Origin{Commits: []string{hash}}
	res[1].Origin = plan.Origin{Why: safe.Lit("no candidate touches its block; its certificate is replaced")}
	res[2].Origin = plan.Origin{Commits: []string{"8d2be59000000000000000000000000000000000", hash}}
	res[2].Was, res[3].Becomes = record(), record()
	cert := runs(4, 8*m+10*s, 9*m+40*s, 13*m+40*s)
	act := func(res int, address, name string, a plan.Action, from, to forecast.Span, takes durations.Estimate, path int, waits ...int) forecast.Action {
		return forecast.Action{Resource: res, Address: safe.Show(address), Name: safe.Show(name), Action: a, Start: from, End: to, Takes: takes, WaitsFor: waits, Path: path}
	}
	certEnd := between(8*m+12*s, 9*m+42*s, 13*m+42*s)
	distEnd := between(8*m+28*s, 9*m+58*s, 13*m+58*s)
	end := between(8*m+30*s, 10*m, 14*m)
	why := safe.Lit("its record is deleted at one address and made again at another, and the new one waits for the certificate")
	gap := between(8*m+10*s, 9*m+58*s, 13*m+58*s)
	r.Forecast = forecast.Forecast{
		Actions: []forecast.Action{
			act(2, "dns_record.static", "dns_record.static", plan.Delete, sure(0), sure(2*s), shipped(2*s), -1),
			act(0, "certificate.static", "certificate.static", plan.Delete, sure(0), sure(2*s), shipped(2*s), -1),
			act(0, "certificate.static", "certificate.static", plan.Create, sure(2*s), certEnd, cert, 1, 1),
			act(1, "distribution.static", "distribution.static", plan.Update, certEnd, distEnd, shipped(16*s), 2, 0, 2),
			act(3, `dns_record.weighted["cloudfront"]`, `dns_record.weighted["cloudfront"]`, plan.Create, distEnd, end, shipped(2*s), 3, 3),
		},
		Outages: []forecast.Outage{{
			Thing: *record(), Verdict: forecast.Window, From: sure(2 * s), To: end, Length: gap, OpenedBy: 0, ClosedBy: 4, WaitingFor: []int{2},
			Handover: true, SeenLeast: 4*m + 58*s, SeenMost: between(9*m, 10*m+58*s, 14*m+58*s), Negative: m, Why: why,
		}},
		Takes: end, Dark: gap, Parallelism: 10,
	}
	swap := forecast.Outage{Thing: *record(), Verdict: forecast.Swap, OpenedBy: 1, ClosedBy: 0, Handover: true, Why: safe.Lit("the new record comes first")}
	r.Sequence = forecast.Sequence{Steps: []forecast.Forecast{
		{Takes: certEnd}, {Takes: sure(16 * s)}, {Takes: sure(4 * s), Outages: []forecast.Outage{swap}},
	}}
	r.Hazards = []plan.Hazard{
		{Code: plan.OutageWindow, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("static.crates.io CNAME is dark for about 9m58s when everything is applied at once.")},
		{Code: plan.NameHandover, Address: safe.Lit("dns_record.static"), Accept: true, Text: safe.Lit("static.crates.io CNAME is deleted at this address and made again at dns_record.weighted.")},
		{Code: plan.DriftFound, Address: safe.Lit("bucket.logs"), Text: safe.Lit("It was changed outside Terraform and will be changed back.")},
	}
	return r, parts
}

// forecasts are plans whose forecasts differ in what there is to see.
var forecasts = map[string]func(r *engine.PlanReview){
	"dark": func(*engine.PlanReview) {},
	"swap": func(r *engine.PlanReview) {
		o := &r.Forecast.Outages[0]
		o.Verdict, o.Length, o.From, o.To = forecast.Swap, forecast.Span{}, sure(10*m), sure(10*m)
		o.Why = safe.Lit("the new record is there before the old one goes")
		r.Forecast.Outages = append(r.Forecast.Outages, forecast.Outage{Thing: plan.Thing{Name: safe.Lit("*.crates.io certificate")}, Verdict: forecast.None, OpenedBy: 1, ClosedBy: 2})
	},
	"gone": func(r *engine.PlanReview) {
		o := &r.Forecast.Outages[0]
		o.Verdict, o.To, o.ClosedBy, o.Length = forecast.Gone, forecast.Span{}, -1, forecast.Span{Open: true}
		o.Why = safe.Lit("its delete takes everything under the name with it, the new record too")
		c := &r.Changes[2]
		c.Blocked = safe.Lit("deleting dns_record.static takes the new record of static.crates.io with it; the name would be gone for good")
		c.Remedy = safe.Lit("let Terraform forget dns_record.static: c shows the patch")
		r.Sequence.Steps[2].Outages[0] = *o
		r.Sequence.Dark = forecast.Span{Open: true}
	},
	"unknown": func(r *engine.PlanReview) {
		f := &r.Forecast
		f.Actions[2].Takes, f.Actions[2].End = durations.Estimate{}, openEnded(2*s)
		f.Actions[3].Start, f.Actions[3].End = openEnded(2*s), openEnded(18*s)
		f.Actions[4].Start, f.Actions[4].End = openEnded(18*s), openEnded(20*s)
		o := &f.Outages[0]
		o.To, o.Length, o.SeenMost = openEnded(20*s), openEnded(18*s), forecast.Span{Open: true}
		f.Takes, f.Dark, f.Unknown = openEnded(20*s), openEnded(18*s), 1
		r.Forecast.Outages = append(r.Forecast.Outages, forecast.Outage{Thing: plan.Thing{Name: safe.Lit("load balancer of module.edge")}, Verdict: forecast.Unknown, OpenedBy: 1, ClosedBy: 2, Why: safe.Lit("its name is made by the provider")})
		r.Sequence.Steps[0].Takes = openEnded(2 * s)
	},
	"quick": func(r *engine.PlanReview) {
		f := &r.Forecast
		for i := range f.Actions {
			a := &f.Actions[i]
			a.Start, a.End, a.Takes = sure(time.Duration(i)*100*time.Millisecond), sure(time.Duration(i+1)*100*time.Millisecond), shipped(100*time.Millisecond)
		}
		o := &f.Outages[0]
		o.From, o.To, o.Length = sure(100*time.Millisecond), sure(500*time.Millisecond), sure(400*time.Millisecond)
		f.Takes, f.Dark = sure(500*time.Millisecond), sure(400*time.Millisecond)
	},
	"lasting": func(r *engine.PlanReview) {
		o := r.Forecast.Outages[0]
		o.OpenedBy, o.ClosedBy, o.Length = 0, 2, forecast.Span{Open: true}
		r.Sequence.Outages, r.Sequence.Dark = []forecast.Outage{o}, forecast.Span{Open: true}
	},
	"many": func(r *engine.PlanReview) { creates(r, 200) },
}

// creates adds plain creates to a plan, as one change.
func creates(r *engine.PlanReview, n int) {
	c := plan.Change{ID: "c0", Title: safe.Lit("create bucket_object.n0, create bucket_object.n1 and 198 more"), Why: safe.Lit("only adds; nothing that exists is touched")}
	for i := range n {
		at := len(r.Plan.Resources)
		name := safe.Sprintf("bucket_object.n%d", i)
		r.Plan.Resources = append(r.Plan.Resources, plan.ResourceChange{Index: at, Address: name, Action: plan.Create})
		r.Forecast.Actions = append(r.Forecast.Actions, forecast.Action{Resource: at, Address: name, Name: name, Action: plan.Create, End: sure(300 * time.Millisecond), Takes: shipped(300 * time.Millisecond), Path: -1})
		c.Members = append(c.Members, at)
	}
	r.Changes = append([]plan.Change{c}, r.Changes...)
	r.Sequence.Steps = append([]forecast.Forecast{{Takes: sure(6 * s)}}, r.Sequence.Steps...)
}

func openDark(kind engine.QuestionKind, change func(*engine.PlanReview), w, h int) *View {
	r, parts := dark()
	change(&r)
	if kind == engine.AskApply {
		r.Chosen, r.Changes, r.Sequence = plan.Change{ID: "all", Title: safe.Lit("everything at once")}, nil, forecast.Sequence{}
	}
	v := New(look.New(false), engine.Question{ID: "q1", Kind: kind, Payload: r}, fetcher(parts))
	v.SetSize(w, h)
	drive(v, v.Init())
	return v
}

func TestForecast_frames(t *testing.T) {
	type shot struct {
		of   string
		kind engine.QuestionKind
		keys []string
	}
	shots := map[string]shot{
		"apply":   {"dark", engine.AskApply, nil},
		"hazard":  {"dark", engine.AskApply, []string{"h"}},
		"typing":  {"dark", engine.AskApply, []string{"h", " ", "O", "U", "T", "x", "enter", "O", "U"}},
		"marked":  {"dark", engine.AskChange, []string{"G", "h", "k", "k", "k", " ", "j", "j", " "}},
		"apart":   {"dark", engine.AskChange, []string{"/", "t", "h", "e", "n", "enter", "esc", "u", "j", " "}},
		"origin":  {"dark", engine.AskChange, []string{"home", "x"}},
		"several": {"dark", engine.AskChange, []string{"home", "j", "x"}},
		"opened":  {"many", engine.AskChange, []string{"home", "j", "j", "j", "j", "x", "pgdown"}},
	}
	for name := range forecasts {
		shots[name] = shot{name, engine.AskChange, nil}
	}
	for name, shot := range shots {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size.w, size.h), func(t *testing.T) {
				v := openDark(shot.kind, forecasts[shot.of], size.w, size.h)
				press(v, shot.keys...)
				exact(t, v.View(), size.w, size.h)
				golden.RequireEqual(t, v.View())
			})
		}
	}
}

func said(frame string) string { return strings.Join(strings.Fields(ansi.Strip(frame)), " ") }
