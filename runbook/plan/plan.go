// Package plan is what Lockstep knows about a Terraform plan: the reviewed
// model of it, the order of its actions, and how it is split into changes that
// are applied one at a time. It runs nothing and reads no file.
package plan

import (
	"strings"

	"lockstep/runbook/safe"
)

// An Action is what happens to one object.
type Action string

// The actions. A replacement is told by its order.
const (
	NoOp             Action = "no-op"
	Create           Action = "create"
	Read             Action = "read"
	Update           Action = "update"
	Delete           Action = "delete"
	Forget           Action = "forget"
	DeleteThenCreate Action = "delete-create" // replace, old object first
	CreateThenDelete Action = "create-delete" // replace, new object first
)

// IsReplace reports whether the action makes a new object for an old one.
func (a Action) IsReplace() bool { return a == DeleteThenCreate || a == CreateThenDelete }

// Destroys reports whether an object ceases to exist.
func (a Action) Destroys() bool { return a == Delete || a.IsReplace() }

// Sign returns the mark that stands before a resource with this action.
func (a Action) Sign() string {
	switch a {
	case Create:
		return "+"
	case Read:
		return "<="
	case Update:
		return "~"
	case Delete:
		return "-"
	case Forget:
		return "×"
	case DeleteThenCreate:
		return "-/+"
	case CreateThenDelete:
		return "+/-"
	}
	return " "
}

// A ResourceChange is one address of a plan and what happens to it. It never
// holds a sensitive value: those are masked when the plan is read.
type ResourceChange struct {
	Index    int       `json:"index"` // its place in Plan.Resources
	Address  safe.Text `json:"address"`
	Previous safe.Text `json:"previous"` // the address it was moved from, or empty
	Module   safe.Text `json:"module"`
	Type     safe.Text `json:"type"`
	Provider safe.Text `json:"provider"`
	Deposed  string    `json:"deposed"` // key of a deposed object, or ""
	Action   Action    `json:"action"`
	Reason   safe.Text `json:"reason"`   // why, in words, or empty
	Replaces []string  `json:"replaces"` // attribute paths that force the replacement
	Changed  int       `json:"changed"`  // number of attributes that differ
	// Sensitive says that something of an existing object changes under a mask.
	Sensitive bool   `json:"sensitive"`
	Was       *Thing `json:"was"`     // the live thing that the object holds now, or nil
	Becomes   *Thing `json:"becomes"` // the one that it holds afterwards, or nil
	Origin    Origin `json:"origin"`  // the commits that bring it
}

// Key tells one object of a plan from another.
func (r ResourceChange) Key() string {
	if r.Deposed != "" {
		return r.Address.String() + " deposed " + r.Deposed
	}
	return r.Address.String()
}

// An Attribute is one attribute path of a resource change.
type Attribute struct {
	Path      safe.Text   `json:"path"`
	Before    []safe.Text `json:"before"`    // lines; nil when there was none
	After     []safe.Text `json:"after"`     // lines; nil when there is none or it is not known yet
	Unknown   bool        `json:"unknown"`   // known after apply
	Sensitive bool        `json:"sensitive"` // masked on both sides
	Forces    bool        `json:"forces"`    // forces the replacement
	Same      bool        `json:"same"`      // unchanged; shown for orientation
}

// A Plan is the reviewed model of one saved plan.
type Plan struct {
	Digest    string           `json:"digest"` // SHA-256 of the saved plan file
	Terraform string           `json:"terraform"`
	Workspace string           `json:"workspace"`
	Lineage   string           `json:"lineage"`
	Serial    int64            `json:"serial"`
	Targets   []string         `json:"targets"`   // addresses the plan was limited to; nil for a full plan
	Resources []ResourceChange `json:"resources"` // without no-ops, except those that only moved
	Outputs   []safe.Text      `json:"outputs"`   // names of root outputs that change
	Drift     []ResourceChange `json:"drift"`     // changed outside Terraform since the last apply
	Standing  []Holder         `json:"standing"`  // untouched objects that hold a live thing the plan deletes
	Applyable bool             `json:"applyable"`
	Complete  bool             `json:"complete"`
}

