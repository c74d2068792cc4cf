package planfile

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook/live"
	"lockstep/steps/terraform/redact"
)

// BenchmarkRead reads a plan of 10,000 resources with 5 KB each.
func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "plan.json")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(out)
	tags := strings.Repeat(`"some_attribute_name_%d":"a value of an ordinary length","list_%d":["a","b"],`, 30)
	fmt.Fprint(w, `{"format_version":"1.2","resource_changes":[`)
	for i := range 10_000 {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		n := make([]any, 60)
		for k := range n {
			n[k] = k
		}
		attrs := fmt.Sprintf(tags, n...)
		fmt.Fprintf(w, `{"address":"t.a[%d]","change":{"actions":["update"],"before":{%s"x":1},"after":{%s"x":2}}}`, i, attrs, attrs)
	}
	fmt.Fprint(w, `]}`)
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	info, err := out.Stat()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(path, &redact.Net{}, live.Shipped()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead_things reads a plan of 10,000 DNS records, most of which stay as
// they are, with the table of live things and without.
func BenchmarkRead_things(b *testing.B) {
	path := filepath.Join(b.TempDir(), "plan.json")
	var text strings.Builder
	text.WriteString(`{"format_version":"1.2","resource_changes":[`)
	for i := range 10_000 {
		if i > 0 {
			text.WriteString(",")
		}
		values := fmt.Sprintf(`{"zone_id":"Z1","name":"n%d.crates.test","type":"CNAME","set_identifier":null,"ttl":300,"records":["x.test"],"alias":[],"fqdn":"n%d.crates.test","id":"Z1_n%d"}`, i, i, i)
		action, after := "no-op", values
		if i%10 == 0 {
			action, after = "delete", "null"
		}
		fmt.Fprintf(&text, `{"address":"aws_route53_record.a[%d]","mode":"managed","type":"aws_route53_record","change":{"actions":[%q],"before":%s,"after":%s,"after_unknown":{},"before_sensitive":{"alias":[],"records":[false]},"after_sensitive":{"alias":[],"records":[false]}}}`,
			i, action, values, after)
	}
	text.WriteString(`]}`)
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, table := range map[string]*live.Table{"with": live.Shipped(), "without": nil} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(path, &redact.Net{}, table); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
