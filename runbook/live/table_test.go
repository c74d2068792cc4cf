package live

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/plan"
)

// find decodes JSON as plans are read and finds the thing.
func find(t *testing.T, table *Table, typ, values, unknown, sensitive string) *plan.Thing {
	t.Helper()
	decode := func(s string) any {
		if s == "" {
			return nil
		}
		dec := json.NewDecoder(strings.NewReader(s))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		return v
	}
	return table.Find(typ, decode(values), decode(unknown), decode(sensitive))
}

const sandboxRecord = `{"zone":"crates.test","name":"static.crates.test","type":"CNAME","set_identifier":null,"ttl":60,"values":["d1.cdn.test"]}`

func TestFind_recordIsFoundByItsNaturalKey(t *testing.T) {
	got := find(t, Shipped(), "sandbox_dns_record", sandboxRecord, "", "false")
	if got == nil {
		t.Fatal("no thing")
	}
	if got.Kind != "DNS record" || got.Name.String() != "static.crates.test CNAME" || got.Delete != plan.DeleteOwnData || !got.DNS || got.TTL != time.Minute {
		t.Errorf("thing is %+v", got)
	}
	for i, want := range []string{"zone crates.test", "name static.crates.test", "type CNAME"} {
		if k := got.Key[i]; k.Name+" "+k.Value.String() != want {
			t.Errorf("part %d of the key is %v, want %s", i, k, want)
		}
	}
	if got.Data != "set_identifier=" || len(got.Unknown) != 0 || got.Unknown == nil {
		t.Errorf("data %q, unknown %v", got.Data, got.Unknown)
	}
	weighted := find(t, Shipped(), "sandbox_dns_record", strings.Replace(sandboxRecord, "null", `"weighted"`, 1), "", "")
	if weighted.ID() != got.ID() || weighted.Data == got.Data {
		t.Errorf("a weighted record: id %q, data %q; want the same thing with other data", weighted.ID(), weighted.Data)
	}
}

func TestFind_spellingOfNamesDoesNotCount(t *testing.T) {
	a := find(t, Shipped(), "aws_route53_record", `{"zone_id":"Z1","name":"Static.Crates.IO.","type":"cname","ttl":300}`, "", "")
	b := find(t, Shipped(), "aws_route53_record", `{"zone_id":"Z1","name":"static.crates.io","type":"CNAME"}`, `{"fqdn":true,"id":true}`, "{}")
	if a.ID() == "" || a.ID() != b.ID() {
		t.Errorf("%q and %q are not the same", a.ID(), b.ID())
	}
	if b.Name.String() != "static.crates.io CNAME" {
		t.Errorf("the name is %q", b.Name)
	}
	wild := find(t, Shipped(), "aws_route53_record", `{"zone_id":"Z1","name":"\\052.crates.io","type":"A"}`, "", "")
	if wild.Name.String() != "*.crates.io A" {
		t.Errorf("the name is %q", wild.Name)
	}
}

func TestFind_unknownAndSensitivePartsAreNeverInTheThing(t *testing.T) {
	values := `{"zone_id":"Z1","name":"hidden-name.crates.io","type":"CNAME","set_identifier":"hidden-set","ttl":777}`
	for _, c := range []struct{ unknown, sensitive, want string }{
		{`{"name":true}`, "", "name"},
		{"", `{"name":true,"set_identifier":true,"ttl":true}`, "name"},
		{"", "true", "zone_id name type"},
		{`true`, "", "zone_id name type"},
	} {
		got := find(t, Shipped(), "aws_route53_record", values, c.unknown, c.sensitive)
		if got == nil {
			t.Errorf("unknown %s, sensitive %s: no thing", c.unknown, c.sensitive)
			continue
		}
		if u := strings.Join(got.Unknown, " "); u != c.want || got.ID() != "" {
			t.Errorf("unknown %s, sensitive %s: unknown is %q and the id %q", c.unknown, c.sensitive, u, got.ID())
		}
		if raw, _ := json.Marshal(got); c.sensitive != "" && strings.Contains(string(raw), "hidden") || strings.Contains(string(raw), "777000") && c.sensitive != "" {
			t.Errorf("a sensitive value is in %s", raw)
		}
	}
}

func TestFind_nothingWhereThereIsNothing(t *testing.T) {
	for _, c := range [][2]string{
		{"terraform_data", `{"name":"x"}`},
		{"aws_route53_record", ""},
		{"aws_route53_record", "null"},
		{"aws_route53_record", `"text"`},
		{"aws_route53_record", "{}"},
		{"aws_route53_record", `{"zone_id":null,"name":"","type":null}`},
	} {
		if got := find(t, Shipped(), c[0], c[1], "", ""); got != nil {
			t.Errorf("%s %s is %+v", c[0], c[1], got)
		}
	}
	if got := (*Table)(nil).Find("aws_route53_record", map[string]any{}, nil, nil); got != nil {
		t.Errorf("a table that is not there finds %+v", got)
	}
}

// decodeLoose decodes JSON for the fuzzer; nothing is a value as well.
func decodeLoose(s string) (any, bool) {
	if s == "" {
		return nil, true
	}
	var v any
	err := json.Unmarshal([]byte(s), &v)
	return v, err == nil
}
