package durations

import (
	"testing"
	"time"

	"lockstep/runbook/plan"
)

func TestOf_nearerSourceCounts(t *testing.T) {
	const address, typ = `module.a["x.y"].aws_eip.b["c.d"]`, "aws_eip"
	learned := Learn(records(item(address, "create", "done", 3000), item("aws_eip.other", "create", "done", 4000)))
	yes := func(key string, s int) map[string]time.Duration {
		return map[string]time.Duration{key: time.Duration(s) * time.Second}
	}
	for _, c := range []struct {
		name    string
		sources Sources
		want    time.Duration
		source  Source
	}{
		{"given by address", Sources{Given: map[string]time.Duration{address + ".create": 1e9, "aws_eip.create": 2e9}, Learned: learned}, time.Second, SourceGiven},
		{"given by type", Sources{Given: yes("aws_eip.create", 2), Learned: learned}, 2 * time.Second, SourceGiven},
		{"learned", Sources{Given: yes("aws_eip.delete", 2), Learned: learned, Runbook: yes(address+".create", 9)}, 3 * time.Second, SourceAddress},
		{"runbook by address", Sources{Runbook: map[string]time.Duration{address + ".create": 5e9, "aws_eip.create": 6e9}}, 5 * time.Second, SourceRunbook},
		{"runbook by type", Sources{Runbook: yes("aws_eip.create", 6)}, 6 * time.Second, SourceRunbook},
		{"nobody", Sources{}, 0, SourceUnknown},
	} {
		got := NewBook(c.sources).Of(address, typ, plan.Create)
		if got.Typical != c.want || got.Source != c.source {
			t.Errorf("%s: got %+v, want %v from %s", c.name, got, c.want, c.source)
		}
	}
	got := NewBook(Sources{Learned: learned}).Of("aws_eip.new", typ, plan.Create)
	if want := (Estimate{Min: 3e9, Typical: 3500 * time.Millisecond, Max: 4e9, Runs: 2, Source: SourceType}); got != want {
		t.Errorf("by type: got %+v, want %+v", got, want)
	}
}

func TestOf_withoutABookTheShippedTableIsKnown(t *testing.T) {
	var none *Book
	if got := none.Of("aws_db_instance.db", "aws_db_instance", plan.Create); got.Source != SourceShipped || got.Typical < time.Minute || !got.Known() {
		t.Errorf("got %+v", got)
	}
	for _, typ := range []string{"null_resource", "terraform_data", "time_sleep", "acme_thing"} {
		if got := none.Of(typ+".a", typ, plan.Create); got.Known() {
			t.Errorf("%s is %+v", typ, got)
		}
	}
	if got := none.Of("aws_eip.a", "aws_eip", plan.Forget); got.Source != SourceShipped || got.Max != 0 {
		t.Errorf("forget is %+v", got)
	}
	if got := none.Of("aws_db_instance.db", "aws_db_instance", plan.DeleteThenCreate); got.Known() {
		t.Errorf("a replacement as a whole is %+v", got)
	}
}

func TestShipped_everyRowHasASource(t *testing.T) {
	if n := len(shipped()); n < 150 {
		t.Errorf("the table has %d rows", n)
	}
	for k, e := range shipped() {
		if e.source == "" || !isName(k.who) || !isAction(string(k.action)) {
			t.Errorf("%v: source %q", k, e.source)
		}
		if e.estimate.Min > e.estimate.Typical || e.estimate.Typical > e.estimate.Max {
			t.Errorf("%v: %+v", k, e.estimate)
		}
	}
	if _, err := readTable("t.yaml", []byte("durations:\n  - types: [a, a]\n    actions: [create]\n    min: 2s\n    typical: 1s\n    source: x\n")); err == nil {
		t.Error("a table with a type twice and lengths out of order is taken")
	}
}
