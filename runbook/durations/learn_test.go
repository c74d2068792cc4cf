package durations

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/journal"
	"lockstep/runbook/plan"
	"lockstep/runbook/strict"
)

func item(address, action, state string, ms int64) string {
	return fmt.Sprintf(`{"address":%q,"action":%q,"state":%q,"took_ms":%d}`, address, action, state, ms)
}

// records is the journal of one apply.
func records(items ...string) []journal.Record {
	body := `{"intent":1,"result":"ok","detail":"","facts":{"exit":0,"items":[` + strings.Join(items, ",") + `],"took_ms":9}}`
	return []journal.Record{
		{Kind: journal.KindIntent, Body: json.RawMessage(body)},
		{Kind: journal.KindOutcome, Body: json.RawMessage(`{"intent":0,"result":"ok","detail":"","facts":{"commit":"x"}}`)},
		{Kind: journal.KindOutcome, Body: json.RawMessage(body)},
	}
}

func TestLearn_onlyWhatWasMeasured(t *testing.T) {
	l := Learn(
		records(item("aws_eip.a", "create", "done", 1000), item("aws_eip.a", "create", "failed", 9000), item("aws_eip.a", "forget", "done", 0),
			item("aws_eip.a", "no-op", "done", 0), item("aws_eip.a", "delete", "not started", 0), item("not an address", "create", "done", 1), item("aws_eip.a", "create", "done", -1)),
		records(item("aws_eip.a", "create", "done", 5000), item("module.m.data.aws_ami.x[0]", "read", "done", 70)),
		records(item("aws_eip.a", "create", "done", 2000)),
	)
	if got, want := seen(l.address[key{"aws_eip.a", plan.Create}], SourceAddress), (Estimate{Min: 1e9, Typical: 2e9, Max: 5e9, Runs: 3, Source: SourceAddress}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := NewBook(Sources{Learned: l}).Of("data.aws_ami.y", "aws_ami", plan.Read); got.Typical != 70*time.Millisecond || got.Source != SourceType {
		t.Errorf("the read is %+v", got)
	}
	if len(l.address) != 2 || len(l.typ) != 2 {
		t.Errorf("learned %v and %v", l.address, l.typ)
	}
}

func TestTypeOf(t *testing.T) {
	for address, want := range map[string]string{
		"aws_eip.a":               "aws_eip",
		"aws_eip.a[0]":            "aws_eip",
		`aws_eip.a["b.c"]`:        "aws_eip",
		`aws_eip.a["b\"]. c[\\"]`: "aws_eip",
		`module.m["data.x.y"].module.n[1].aws_eip.a`: "aws_eip",
		`module.m.data.aws_ami.a["\"].data.x.y[\""]`: "aws_ami",
		"data.aws_ami.a":         "aws_ami",
		"module.data.aws_eip.a":  "aws_eip",
		"aws_eip":                "",
		"module.m":               "",
		"module.m.aws_eip":       "",
		"a.b.c":                  "",
		"":                       "",
		"aws_eip.a[":             "",
		`aws_eip.a["x]`:          "",
		"aws_eip[0].a":           "",
		"aws_eip.a[-1]":          "",
		"aws_eip.a deposed 1":    "",
		`module.m["x"]aws_eip.a`: "",
	} {
		if got := TypeOf(address); got != want {
			t.Errorf("%s is of type %q, want %q", address, got, want)
		}
	}
}

func TestRead_reportsEverythingAtItsPlace(t *testing.T) {
	got, err := Read("d.json", []byte(`{"aws_eip.create": 1.5, "module.a[\"x.y\"].aws_eip.b.delete": 0}`))
	if err != nil || got["aws_eip.create"] != 1500*time.Millisecond || got[`module.a["x.y"].aws_eip.b.delete`] != 0 || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = Read("d.json", []byte(`{
  "aws_eip.make": 1,
  "aws_eip.updte": 1,
  "create": 1,
  "aws_eip.create": -1,
  "aws_eip.create": 2,
  "aws_eip.read": "3s",
  "a b.create": 1e400,
  "aws_eip.delete": 1e9,
  "aws_eip.forget": null
}`))
	want := []string{
		`d.json:2:3: "aws_eip.make" ends in "make", which is no action (one of create, update, delete, read, forget)`,
		`d.json:3:3: "aws_eip.updte" ends in "updte", which is no action (did you mean "update"?)`,
		`d.json:4:3: "create" names no action (write TYPE.action or ADDRESS.action, such as aws_eip.create)`,
		`d.json:5:21: aws_eip.create is negative (a number of seconds, such as 90 or 0.5)`,
		`d.json:6:3: the key "aws_eip.create" is there twice (the first one is on line 5; keep one)`,
		`d.json:7:19: aws_eip.read should be a number of seconds, not text (a number of seconds, such as 90 or 0.5)`,
		`d.json:8:3: "a b" is neither a resource type nor the address of a resource (write TYPE.action or ADDRESS.action, such as aws_eip.create)`,
		`d.json:8:17: a b.create is out of range (a number of seconds, such as 90 or 0.5)`,
		`d.json:9:21: aws_eip.delete is longer than 31 days (a number of seconds, such as 90 or 0.5)`,
		`d.json:10:21: aws_eip.forget should be a number of seconds, not null (a number of seconds, such as 90 or 0.5)`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"aws_eip.create": 1.5}`, `{"module.a[\"x.y\"].aws_eip.b.delete": 0}`, `{"a.b": -1e999}`, `{"a`, `[]`, "null"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read("f.json", data)
		var problems *strict.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatal(err)
		}
		for k, d := range got {
			who, action, err := SplitKey(k)
			if err != nil || d < 0 || d > Longest {
				t.Fatalf("%q is %v: %v", k, d, err)
			}
			e := NewBook(Sources{Given: got}).Of(who, TypeOf(who), action)
			if action != plan.Forget && (e.Source != SourceGiven || e.Typical != d) {
				t.Fatalf("%q is %v and estimated as %+v", k, d, e)
			}
		}
	})
}

func FuzzLearn(f *testing.F) {
	f.Add([]byte(records(item("aws_eip.a", "create", "done", 1))[2].Body))
	f.Add([]byte(`{"facts":{"items":[{"address":"a.b[\"","took_ms":1e30,"state":"done","action":"read"},null]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		l := Learn([]journal.Record{{Kind: journal.KindOutcome, Body: body}})
		for k, took := range l.address {
			if TypeOf(k.who) == "" || len(took) == 0 || took[0] < 0 || took[len(took)-1] > Longest {
				t.Fatalf("learned %v of %v", took, k)
			}
		}
	})
}
