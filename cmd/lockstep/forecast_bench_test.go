package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/forecast"
	"lockstep/runbook/forecast/report"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/planfile"
	"lockstep/steps/terraform/redact"
)

// large returns the JSON and the graph of a plan of n changes.
type large func(n int) (doc, dot string)

// incidents is the incident again and again: six changes each time.
func incidents(n int) (string, string) {
	var d planned
	for i := range n / 6 {
		m := fmt.Sprintf("module.site[%d]", i)
		name := fmt.Sprintf("static-%d.crates.test", i)
		record := func(set string) string {
			return fmt.Sprintf(`{"zone":"crates.test","name":%q,"type":"CNAME","ttl":300,"set_identifier":%q,"values":["d.cdn.test"]}`, name, set)
		}
		cert := fmt.Sprintf(`{"domain_name":%q,"alternative_names":[]}`, name)
		d.change(m+".sandbox_certificate.cert", `["create","delete"]`, cert, cert)
		d.change(m+`.sandbox_dns_record.validation["a"]`, `["create"]`, "null", strings.Replace(record(""), `"CNAME"`, `"TXT"`, 1))
		d.change(m+".sandbox_certificate_validation.cert", `["delete","create"]`, `{}`, `{}`)
		d.change(m+".sandbox_distribution.static", `["update"]`, fmt.Sprintf(`{"aliases":[%q]}`, name), fmt.Sprintf(`{"aliases":[%q]}`, name))
		d.change(m+".sandbox_dns_record.static", `["delete"]`, record(""), "null")
		d.change(m+".sandbox_dns_record.weighted", `["create"]`, "null", record("cloudfront"))
		d.edge(m+".sandbox_certificate.cert", m+".sandbox_certificate_validation.cert (destroy)")
		d.edge(m+".sandbox_certificate.cert (destroy deposed 01234567)", m+".sandbox_dns_record.weighted")
		d.edge(m+`.sandbox_dns_record.validation["a"]`, m+".sandbox_certificate.cert")
		d.edge(m+".sandbox_certificate_validation.cert", m+`.sandbox_dns_record.validation["a"]`)
		d.edge(m+".sandbox_certificate_validation.cert (destroy)", m+".sandbox_dns_record.static (destroy)")
		d.edge(m+".sandbox_distribution.static", m+".sandbox_certificate_validation.cert")
		d.edge(m+".sandbox_dns_record.weighted", m+".sandbox_distribution.static")
	}
	return d.text()
}

// chain is n updates that wait for each other.
func chain(n int) (string, string) {
	var d planned
	for i := range n {
		at := func(i int) string { return fmt.Sprintf("module.m%d.sandbox_distribution.d_%d", i%50, i) }
		values := fmt.Sprintf(`{"aliases":["a%d.crates.test"]}`, i)
		d.change(at(i), `["update"]`, values, values)
		if i > 0 {
			d.edge(at(i), at(i-1))
		}
	}
	return d.text()
}

// A planned is a plan in the making.
type planned struct {
	changes      []string
	nodes, edges strings.Builder
}

func (d *planned) change(address, actions, before, after string) {
	parts := strings.Split(strings.TrimSuffix(address, `["a"]`), ".")
	d.changes = append(d.changes, fmt.Sprintf(`{"address":%q,"mode":"managed","type":%q,"name":%q,"provider_name":"sandbox.test/lockstep/sandbox","change":{"actions":%s,"before":%s,"after":%s,"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}`,
		address, parts[len(parts)-2], parts[len(parts)-1], actions, before, after))
	node := func(suffix string) {
		fmt.Fprintf(&d.nodes, "\t\t%q [label = %q, shape = \"box\"]\n", "[root] "+address+suffix, address)
	}
	switch actions {
	case `["delete"]`:
		node(" (destroy)")
	case `["delete","create"]`:
		node(" (destroy)")
		node("")
		d.edge(address, address+" (destroy)")
	case `["create","delete"]`:
		node(" (destroy deposed 01234567)")
		node("")
	default:
		node("")
	}
	d.edge(address, `provider["sandbox.test/lockstep/sandbox"]`)
}

func (d *planned) edge(from, to string) {
	fmt.Fprintf(&d.edges, "\t\t%q -> %q\n", "[root] "+from, "[root] "+to)
}

func (d *planned) text() (string, string) {
	doc := `{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[` + strings.Join(d.changes, ",\n") + `],"applyable":true,"complete":true,"errored":false}`
	return doc, "digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n" + d.nodes.String() + d.edges.String() + "\t}\n}\n"
}

// BenchmarkForecast goes the way of the command with 10,000 changes. It reports
// each part of it in seconds, and the most memory that the parts after the
// reading need beside what was read.
func BenchmarkForecast(b *testing.B) {
	for name, make := range map[string]large{"incidents": incidents, "chain": chain} {
		b.Run(name, func(b *testing.B) {
			doc, dot := make(10_000)
			path := filepath.Join(b.TempDir(), "plan.json")
			if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
				b.Fatal(err)
			}
			doc = ""
			took := map[string]time.Duration{}
			var most uint64
			for b.Loop() {
				last := time.Now()
				part := func(name string) {
					took[name] += time.Since(last)
					last = time.Now()
				}
				file, err := planfile.Read(path, &redact.Net{}, live.Shipped())
				if err != nil {
					b.Fatal(err)
				}
				part("json")
				debug.FreeOSMemory()
				peak := watchHeap()
				last = time.Now()
				g, err := planfile.Graph(dot)
				if err != nil {
					b.Fatal(err)
				}
				part("dot")
				o, err := plan.NewOrder(&file.Model, g)
				if err != nil {
					b.Fatal(err)
				}
				part("order")
				r := &report.Report{Plan: &file.Model, Raw: file.Raw}
				opt := forecast.Options{Durations: durations.NewBook(durations.Sources{})}
				r.AtOnce = forecast.AtOnce(&file.Model, o, opt)
				part("atonce")
				r.Changes = plan.Split(&file.Model, o)
				part("split")
				r.Steps = forecast.OneAtATime(&file.Model, o, r.Changes, opt)
				part("sequence")
				for name, write := range map[string]func(io.Writer) error{"text": r.Text, "markdown": r.Markdown, "printjson": r.JSON} {
					if err := write(io.Discard); err != nil {
						b.Fatal(err)
					}
					part(name)
				}
				most = max(most, peak())
			}
			for name, d := range took {
				b.ReportMetric(d.Seconds()/float64(b.N), name+"-s")
			}
			b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
		})
	}
}

// watchHeap looks at the heap until the function that it returns is called, which
// says by how much it grew at most.
func watchHeap() func() uint64 {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := heap(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most = max(most, heap())
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return max(most, heap()) - min(before, most)
	}
}
