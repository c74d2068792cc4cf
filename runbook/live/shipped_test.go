package live

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook/plan"
)

func TestShipped_everyTypeSaysWhyAndWhereFrom(t *testing.T) {
	table := Shipped()
	if n := len(table.Types()); n < 120 {
		t.Errorf("the table has %d types", n)
	}
	for _, typ := range table.Types() {
		r := table.rules[typ]
		why, source := table.Source(typ)
		if u, err := url.Parse(source); source != "provider source" && (err != nil || u.Scheme != "https" || u.Host == "") {
			t.Errorf("%s: source %q is no address", typ, source)
		}
		if why == "" || strings.HasSuffix(why, ".") {
			t.Errorf("%s: why is %q", typ, why)
		}
		if !isName(typ) || !slices.Contains(Modes, string(r.delete)) {
			t.Errorf("%s: delete is %q", typ, r.delete)
		}
		for _, h := range r.hosts {
			if !slices.ContainsFunc(r.key, func(p part) bool { return p.name == h }) {
				t.Errorf("%s: %q is a DNS name and not in the key", typ, h)
			}
		}
		if r.dns && (len(r.ttl) == 0 || !slices.ContainsFunc(r.key, func(p part) bool { return p.name == "name" })) {
			t.Errorf("%s: a DNS record without a name or a TTL", typ)
		}
	}
	for _, typ := range []string{
		"aws_route53_record", "aws_acm_certificate", "aws_lb", "aws_lb_listener", "aws_s3_bucket", "aws_cloudfront_distribution",
		"google_dns_record_set", "google_compute_managed_ssl_certificate", "azurerm_dns_cname_record", "azurerm_key_vault_certificate",
		"cloudflare_record", "cloudflare_dns_record", "fastly_service_vcl", "fastly_tls_subscription", "digitalocean_record",
		"kubernetes_ingress", "kubernetes_ingress_v1", "dns_a_record_set", "dns_cname_record", "sandbox_dns_record", "sandbox_certificate",
	} {
		if !table.Known(typ) {
			t.Errorf("%s is not in the table", typ)
		}
	}
	if table.Known("aws_acm_certificate_validation") {
		t.Error("waiting for a validation is nothing that users see")
	}
}

// Objects of two providers are never one thing because they have the same name.
func TestShipped_providersDoNotMeet(t *testing.T) {
	provider := map[string]string{}
	for _, typ := range Shipped().Types() {
		r := Shipped().rules[typ]
		// The ids of zones differ between providers, and nothing real is in the sandbox.
		if r.key[0].name == "zone_id" || strings.HasPrefix(typ, "sandbox_") {
			continue
		}
		var names []string
		for _, p := range r.key {
			if !p.optional {
				names = append(names, p.name)
			}
		}
		who, _, _ := strings.Cut(typ, "_")
		id := r.kind + ": " + strings.Join(names, " ")
		if other, taken := provider[id]; taken && other != who {
			t.Errorf("%s of %s can be taken for one of %s", id, typ, other)
		}
		provider[id] = who
	}
}

