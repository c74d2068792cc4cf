package cli

import (
	"regexp"
	"strings"
	"time"
)

// A LockedError says that somebody holds the lock of the state, as far as
// Terraform says who: its backend of kind http tells the id and nothing else. Its
// texts are inert.
type LockedError struct {
	ID        string
	Who       string // user@host, or ""
	Created   string // when it was taken, as Terraform writes it
	Operation string // such as OperationTypeApply
}

// Error says by whom and since when, as far as known.
func (l *LockedError) Error() string {
	var b strings.Builder
	b.WriteString("the state is locked")
	if l.Who != "" {
		b.WriteString(" by " + l.Who)
	}
	if l.Created != "" {
		b.WriteString(" since " + l.Created)
	}
	if l.Operation != "" {
		b.WriteString(" (" + l.Operation + ")")
	}
	if l.ID != "" {
		b.WriteString(", lock id " + l.ID)
	}
	return b.String()
}

// Since returns when the lock was taken; zero when Terraform does not say.
func (l *LockedError) Since() time.Time {
	// As time.Time prints itself, and that may end in a monotonic reading.
	text, _, _ := strings.Cut(l.Created, " m=")
	for _, layout := range []string{"2006-01-02 15:04:05.999999999 -0700 MST", time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// held finds the id of the lock where Terraform names it beside its description.
var held = regexp.MustCompile(`already locked:[\s│]+ID=(\S+)`)

// lockOf reads the description of a lock in what Terraform printed, or returns
// nil when there is none.
func lockOf(text string) *LockedError {
	if !strings.Contains(text, "Lock Info:") {
		return nil
	}
	// For an http backend the description is that of the attempt that failed, and
	// taking its id for the one of the lock would release nothing:
	// https://github.com/hashicorp/terraform/blob/v1.11.4/internal/backend/remote-state/http/client.go
	if m := held.FindStringSubmatch(text); m != nil {
		return &LockedError{ID: m[1]}
	}
	l := &LockedError{}
	for _, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " │")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "ID":
			l.ID = value
		case "Who":
			l.Who = value
		case "Created":
			l.Created = value
		case "Operation":
			l.Operation = value
		}
	}
	return l
}
