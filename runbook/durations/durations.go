package durations

import "time"

// A Source says where an estimate is from.
type Source string

// The sources, from the one that counts first. The zero value is SourceUnknown.
const (
	SourceGiven   Source = "given"   // a file or flag of this call
	SourceAddress Source = "address" // earlier applies of this very address
	SourceType    Source = "type"    // earlier applies of other resources of its type
	SourceRunbook Source = "runbook" // the runbook says so
	SourceShipped Source = "shipped" // the table that comes with the program
	SourceUnknown Source = "unknown" // nobody knows
)

// An Estimate is how long one action takes. When Source is SourceUnknown the
// three lengths are 0 and mean "not known", never "at once".
type Estimate struct {
	Min     time.Duration `json:"min"`
	Typical time.Duration `json:"typical"` // the median of what was seen
	Max     time.Duration `json:"max"`
	Runs    int           `json:"runs"` // how many earlier applies it rests on; 0 when it does not
	Source  Source        `json:"source"`
}

// Known reports whether there is an estimate at all.
func (e Estimate) Known() bool { return e.Source != "" && e.Source != SourceUnknown }
