package process

import "strings"

// always are the variables every program gets: what it needs to find programs,
// its user's files and the right language. None of them carries a secret.
var always = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_*", "XDG_RUNTIME_DIR"}

// Environ picks from environ, whose items are NAME=value as from [os.Environ],
// the variables that every program gets and those the patterns name. A * at the
// end of a pattern matches any rest. allowed holds the values the patterns
// added, by name: they may be secrets.
func Environ(patterns, environ []string) (env []string, allowed map[string]string) {
	allowed = map[string]string{}
	for _, item := range environ {
		name, value, ok := strings.Cut(item, "=")
		switch {
		case !ok || name == "":
		case matches(always, name):
			env = append(env, item)
		case matches(patterns, name):
			env = append(env, item)
			allowed[name] = value
		}
	}
	return env, allowed
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if prefix, any := strings.CutSuffix(p, "*"); any && strings.HasPrefix(name, prefix) || p == name {
			return true
		}
	}
	return false
}
