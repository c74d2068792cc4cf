package runbook

import (
	"fmt"
	"strings"

	"lockstep/runbook/strict"
)

// ResolveVars returns the values of the root variables with each ${NAME} looked
// up, usually by [os.LookupEnv]. The error names the variables that are not set
// and holds no value.
func (t Terraform) ResolveVars(lookup func(string) (string, bool)) (map[string]string, error) {
	return resolve("terraform.vars", t.Vars, lookup)
}

// ResolveHeaders returns the headers with each ${NAME} looked up, usually by
// [os.LookupEnv]. The error names the variables that are not set and holds no value.
func (p HTTPProbe) ResolveHeaders(lookup func(string) (string, bool)) (map[string]string, error) {
	return resolve("http.headers", p.Headers, lookup)
}

// resolve replaces values that are ${NAME} as a whole. Other values stay as they are.
func resolve(what string, values map[string]string, lookup func(string) (string, bool)) (map[string]string, error) {
	out := make(map[string]string, len(values))
	var missing []string
	for _, key := range sorted(values) {
		v := values[key]
		if name := strict.EnvName(v); name != "" {
			got, ok := lookup(name)
			if !ok {
				missing = append(missing, fmt.Sprintf("%s (for %s)", name, key))
				continue
			}
			v = got
		}
		out[key] = v
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: environment variables that are not set: %s", what, strings.Join(missing, ", "))
	}
	return out, nil
}
