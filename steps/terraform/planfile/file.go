package planfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/redact"
)

// A File is the JSON of a saved plan, read once.
type File struct {
	Model plan.Plan // without Digest, Lineage, Serial, Workspace and Targets, which the JSON does not have

	// ChecksOnly says that the plan does something, and all of it is reading data
	// sources for check blocks again.
	ChecksOnly bool

	// Limited says that the plan calls itself incomplete: it was limited to targets,
	// or something was put off. OpenTofu does not say either way.
	Limited bool

	path  string
	net   *redact.Net
	spans []span            // by resource of the model
	raw   map[string]string // shown address → address as Terraform wants it
	idle  map[string]bool   // shown addresses that are in the plan and do not change
}

// A span is where a resource stands in the file, with blanks before it.
type span struct{ start, end int64 }

// Read reads the output of "show -json" that was written to the file path. It
// keeps no value but the keys of live things, which the table finds; secrets that
// it comes across go into net.
func Read(path string, net *redact.Net, table *live.Table) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	defer in.Close()
	f := &File{path: path, net: net, raw: map[string]string{}, idle: map[string]bool{}}
	r := reader{f: f, table: table, dec: json.NewDecoder(in), keys: map[string]bool{}}
	r.dec.UseNumber()
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("read the plan: what Terraform printed is no plan: %w", err)
	}
	return f, nil
}

// Raw returns the address that was made inert as shown, as Terraform wrote it.
// An address that is not in the plan comes back as it is.
func (f *File) Raw(shown string) string {
	if raw, ok := f.raw[shown]; ok {
		return raw
	}
	return shown
}

// IsIdle reports whether the plan lists an address, as shown, to say that nothing
// happens to it.
func (f *File) IsIdle(shown string) bool { return f.idle[shown] }

type reader struct {
	f        *File
	table    *live.Table
	dec      *json.Decoder
	keys     map[string]bool // of resources, to tell that two look alike
	vars     json.RawMessage
	version  string
	errored  bool
	checks   int           // reads that belong to check blocks
	standing []plan.Holder // objects that the plan leaves as they are
	isPlan   bool
	isState  bool
}

func (r *reader) read() error {
	err := r.object(func(key string) error {
		r.note(key)
		switch key {
		case "format_version":
			return r.dec.Decode(&r.version)
		case "terraform_version":
			return r.dec.Decode(&r.f.Model.Terraform)
		case "applyable":
			return r.dec.Decode(&r.f.Model.Applyable)
		case "complete":
			err := r.dec.Decode(&r.f.Model.Complete)
			r.f.Limited = !r.f.Model.Complete
			return err
		case "errored":
			return r.dec.Decode(&r.errored)
		case "variables":
			return r.dec.Decode(&r.vars)
		case "resource_drift":
			return r.list(r.drift)
		case "resource_changes":
			return r.list(r.change)
		case "output_changes":
			return r.outputs()
		case "prior_state":
			return r.state()
		case "configuration":
			return r.configuration()
		}
		return r.skip()
	})
	if err != nil {
		return err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows after its end")
	}
	if r.isState && !r.isPlan {
		return errors.New("it is a state")
	}
	if err := (&tfjson.Plan{FormatVersion: r.version}).Validate(); err != nil {
		return err
	}
	switch {
	case !r.isPlan:
		return errors.New("it has nothing that a plan has")
	case r.errored:
		return errors.New("the plan says of itself that it has errors")
	}
	r.keepStanding()
	r.cleanThings()
	r.f.ChecksOnly = r.checks > 0 && r.f.Model.IsEmpty()
	return nil
}

// note learns from a key of the top object what the document is. The JSON of a
// state has a format version as well.
func (r *reader) note(key string) {
	switch key {
	case "resource_changes", "planned_values", "configuration":
		r.isPlan = true
	case "values", "lineage":
		r.isState = true
	}
}

// change takes one element of resource_changes.
func (r *reader) change(s span, rc *tfjson.ResourceChange) error {
	r.secrets(rc.Change)
	m, keep, err := r.f.resourceChange(rc)
	if rc.ActionReason == tfjson.ActionReasonReadBecauseCheckNested {
		r.checks++
	}
	if err != nil {
		return err
	}
	if m.Action == plan.NoOp {
		r.stand(rc)
	}
	if !keep {
		r.f.idle[m.Address.String()] = true
		return nil
	}
	r.things(&m, rc)
	m.Index = len(r.f.Model.Resources)
	if r.keys[m.Key()] {
		return fmt.Errorf("two resources look the same when shown: %s", m.Key())
	}
	r.keys[m.Key()] = true
	r.f.raw[m.Address.String()] = rc.Address
	if rc.PreviousAddress != "" {
		r.f.raw[m.Previous.String()] = rc.PreviousAddress
	}
	r.f.Model.Resources = append(r.f.Model.Resources, m)
	r.f.spans = append(r.f.spans, s)
	return nil
}

// drift takes one element of resource_drift.
func (r *reader) drift(_ span, rc *tfjson.ResourceChange) error {
	r.secrets(rc.Change)
	m, keep, err := r.f.resourceChange(rc)
	if err != nil || !keep {
		return err
	}
	r.things(&m, rc)
	m.Index = len(r.f.Model.Drift)
	r.f.Model.Drift = append(r.f.Model.Drift, m)
	return nil
}

func (r *reader) outputs() error {
	var out map[string]*tfjson.Change
	if err := r.dec.Decode(&out); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if c := out[name]; c != nil && !c.Actions.NoOp() {
			r.secrets(c)
			r.f.Model.Outputs = append(r.f.Model.Outputs, r.f.net.Show(name))
		}
	}
	return nil
}

// configuration learns which variables are sensitive, and takes their values,
// and only theirs, into the net.
func (r *reader) configuration() error {
	var c struct {
		Root struct {
			Variables map[string]struct {
				Sensitive bool `json:"sensitive"`
			} `json:"variables"`
		} `json:"root_module"`
	}
	if err := r.dec.Decode(&c); err != nil {
		return err
	}
	var vars map[string]struct {
		Value json.RawMessage `json:"value"`
	}
	if len(r.vars) > 0 {
		if err := json.Unmarshal(r.vars, &vars); err != nil {
			return err
		}
	}
	r.vars = nil
	for name, v := range c.Root.Variables {
		if v.Sensitive {
			r.f.addLeaves(decode(vars[name].Value))
		}
	}
	return nil
}