func TestShipped_namesOfProviders(t *testing.T) {
	for _, c := range []struct{ typ, values, name, key string }{
		{"dns_cname_record", `{"zone":"Crates.test.","name":"static","cname":"x.","ttl":60}`, "static.crates.test CNAME", "crates.test static.crates.test CNAME"},
		{"dns_a_record_set", `{"zone":"crates.test.","name":null,"addresses":["::1"],"ttl":60}`, "crates.test A", "crates.test crates.test A"},
		{"azurerm_dns_a_record", `{"resource_group_name":"rg","zone_name":"crates.test","name":"@","ttl":60}`, "crates.test A", "rg crates.test crates.test A"},
		{"digitalocean_record", `{"domain":"crates.test","name":"www","type":"A","ttl":60}`, "www.crates.test A", "crates.test www.crates.test A"},
		{"google_dns_record_set", `{"managed_zone":"z","name":"www.crates.test.","type":"A","ttl":60}`, "www.crates.test A", "z www.crates.test A"},
		{"cloudflare_record", `{"zone_id":"1","name":"www","hostname":"www.crates.test","type":"A","ttl":1}`, "www.crates.test A", "1 www A"},
		{"aws_acm_certificate", `{"domain_name":"B.test","subject_alternative_names":["b.test","a.test"]}`, "certificate for a.test, b.test", "a.test, b.test"},
		{"aws_acm_certificate", `{"domain_name":"a.test","subject_alternative_names":null,"region":"eu-west-1"}`, "certificate for a.test", "a.test eu-west-1"},
		{"aws_lb_listener", `{"load_balancer_arn":"arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/web/50dc","port":443,"protocol":"HTTPS"}`, "listener 443 of web", "arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/web/50dc 443 HTTPS"},
		{"aws_s3_bucket", `{"bucket":"assets"}`, "bucket assets", "assets"},
		{"aws_security_group_rule", `{"security_group_id":"sg-1","type":"ingress","protocol":"tcp","from_port":443,"to_port":443,"self":false,"cidr_blocks":["0.0.0.0/0"],"ipv6_cidr_blocks":["::/0"]}`, "ingress tcp 443-443 of sg-1", "sg-1 ingress tcp 443 443 false 0.0.0.0/0, ::/0"},
		{"aws_cloudfront_distribution", `{"aliases":[],"domain_name":"d1.cloudfront.net"}`, "distribution of d1.cloudfront.net", "d1.cloudfront.net"},
		{"fastly_service_vcl", `{"name":"web","domain":[{"name":"B.test","comment":""},{"name":"a.test","comment":"x"}]}`, "service web", "a.test, b.test"},
		{"google_compute_managed_ssl_certificate", `{"name":"c","managed":[{"domains":["a.test."]}]}`, "certificate for a.test", "a.test"},
		{"kubernetes_ingress_v1", `{"metadata":[{"name":"web","namespace":"prod","labels":{}}]}`, "ingress prod/web", "prod web"},
		{"kubernetes_manifest", `{"manifest":{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"prod"}}}`, "Service web", "v1 Service prod web"},
		{"sandbox_distribution", `{"name":"web","aliases":["static.crates.test"]}`, "distribution of static.crates.test", "static.crates.test"},
		{"sandbox_certificate", `{"domain_name":"a.test","alternative_names":["b.test","c.test","d.test"]}`, "certificate for a.test, b.test and 2 more", "a.test, b.test, c.test, d.test"},
	} {
		got := find(t, Shipped(), c.typ, c.values, "", "")
		if got == nil {
			t.Errorf("%s: no thing", c.typ)
			continue
		}
		var key []string
		for _, k := range got.Key {
			key = append(key, k.Value.String())
		}
		if k := strings.Join(key, " "); k != c.key || got.Name.String() != c.name {
			t.Errorf("%s: got %q with the key %q, want %q with %q", c.typ, got.Name, k, c.name, c.key)
		}
	}
}

func TestFind_zoneThatIsNotKnownMakesTheNameUnknown(t *testing.T) {
	got := find(t, Shipped(), "azurerm_dns_a_record", `{"resource_group_name":"rg","name":"www"}`, `{"zone_name":true}`, "")
	if want := []string{"zone_name", "name"}; !slices.Equal(got.Unknown, want) {
		t.Errorf("unknown is %v, want %v", got.Unknown, want)
	}
}

func TestFind_maskOfOneItemHidesTheWholePart(t *testing.T) {
	got := find(t, Shipped(), "fastly_service_vcl", `{"name":"web","domain":[{"name":"a.test"},{"name":"hidden.test"}]}`, "", `{"domain":[{},{"name":true}]}`)
	if len(got.Unknown) != 1 || len(got.Key) != 0 {
		t.Errorf("thing is %+v", got)
	}
}

