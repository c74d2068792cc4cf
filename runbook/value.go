package runbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Duration is a length of time as Go writes it, such as 90s, 15m or 720h.
type Duration time.Duration

// UnmarshalText reads a duration. Negative ones are refused.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return notDuration(fmt.Sprintf("%q is not a length of time", b))
	}
	if v < 0 {
		return notDuration(fmt.Sprintf("%q is negative", b))
	}
	*d = Duration(v)
	return nil
}

// notDuration is why a text is no length of time.
type notDuration string

func (e notDuration) Error() string { return string(e) }

// Hint says how a length of time is written.
func (notDuration) Hint() string { return "such as 30s, 15m or 2h" }

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Std returns the value for use with package time.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// A Secret says where a secret is: ${NAME} for an environment variable, or
// file:PATH for the first line of a file, relative to the runbook. The secret itself never stands in a
// runbook, and a Secret can be printed safely.
type Secret string

// UnmarshalText reads where the secret is and refuses anything else.
func (s *Secret) UnmarshalText(b []byte) error {
	v := string(b)
	name, isEnv := strings.CutPrefix(v, "${")
	switch {
	case isEnv && strings.HasSuffix(name, "}") && validName(strings.TrimSuffix(name, "}")):
	case strings.HasPrefix(v, "file:") && len(v) > len("file:"):
	default:
		return fmt.Errorf("a secret is given as ${NAME} or file:PATH, never by its value")
	}
	*s = Secret(v)
	return nil
}

// Reveal reads the secret. A relative file:PATH starts from folder, that of the
// runbook. The error names where the secret was looked for.
func (s Secret) Reveal(folder string) (string, error) {
	if path, ok := strings.CutPrefix(string(s), "file:"); ok {
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read secret: %w", err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		if line = strings.TrimSpace(line); line == "" {
			return "", fmt.Errorf("the secret file %s is empty", path)
		}
		return line, nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(string(s), "${"), "}")
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("the environment variable %s is not set", name)
}

// validName reports whether s can be the name of an environment variable.
func validName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
