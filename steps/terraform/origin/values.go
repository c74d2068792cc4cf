package origin

import (
	"maps"
	"slices"
	"strings"
)

// value returns the digest of what the variable files that Terraform reads by
// itself say about a variable.
func (m *module) value(name string) (string, bool) {
	var read []string // later ones win
	for _, n := range []string{"terraform.tfvars", "terraform.tfvars.json"} {
		if m.values[n] != nil || m.unread[n] != "" {
			read = append(read, n)
		}
	}
	var auto []string
	for _, n := range append(slices.Collect(maps.Keys(m.values)), slices.Collect(maps.Keys(m.unread))...) {
		if strings.HasSuffix(n, ".auto.tfvars") || strings.HasSuffix(n, ".auto.tfvars.json") {
			auto = append(auto, n)
		}
	}
	slices.Sort(auto)
	for _, n := range slices.Backward(append(read, auto...)) {
		if v, ok := m.valueIn(n, name); ok {
			return v, true
		}
	}
	return "", false
}

// valueIn is value for one file.
func (m *module) valueIn(file, name string) (string, bool) {
	if sum := m.unread[file]; sum != "" {
		return sum, true
	}
	v, ok := m.values[file][name]
	return v, ok
}