func TestFind_spareNameIsToldFromTheOneThatUsersKnow(t *testing.T) {
	changed, err := Shipped().With(map[string]Identity{"aws_cloudfront_distribution": {Key: []string{"aliases|comment"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table  *Table
		values string
		want   bool
	}{
		{Shipped(), `{"aliases":[],"domain_name":"d1.cloudfront.net"}`, true},
		{Shipped(), `{"aliases":["a.test"],"domain_name":"d1.cloudfront.net"}`, false},
		{changed, `{"aliases":[],"domain_name":"d1.cloudfront.net","comment":"x"}`, false},
	} {
		if got := find(t, c.table, "aws_cloudfront_distribution", c.values, "", ""); got.Spare != c.want {
			t.Errorf("%s: %+v", c.values, got)
		}
	}
}

func TestFind_longValuesAreToldApart(t *testing.T) {
	long := strings.Repeat("a", 5000)
	a := find(t, Shipped(), "aws_s3_bucket", `{"bucket":"`+long+`1"}`, "", "")
	b := find(t, Shipped(), "aws_s3_bucket", `{"bucket":"`+long+`2"}`, "", "")
	hidden := find(t, Shipped(), "aws_s3_bucket", `{"bucket":"a\u0007b"}`, "", "")
	shown := find(t, Shipped(), "aws_s3_bucket", `{"bucket":"`+strings.ReplaceAll(hidden.Key[0].Value.String(), `\`, `\\`)+`"}`, "", "")
	if a.ID() == b.ID() || len(a.ID()) > 1000 || hidden.ID() == shown.ID() {
		t.Errorf("%q and %q, or %q and %q", a.ID(), b.ID(), hidden.ID(), shown.ID())
	}
}

func TestWith_changesOnlyWhatIsSaid(t *testing.T) {
	table, err := Shipped().With(map[string]Identity{
		"sandbox_dns_record": {Delete: plan.DeleteWholeName},
		"aws_route53_record": {Key: []string{"name", "type"}},
		"dns_cname_record":   {Key: []string{"name", "type"}},
		"acme_listener":      {Key: []string{"spec[0].port"}, Delete: plan.DeleteOwnData},
		"acme_other":         {Key: []string{"a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rec := find(t, table, "sandbox_dns_record", sandboxRecord, "", "")
	if rec.Delete != plan.DeleteWholeName || rec.Name.String() != "static.crates.test CNAME" || !rec.DNS || rec.TTL == 0 || len(rec.Key) != 3 {
		t.Errorf("record is %+v", rec)
	}
	a := find(t, table, "aws_route53_record", `{"zone_id":"Z","name":"static.crates.test.","type":"cname"}`, "", "")
	b := find(t, table, "dns_cname_record", `{"zone":"crates.test.","name":"static"}`, "", "")
	if a.ID() == "" || a.ID() != b.ID() {
		t.Errorf("%q and %q", a.ID(), b.ID())
	}
	l := find(t, table, "acme_listener", `{"spec":[{"port":443}]}`, "", "")
	if l.Kind != "acme_listener" || l.Name.String() != "acme_listener 443" || l.Delete != plan.DeleteOwnData || l.Key[0].Name != "spec[0].port" {
		t.Errorf("a new type is %+v", l)
	}
	if o := find(t, table, "acme_other", `{"a":1}`, "", ""); o.Delete != plan.DeleteUnknown {
		t.Errorf("without a word on deletes it is %+v", o)
	}
	if old := find(t, Shipped(), "sandbox_dns_record", sandboxRecord, "", ""); old.Delete != plan.DeleteOwnData {
		t.Error("the shipped table was changed")
	}
}

func TestWith_refusesWhatIsWrong(t *testing.T) {
	wrong := map[string]Identity{
		"no type!":   {Key: []string{"a"}},
		"acme_empty": {},
		"acme_path":  {Key: []string{"a..b"}},
		"acme_twice": {Key: []string{"a", "a?"}},
		"acme_mode":  {Key: []string{"a"}, Delete: "all"},
		"acme_ttl":   {Key: []string{"a"}, TTL: "[0]"},
	}
	_, err := Shipped().With(wrong)
	for _, typ := range slices.Sorted(maps.Keys(wrong)) {
		if err == nil || !strings.Contains(err.Error(), "identity of "+typ+": ") {
			t.Errorf("%s is not in %v", typ, err)
		}
	}
}
