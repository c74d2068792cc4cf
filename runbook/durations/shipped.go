package durations

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/strict"
)

//go:embed shipped.yaml
var shippedData []byte

// table is what comes with the program.
type table map[key]entry

type entry struct {
	estimate Estimate
	source   string
}

var shipped = sync.OnceValue(func() table {
	t, err := readTable("shipped.yaml", shippedData)
	if err != nil {
		panic(fmt.Sprintf("durations: the table that comes with the program: %v", err))
	}
	return t
})

func (t table) of(typ string, action plan.Action) (Estimate, bool) {
	e, ok := t[key{typ, action}]
	return e.estimate, ok
}

// A tableFile is the file of the table.
type tableFile struct {
	Durations []row `yaml:"durations" required:"true"`
}

type row struct {
	Types   []string `yaml:"types" required:"true"`
	Actions []string `yaml:"actions" required:"true" enum:"create,update,delete,read"`
	Min     length   `yaml:"min" default:"0s"`
	Typical length   `yaml:"typical" default:"0s"`
	Max     length   `yaml:"max" default:"0s"`
	Source  string   `yaml:"source" required:"true"`
}

// A length is a length of time as Go writes it.
type length time.Duration

// UnmarshalText reads a length.
func (l *length) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	*l = length(d)
	return err
}

func readTable(name string, data []byte) (table, error) {
	var file tableFile
	doc := strict.Read(name, data, "durations:", nil, &file)
	t := table{}
	for i, r := range file.Durations {
		at := fmt.Sprintf("durations[%d]", i)
		e := Estimate{Min: time.Duration(r.Min), Typical: time.Duration(r.Typical), Max: time.Duration(r.Max), Source: SourceShipped}
		if !slices.IsSorted([]time.Duration{0, e.Min, e.Typical, e.Max}) || e.Max > Longest {
			doc.Report(at, "min, typical and max are not in order", "")
		}
		for _, typ := range r.Types {
			for _, a := range r.Actions {
				k := key{typ, plan.Action(a)}
				if _, twice := t[k]; twice || strings.Contains(typ, ".") {
					doc.Report(at, typ+"."+a+" is there twice or is no type", "")
				}
				t[k] = entry{e, r.Source}
			}
		}
	}
	return t, doc.Err()
}
