package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// DefaultRoot returns the folder under which all journals of this user are:
// $XDG_STATE_HOME/lockstep, or ~/.local/state/lockstep.
func DefaultRoot() (string, error) {
	// The specification says that a relative path is to be ignored.
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "lockstep"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return "", errors.New("there is no place for journals: neither XDG_STATE_HOME nor HOME is set")
	}
	return filepath.Join(home, ".local", "state", "lockstep"), nil
}

// StateDir returns the folder of the journal of one environment of one
// repository, below root, or below [DefaultRoot] when root is empty. It
// returns "" when there is no such root.
func StateDir(root, repository, environment string) string {
	if root == "" {
		var err error
		if root, err = DefaultRoot(); err != nil {
			return ""
		}
	}
	abs, err := filepath.Abs(repository)
	if err != nil {
		abs = filepath.Clean(repository)
	}
	// The same repository by another way is the same repository.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	return filepath.Join(root, slug(filepath.Base(abs))+"-"+shortHash(abs), folderOf(environment))
}

// folderOf returns the folder's name for an environment. Two environments never
// share one.
func folderOf(environment string) string {
	if s := slug(environment); s == environment {
		return s
	}
	return slug(environment) + "-" + shortHash(environment)
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// slug makes a name that is a folder's name everywhere.
func slug(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s)
	if s = strings.Trim(s, "-"); s == "" {
		return "unnamed"
	}
	return s
}
