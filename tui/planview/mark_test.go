package planview

import (
	"strings"
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/safe"
)

// at puts the cursor on a change.
func onChange(v *View, i int32) { v.toChange(i) }

func item(v *View) string {
	id, _, _ := v.Item()
	return id
}

func TestItem_joinsWhatIsMarked(t *testing.T) {
	v := openDark(engine.AskChange, forecasts["dark"], 120, 40)
	for _, step := range []struct {
		change int32
		keys   string
		want   string
		says   string
	}{
		{0, "", "c1", "take change 1"},
		{2, "", "c3", "take change 3"},
		{2, " ", "c3", "take change 3"},
		{0, "", "c3", "take change 3"}, // what is marked, wherever the cursor is
		{0, " ", "c1+c3", "take changes 1 and 3 together"},
		{1, " ", "c1+c2+c3", "take 3 changes together"},
		{2, "u", "c1+c2+c3", "take 3 changes together"},
		{2, " ", "c1+c2", "take changes 1 and 2 together"},
		{2, "j ", "only:0,1,3", "take only 3 marked resources"},
		{2, "jj ", "c1+c2+c3", "take 3 changes together"}, // all of its resources are the change
		{2, "u", "c1+c2", "take changes 1 and 2 together"},
	} {
		onChange(v, step.change)
		for _, k := range step.keys {
			press(v, string(k))
		}
		if got := item(v); got != step.want || v.Taking() != safe.Show(step.says) {
			t.Errorf("%d %q: %q, %q, want %q, %q", step.change, step.keys, got, v.Taking(), step.want, step.says)
		}
	}
}

func TestItem_aBlockedChangeIsNotTaken(t *testing.T) {
	v := openDark(engine.AskChange, forecasts["gone"], 120, 40)
	if _, _, why := v.Item(); !why.IsEmpty() {
		t.Errorf("change 1: %q", why)
	}
	onChange(v, 2)
	if _, _, why := v.Item(); !strings.Contains(why.String(), "change 3 is BLOCKED") {
		t.Errorf("change 3: %q", why)
	}
	if f := said(v.View()); !strings.Contains(f, "BLOCKED: deleting dns_record.static takes") || !strings.Contains(f, "instead: let Terraform forget") {
		t.Errorf("it does not say why:\n%s", f)
	}
}

func TestForecast_saysWhatGoesDarkWhereverThereIsLittleRoom(t *testing.T) {
	for name, want := range map[string][]string{
		"dark":    {"DARK 9m58s · one at a time: 0 s ! 3: h", "DARK for about 9m58s (8m10s–13m58s)", "swap, 0 s", "no live thing touched"},
		"gone":    {"GONE FOR GOOD · BLOCKED ! 3 hazards: h", "GONE FOR GOOD: nothing brings it back", "BLOCKED: deleting"},
		"unknown": {"DARK 18 s+? · one by one: 0 s ! 3: h", "DARK for at least 18 s, how long is not known", "CANNOT TELL: its name is known only after the apply"},
		"lasting": {"DARK from change 1 until change 3 is applied"},
		"many":    {"200 more, under 1 s each: +200"},
	} {
		v := openDark(engine.AskChange, forecasts[name], 40, 90)
		for _, w := range want {
			if f := said(v.View()); !strings.Contains(f, w) {
				t.Errorf("%s does not say %q:\n%s", name, w, v.View())
			}
		}
	}
}

// However many actions there are, what users would miss is on the first page.
func TestForecast_theOutageIsOnTheFirstPage(t *testing.T) {
	for _, many := range []func(r *engine.PlanReview){
		forecasts["many"],
		func(r *engine.PlanReview) {
			creates(r, 200)
			for i := range r.Forecast.Actions[5:] {
				r.Forecast.Actions[5+i].Takes, r.Forecast.Actions[5+i].End = shipped(20*s), sure(20*s)
			}
		},
	} {
		v := openDark(engine.AskChange, many, 80, 24)
		if f := said(v.View()); !strings.Contains(f, "static.crates.io CNAME DARK 9m58s") || !strings.Contains(f, "waits for the certificate") {
			t.Errorf("it is not:\n%s", v.View())
		}
	}
}

func TestForecast_withoutOneLooksAsBefore(t *testing.T) {
	r, _ := incident()
	if newChart(&r.Plan, &r.Forecast, false) != nil {
		t.Error("a chart of nothing")
	}
	r.Forecast.Actions = []forecast.Action{{Resource: 99, WaitsFor: []int{7}, Path: 3}}
	r.Forecast.Outages = []forecast.Outage{{OpenedBy: 5, ClosedBy: -1, WaitingFor: []int{-1, 9}, Verdict: forecast.Window}}
	v := openDark(engine.AskChange, func(x *engine.PlanReview) { x.Forecast = r.Forecast }, 80, 24)
	exact(t, v.View(), 80, 24) // indexes that are not there do no harm
}
