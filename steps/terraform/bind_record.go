package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook/safe"
)

// recordNames are the names of the kinds in the record.
var recordNames = [kinds]string{
	ofPlan: "plan", ofRun: "run", ofCommit: "commit", ofRunbook: "runbook", ofState: "state", ofCheckout: "checkout",
	ofVariable: "variables", ofVarFile: "variable_files", ofEnviron: "environment", ofWorkspace: "workspace", ofBackend: "backend",
	ofTerraform: "terraform", ofVersion: "terraform_version", ofProvider: "providers", ofModule: "modules", ofData: "data_folder", ofConfig: "cli_config", ofCall: "call",
}

// keptDigits is how much of a keyed digest is recorded: enough to see what is
// the same, and short enough to read.
const keptDigits = 16

// maxNamed is how many things of a kind are recorded one by one.
const maxNamed = 1000

// things is a binding for the record. Where there can be very many files, they
// stand as one digest.
func (b *binding) things() map[string]any {
	out := map[string]any{"digest": "sha256:" + b.digest()}
	for k := range kinds {
		if k == ofCheckout || k == ofModule || len(b.facts[k]) > maxNamed {
			out[recordNames[k]] = summary(b.facts[k])
			continue
		}
		m := map[string]any{}
		for name, f := range b.facts[k] {
			value := f.value
			if digits, ok := strings.CutPrefix(value, "hmac:"); ok {
				value = "hmac:" + digits[:min(len(digits), keptDigits)]
			}
			if f.mode != "" {
				value = strings.TrimSpace(f.mode + " " + value)
			}
			m[safe.Show(name).String()] = safe.Show(value).String()
		}
		out[recordNames[k]] = m
	}
	if len(b.made) > 0 {
		made := make([]string, len(b.made))
		for i, name := range b.made {
			made[i] = safe.Show(name).String()
		}
		out["made_while_planning"] = made
	}
	return out
}

func summary(facts map[string]fact) map[string]any {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		fmt.Fprintf(h, "%q %q %q\n", name, facts[name].mode, facts[name].value)
	}
	return map[string]any{"entries": len(facts), "sha256": hex.EncodeToString(h.Sum(nil))}
}
