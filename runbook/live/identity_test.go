package live

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook/plan"
	"lockstep/runbook/strict"
)

func TestReadIdentities_takesTheDocumentedForm(t *testing.T) {
	got, err := ReadIdentities("ids.json", []byte(`{
	  "sandbox_dns_record": {"key": ["zone", "name", "type"], "delete": "whole-name"},
	  "aws_s3_bucket": {"delete": "own-data"},
	  "acme_thing": {"key": ["metadata[0].name", "domain[*].name|tags[\"a.b\"]"]}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if id := got["sandbox_dns_record"]; !slices.Equal(id.Key, []string{"zone", "name", "type"}) || id.Delete != plan.DeleteWholeName {
		t.Errorf("got %+v", id)
	}
	if _, err := Shipped().With(got); err != nil {
		t.Errorf("the table refuses what was read: %v", err)
	}
	if empty, err := ReadIdentities("ids.json", []byte(" {}\n")); err != nil || len(empty) != 0 {
		t.Errorf("an empty object is %v, %v", empty, err)
	}
}

func TestReadIdentities_reportsEverythingAtItsPlace(t *testing.T) {
	_, err := ReadIdentities("ids.json", []byte(`{
  "a_b": {"key": [], "delete": "own-data"},
  "a b": {"key": ["x"]},
  "c_d": {"kye": ["x"], "delete": "owndata"},
  "e_f": {"key": ["x", 1, "a..b", "x"], "delete": null},
  "e_f": {"key": ["x"]},
  "g_h": ["x"],
  "i_j": {"key": "x", "key": ["y"]},
  "k_l": {}
}`))
	var problems *strict.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("error is %v", err)
	}
	want := []string{
		`ids.json:2:18: a_b.key is empty (such as ["name"])`,
		`ids.json:3:3: "a b" cannot be a resource type (such as aws_route53_record)`,
		`ids.json:4:3: c_d has no key, and the table that comes with the program does not know the type (such as "key": ["name"])`,
		`ids.json:4:11: unknown key "kye" in c_d (did you mean "key"?)`,
		`ids.json:4:35: c_d.delete is "owndata" (did you mean "own-data"?)`,
		`ids.json:5:24: e_f.key[1] should be the path of an attribute, not a number`,
		`ids.json:5:27: "a..b" is no path of an attribute (such as name or metadata[0].name)`,
		`ids.json:5:35: "x" is in the key twice (keep one)`,
		`ids.json:5:51: e_f.delete should be one of own-data, whole-name, unknown, not null`,
		`ids.json:6:3: the key "e_f" is there twice (the first one is on line 5; keep one)`,
		`ids.json:7:10: g_h should be an object with "key" and "delete", not a list`,
		`ids.json:8:18: i_j.key should be a list of attributes, not text`,
		`ids.json:8:23: the key "key" is there twice (the first one is on line 8; keep one)`,
		`ids.json:9:3: k_l has no key, and the table that comes with the program does not know the type (such as "key": ["name"])`,
	}
	if got, w := err.Error(), strings.Join(want, "\n"); got != w {
		t.Errorf("got\n%s\nwant\n%s", got, w)
	}
}

func TestReadIdentities_refusesWhatIsNoJSON(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "ids.json:1:1: the document is empty"},
		{"[]", "ids.json:1:1: the document should be an object of resource types, not a list"},
		{"{\n  \"a\": }", "ids.json:2:8: not JSON: "},
		{"{} {}", "ids.json:1:4: not JSON: "},
		{"{\"a\xff\": 1}", "ids.json:1:4: a byte is not UTF-8"},
		{"a_b: {key: [x]}", "ids.json:1:1: not JSON: "},
		{strings.Repeat("[", 100_000), "not JSON: "},
		{strings.Repeat(" ", 2<<20), "larger than"},
	} {
		got, err := ReadIdentities("ids.json", []byte(c.text))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzReadIdentities(f *testing.F) {
	for _, s := range []string{
		`{"sandbox_dns_record": {"key": ["zone", "name"], "delete": "whole-name"}}`,
		`{"a_b": {"key": ["m[0].n?", "a|b+c", "t[\"x\"]", "d[*].n"]}}`,
		`{"a_b": {"key": [], "delete": "x"}, "a_b": 1}`, `{"a`, "\ufeff{}", `[1]`,
	} {
		f.Add([]byte(s), `{"zone":"a","name":["b",{"c":1}],"m":[{"n":true}]}`)
	}
	f.Fuzz(func(t *testing.T, data []byte, _ string) {
		got, err := ReadIdentities("f.json", data)
		var problems *strict.Problems
		switch {
		case err != nil && (!errors.As(err, &problems) || got != nil):
			t.Fatalf("%v with %v", err, got)
		case err != nil:
			for _, p := range *problems {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Fatalf("a problem without its place: %+v", p)
				}
			}
			return
		}
		if _, err := Shipped().With(got); err != nil {
			t.Fatalf("what was read is refused: %v", err)
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("name", `{"name":"static.crates.test"}`, `{"name":false}`, `{}`)
	f.Add("a[0].b+c|d[*].e?", `{"a":[{"b":1}],"c":[true],"d":[{"e":"x"},1]}`, `{"a":[{"b":true}]}`, `true`)
	f.Add("\\[\"", `{"a":{}}`, "", "")
	table := Shipped()
	f.Fuzz(func(t *testing.T, item, values, unknown, sensitive string) {
		with, err := table.With(map[string]Identity{"x_y": {Key: []string{item}}})
		if err != nil {
			return
		}
		v, ok1 := decodeLoose(values)
		u, ok2 := decodeLoose(unknown)
		s, ok3 := decodeLoose(sensitive)
		if !ok1 || !ok2 || !ok3 {
			return
		}
		got := with.Find("x_y", v, u, s)
		if got != nil && s == true && (got.ID() != "" || len(got.Key) > 0) {
			t.Fatalf("a secret object is %+v", got)
		}
		for _, typ := range []string{"aws_route53_record", "fastly_service_vcl", "dns_a_record_set", "aws_security_group_rule"} {
			table.Find(typ, v, u, s)
		}
	})
}
