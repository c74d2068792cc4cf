package planfile

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"lockstep/runbook/plan"
	"lockstep/steps/terraform/redact"
)

// record is a change of a DNS record of the sandbox.
func record(name, rest string) string {
	return fmt.Sprintf(`{"address":"sandbox_dns_record.%s","mode":"managed","type":"sandbox_dns_record","name":%q,%s}`, name, name, rest)
}

func dns(name string) string {
	return fmt.Sprintf(`{"zone":"z.test","name":%q,"type":"A","ttl":60,"values":["127.0.0.1"]}`, name)
}

func TestRead_thingsBeforeAndAfter(t *testing.T) {
	f := mustRead(t, document(`"resource_changes":[`+strings.Join([]string{
		record("old", `"change":{"actions":["delete"],"before":`+dns("a.z.test")+`,"after":null}`),
		record("new", `"change":{"actions":["create"],"before":null,"after":`+dns("A.z.test")+`,"after_unknown":{"id":true}}`),
		record("late", `"change":{"actions":["create"],"before":null,"after":{"zone":"z.test","type":"A"},"after_unknown":{"name":true}}`),
		record("twin", `"change":{"actions":["no-op"],"before":`+dns("a.z.test")+`,"after":`+dns("a.z.test")+`}`),
		record("other", `"change":{"actions":["no-op"],"before":`+dns("b.z.test")+`,"after":`+dns("b.z.test")+`}`),
		record("renamed", `"change":{"actions":["delete","create"],"before":`+dns("c.z.test")+`,"after":`+dns("d.z.test")+`}`),
		record("let", `"change":{"actions":["forget"],"before":`+dns("e.z.test")+`,"after":null}`),
		record("kept", `"change":{"actions":["no-op"],"before":`+dns("e.z.test")+`,"after":`+dns("e.z.test")+`}`),
		record("left", `"deposed":"00000001","change":{"actions":["delete"],"before":`+dns("b.z.test")+`,"after":null}`),
		record("changed", `"change":{"actions":["update"],"before":`+dns("f.z.test")+`,"after":`+dns("g.z.test")+`}`),
		record("stays", `"change":{"actions":["no-op"],"before":`+dns("f.z.test")+`,"after":`+dns("f.z.test")+`}`),
		change("t.none", `"change":{"actions":["delete"],"before":{"name":"x"},"after":null}`),
	}, ",")+`]`), &redact.Net{})
	var got []string
	name := func(t *plan.Thing) string {
		if t == nil {
			return "-"
		}
		return t.Name.String()
	}
	for _, r := range f.Model.Resources {
		got = append(got, fmt.Sprintf("%s %s → %s", r.Key(), name(r.Was), name(r.Becomes)))
	}
	for _, h := range f.Model.Standing {
		got = append(got, "standing "+h.Address.String()+" "+h.Thing.Name.String())
	}
	want := []string{
		"sandbox_dns_record.old a.z.test A → -",
		"sandbox_dns_record.new - → a.z.test A",
		"sandbox_dns_record.late - → (known after apply) A",
		"sandbox_dns_record.renamed c.z.test A → d.z.test A",
		"sandbox_dns_record.let e.z.test A → e.z.test A",
		"sandbox_dns_record.left deposed 00000001 b.z.test A → -",
		"sandbox_dns_record.changed f.z.test A → g.z.test A",
		"t.none - → -",
		"standing sandbox_dns_record.twin a.z.test A",
		"standing sandbox_dns_record.other b.z.test A",
		"standing sandbox_dns_record.stays f.z.test A",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if old, created := f.Model.Resources[0].Was.ID(), f.Model.Resources[1].Becomes.ID(); old == "" || old != created {
		t.Errorf("%q and %q are not one thing", old, created)
	}
}

func TestRead_wholeOrNotAtAll(t *testing.T) {
	text := document(`"resource_changes":[` + record("old", `"change":{"actions":["delete"],"before":`+dns("a.z.test")+`,"after":null}`) + `]`)
	for _, bad := range []string{"", text[:len(text)-1], text + "{}", strings.Replace(text, `"1.2"`, `"3.0"`, 1), "digraph {}"} {
		if f, err := readText(t, bad, &redact.Net{}); err == nil || f != nil {
			t.Errorf("%.40q is read as a plan", bad)
		}
	}
}

func TestRead_noSecretInAThing(t *testing.T) {
	const secret = "s3cr3t-name.z.test"
	f := mustRead(t, document(`"resource_changes":[`+strings.Join([]string{
		record("masked", `"change":{"actions":["create"],"before":null,"after":`+dns(secret)+`,"after_sensitive":{"name":true}}`),
		// Known as a secret only from what was read before and comes after.
		record("bare", `"change":{"actions":["delete"],"before":`+dns(secret)+`,"after":null}`),
		record("stands", `"change":{"actions":["no-op"],"before":`+dns(secret)+`,"after":`+dns(secret)+`}`),
	}, ",")+`]`), &redact.Net{})
	raw, err := json.Marshal(f.Model)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "s3cr3t") {
		t.Errorf("the secret is in the model: %s", raw)
	}
	if got := f.Model.Resources[0].Becomes; len(got.Unknown) != 1 || got.Unknown[0] != "name" {
		t.Errorf("the masked name is %+v", got)
	}
	if len(f.Model.Standing) != 1 {
		t.Errorf("standing is %+v", f.Model.Standing)
	}
}
