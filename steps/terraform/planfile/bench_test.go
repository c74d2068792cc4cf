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