// IsEmpty reports whether applying the plan would do nothing.
func (p *Plan) IsEmpty() bool { return len(p.Resources) == 0 && len(p.Outputs) == 0 }

// Names returns for each resource the shortest name that tells it apart from the
// others of the plan: its address without the modules around it, or the whole
// address where two modules hold the same name.
func (p *Plan) Names() []safe.Text {
	inner := func(r ResourceChange) string {
		return strings.TrimPrefix(r.Address.String(), r.Module.String()+".")
	}
	count := map[string]int{}
	for _, r := range p.Resources {
		if r.Deposed == "" {
			count[inner(r)]++
		}
	}
	names := make([]safe.Text, len(p.Resources))
	for i, r := range p.Resources {
		names[i] = r.Address
		if name := inner(r); count[name] <= 1 {
			names[i] = safe.Show(name)
		}
	}
	return names
}

// Count returns how many resources have each action.
func (p *Plan) Count() map[Action]int {
	n := map[Action]int{}
	for _, r := range p.Resources {
		n[r.Action]++
	}
	return n
}

// A Graph is the order of a plan: an edge A → B says that A waits for B. Nodes
// are names as Terraform prints them, without the "[root] " in front; nodes that
// do nothing themselves (providers, variables, expansions) are part of it.
type Graph struct {
	Nodes []string
	Edges map[string][]string
}

// A Change is the unit that is applied: a small set of resource changes that
// must go together.
type Change struct {
	ID       string    `json:"id"` // stable for the same content
	Title    safe.Text `json:"title"`
	Why      safe.Text `json:"why"`     // why it stands at this place in the order
	Targets  []string  `json:"targets"` // for -target; nil for "all the rest"
	Members  []int     `json:"members"` // Plan.Resources that are expected to be in it
	Destroys bool      `json:"destroys"`
	// Blocked says why the change must not be applied as it is, such as that its
	// delete takes a name away for good. Empty otherwise.
	Blocked safe.Text `json:"blocked"`
	// Remedy is what to do instead of a change that is blocked.
	Remedy safe.Text `json:"remedy"`
}

// A Hazard is a finding with a code and one plain sentence.
type Hazard struct {
	Code    string    `json:"code"` // one of the Hazard constants; stable
	Address safe.Text `json:"address"`
	Text    safe.Text `json:"text"`
	Accept  bool      `json:"accept"` // costs availability or data; has to be acknowledged by its Key before going on
}

// Key tells one hazard of a plan from another. It is what an answer acknowledges.
func (h Hazard) Key() string {
	if h.Address.IsEmpty() {
		return h.Code
	}
	return h.Code + " " + h.Address.String()
}

// The codes of hazards.
const (
	NameHandover    = "NAME_HANDOVER"    // a live thing is deleted at one address and created at another
	OutageWindow    = "OUTAGE_WINDOW"    // a live thing is absent for a while
	Gone            = "GONE"             // a live thing goes and nothing brings it back
	SlowBetween     = "SLOW_BETWEEN"     // something slow stands between a delete and its create
	CertReplaced    = "CERT_REPLACED"    // a certificate is replaced
	ManyDestroys    = "MANY_DESTROYS"    // more is destroyed than usual
	ReplaceInUse    = "REPLACE_IN_USE"   // an object is replaced, old one first, while others use it
	UnorderedSwap   = "UNORDERED_SWAP"   // nothing orders a delete and the create of the same live thing
	ForgetObject    = "FORGET"           // Terraform lets go of an object that stays
	DriftFound      = "DRIFT"            // something was changed outside of Terraform
	UnknownName     = "UNKNOWN_NAME"     // a name is known only after the apply
	SensitiveChange = "SENSITIVE_CHANGE" // something changes that cannot be shown
	ProviderChanged = "PROVIDER_OR_LOCKFILE_CHANGE"
	InputsChanged   = "INPUTS_CHANGED"
	UnknownDuration = "UNKNOWN_DURATION" // how long something takes is not known, and a live thing waits for it
)
