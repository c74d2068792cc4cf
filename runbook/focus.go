package runbook

import "maps"

// For returns the runbook as one environment sees it: with its own probes in the
// place of the general ones. The result shares everything else with rb.
func (rb *Runbook) For(environment string) *Runbook {
	seen := *rb
	seen.Probes = maps.Clone(rb.Probes)
	if env := rb.Environments[environment]; env != nil && len(env.Probes) > 0 {
		if seen.Probes == nil {
			seen.Probes = map[string]*Probe{}
		}
		maps.Copy(seen.Probes, env.Probes)
	}
	return &seen
}
