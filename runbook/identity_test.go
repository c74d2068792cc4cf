package runbook

import (
	"strings"
	"testing"
	"time"

	"lockstep/runbook/plan"
)

func identities(s string) string { return steps() + "identities:\n  " + s + "\n" }

func TestParse_namesProblemsOfIdentitiesAndTimes(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"resource type", identities("a b: { key: [x] }"), `r:9:3: "a b" cannot be a resource type (such as aws_route53_record)`},
		{"nothing said", identities("aws_lb:"), "r:9:3: identities.aws_lb says nothing (give it key, delete or both)"},
		{"new type without key", identities("acme_dns: { delete: own-data }"), "r:9:3: identities.acme_dns has no key, and Lockstep does not know the type (such as key: [name])"},
		{"mistyped type", identities("aws_rout53_record: { delete: own-data }"), `identities.aws_rout53_record has no key, and Lockstep does not know the type (did you mean "aws_route53_record"?)`},
		{"empty key", identities("aws_lb: { key: [] }"), "r:9:13: identities.aws_lb.key is empty (such as [name])"},
		{"key as text", identities("aws_lb: { key: name }"), "r:9:18: identities.aws_lb.key should be a list, not text (write [ ] around it)"},
		{"attribute", identities("aws_lb: { key: [name, a..b] }"), `r:9:25: "a..b" is no path of an attribute (such as name or "metadata[0].name")`},
		{"empty attribute", identities("aws_lb: { key: [''] }"), `r:9:19: "" is no path of an attribute`},
		{"attribute twice", identities("aws_lb: { key: [name, 'name?'] }"), `"name" is in the key twice (keep one)`},
		{"what a delete takes", identities("aws_lb: { delete: wholename }"), `r:9:21: identities.aws_lb.delete is "wholename" (did you mean "whole-name"?)`},
		{"unknown key", identities("aws_lb: { kye: [a] }"), `r:9:13: unknown key "kye" in identities.aws_lb (did you mean "key"?)`},
		{"type twice", identities("aws_lb: { delete: unknown }\n  aws_lb: { delete: unknown }"), `r:10:3: the key "aws_lb" is there twice`},

		{"action", env("durations: { aws_lb.craete: 1s }"), `r:3:68: "aws_lb.craete" ends in "craete", which is no action (did you mean "create"?)`},
		{"no action", env("durations: { create: 1s }"), `"create" names no action (write TYPE.action or ADDRESS.action, such as aws_eip.create)`},
		{"no address", env("durations: { a.b.c.create: 1s }"), `"a.b.c" is neither a resource type nor the address of a resource`},
		{"length", env("durations: { aws_lb.create: soon }"), `environments.e.durations.aws_lb.create: "soon" is not a length of time (such as 30s, 15m or 2h)`},
		{"seconds", env("durations: { aws_lb.create: 20 }"), `"20" is not a length of time (such as 30s, 15m or 2h)`},
		{"negative length", env("durations: { aws_lb.create: -1s }"), `"-1s" is negative (such as 30s, 15m or 2h)`},
		{"endless", env("durations: { aws_lb.create: 9000h }"), "environments.e.durations.aws_lb.create is longer than 31 days (such as 20s)"},
		{"negative TTL", env("negative_ttl: 200h"), "r:3:54: environments.e.negative_ttl is longer than a week (the last number of the SOA record, in seconds, such as 60s)"},
		{"many destroys", env("many_destroys: 0"), "r:3:55: environments.e.many_destroys is 0 (at least 1)"},
		{"many destroys as text", env("many_destroys: all"), "environments.e.many_destroys should be a whole number, not text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("r", []byte(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got\n%v\nwant\n%s\nof\n%s", err, tt.want, tt.yaml)
			}
		})
	}
}

func TestParse_identitiesAndTimesReachTheirUsers(t *testing.T) {
	rb, err := Parse("r", []byte(frame(`{ pin: { file: f }, durations: { 'module.m["a.b"].aws_lb.l.create': 20s, aws_lb.delete: 0s }, negative_ttl: 1m }`, "", "")+
		"identities:\n  sandbox_dns_record: { delete: whole-name }\n  acme_dns: { key: [\"spec[0].host\", type] }\n"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := rb.Table()
	if err != nil {
		t.Fatal(err)
	}
	rec := table.Find("sandbox_dns_record", map[string]any{"zone": "z.test", "name": "a.z.test", "type": "A"}, nil, nil)
	if rec == nil || rec.Delete != plan.DeleteWholeName || rec.Kind != "DNS record" || len(rec.Key) != 3 {
		t.Errorf("the record is %+v", rec)
	}
	if !table.Known("acme_dns") {
		t.Error("a new type is not in the table")
	}
	e := rb.Environments["e"]
	if got := e.Lengths(); len(got) != 2 || got[`module.m["a.b"].aws_lb.l.create`] != 20*time.Second || e.NegativeTTL.Std() != time.Minute || e.ManyDestroys != 10 {
		t.Errorf("got %v, %v, %d", got, e.NegativeTTL, e.ManyDestroys)
	}
	if table, err := (&Runbook{}).Table(); err != nil || !table.Known("aws_lb") {
		t.Errorf("without identities: %v", err)
	}
}
