package live

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/strict"
)

// A Table knows the live things of resource types. It may be used by several
// goroutines.
type Table struct {
	rules map[string]*rule // by resource type
}

//go:embed shipped/*.yaml
var shipped embed.FS

// Shipped returns the table that comes with the program.
func Shipped() *Table { return loadShipped() }

var loadShipped = sync.OnceValue(func() *Table {
	t := &Table{rules: map[string]*rule{}}
	files, err := shipped.ReadDir("shipped")
	for _, f := range files {
		data, rerr := shipped.ReadFile("shipped/" + f.Name())
		err = errors.Join(err, rerr, t.read(f.Name(), data))
	}
	if err != nil {
		panic(fmt.Sprintf("live: the table that comes with the program: %v", err))
	}
	return t
})

// A tableFile is one file of the table.
type tableFile struct {
	Things []row `yaml:"things" required:"true"`
}

// A row says the same of several resource types.
type row struct {
	Types     []string          `yaml:"types"`
	Records   map[string]string `yaml:"records" doc:"Resource type to type of the DNS record, for providers with one resource type for each."`
	Kind      string            `yaml:"kind" required:"true"`
	Key       []string          `yaml:"key" required:"true"`
	Name      string            `yaml:"name" required:"true" doc:"For people; {…} is an item as in a key."`
	Delete    plan.DeleteMode   `yaml:"delete" enum:"own-data,whole-name,unknown" required:"true"`
	DNS       bool              `yaml:"dns"`
	Relative  string            `yaml:"relative" doc:"The attribute with the zone that name is relative to."`
	Spare     string            `yaml:"spare" doc:"The attribute of the key that an object keeps when it gets the name that counts before it."`
	TTL       string            `yaml:"ttl"`
	Automatic int               `yaml:"automatic" min:"0" doc:"Seconds that a TTL of 1 means."`
	Data      []string          `yaml:"data" doc:"What tells objects with the same key apart for a delete."`
	Hosts     []string          `yaml:"hosts" doc:"Parts of the key that are DNS names."`
	Source    string            `yaml:"source" required:"true"`
	Why       string            `yaml:"why" required:"true" doc:"Why delete is what it is."`
}

// read adds the rows of a file.
func (t *Table) read(name string, data []byte) error {
	var file tableFile
	doc := strict.Read(name, data, "things:", nil, &file)
	for i, r := range file.Things {
		at := fmt.Sprintf("things[%d]", i)
		if doc.Troubled(at) {
			continue
		}
		types := slices.Concat(r.Types, slices.Sorted(maps.Keys(r.Records)))
		if len(types) == 0 {
			doc.Report(at, at+" is for no type", "")
		}
		for _, typ := range types {
			one, err := r.rule(r.Records[typ])
			switch {
			case err != nil:
				doc.Report(at, err.Error(), "")
			case t.rules[typ] != nil:
				doc.Report(at, fmt.Sprintf("%s is in the table twice", typ), "")
			}
			t.rules[typ] = one
		}
	}
	return doc.Err()
}

func (r row) rule(record string) (*rule, error) {
	out := &rule{
		kind: r.Kind, delete: r.Delete, dns: r.DNS, hosts: r.Hosts, record: record, source: r.Source, why: r.Why,
		auto: time.Duration(r.Automatic) * time.Second,
	}
	err := out.setKey(r.Key)
	var nerr, terr, rerr, derr, serr error
	out.name, nerr = out.readName(r.Name)
	if r.TTL != "" {
		out.ttl, terr = readPath(r.TTL)
	}
	if r.Relative != "" {
		var zone part
		zone, rerr = readPart(r.Relative)
		zone.form = host
		out.relative = &zone
	}
	if r.Spare != "" {
		var spare part
		spare, serr = readPart(r.Spare)
		out.spare = &spare
	}
	derr = out.setData(r.Data)
	return out, errors.Join(err, nerr, terr, rerr, derr, serr)
}

func (r *rule) setData(data []string) error {
	r.data = nil
	for _, d := range data {
		p, err := readPart(d)
		if err != nil {
			return err
		}
		r.data = append(r.data, p)
	}
	return nil
}

// Types returns the resource types of the table, sorted.
func (t *Table) Types() []string { return slices.Sorted(maps.Keys(t.rules)) }

// Source says why a delete of the type takes what it takes, and where that is
// known from. Both are empty for what does not come with the program.
func (t *Table) Source(typ string) (why, source string) {
	if r := t.rules[typ]; r != nil {
		return r.why, r.source
	}
	return "", ""
}

// Find returns the live thing that an object of a resource type holds, or nil
// when the type is not in the table or there is no object. The values and the
// masks of what is unknown and sensitive are decoded JSON as plans have it; what
// a mask marks is never part of the thing. A nil Table finds nothing.
func (t *Table) Find(typ string, values, unknown, sensitive any) *plan.Thing {
	if t == nil || values == nil && unknown == nil {
		return nil
	}
	r := t.rules[typ]
	if r == nil {
		return nil
	}
	if _, ok := values.(map[string]any); !ok && unknown != true {
		return nil
	}
	return r.find(object{values, unknown, sensitive})
}

// number reads a number of a plan.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		return n, err == nil
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}
