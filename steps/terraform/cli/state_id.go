package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"lockstep/steps/terraform/planfile"
)

// limited keeps the first part of what is written to it.
type limited struct{ b []byte }

const maxKept = 1 << 20

func (l *limited) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), maxKept-len(l.b))]...)
	return len(p), nil
}

// StateID reads what "state pull" printed.
func StateID(raw string) (planfile.StateID, error) {
	var id planfile.StateID
	if strings.TrimSpace(raw) == "" {
		return id, nil
	}
	if err := json.Unmarshal([]byte(raw), &id); err != nil {
		return id, fmt.Errorf("read the state: what Terraform printed is no state: %w", err)
	}
	return id, nil
}
