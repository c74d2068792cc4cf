package live

import "lockstep/runbook/plan"

// A Rule says how to find the live thing that objects of one resource type hold.
type Rule struct {
	Kind   string          // such as "DNS record"
	Key    []string        // attribute paths, in order
	Delete plan.DeleteMode // what deleting an object takes with it
}
