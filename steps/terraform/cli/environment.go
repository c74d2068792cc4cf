package cli

import (
	"slices"
	"strings"
)

// base are the variables that every program needs. PATH finds what providers
// and provisioners call, HOME the credentials and plugins of the user.
var base = []string{"HOME", "PATH", "TMPDIR", "LANG"}

// own are Terraform's variables that say where things are, not what to do.
var own = []string{"TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"}

// tokenPrefix starts the names of credentials for module and provider
// registries. They pass when a pattern asks for them.
const tokenPrefix = "TF_TOKEN_"

// Environment returns what Terraform may see of environ, a list of NAME=VALUE:
// a few variables that every program needs and those that a pattern matches. A *
// at the end of a pattern matches any rest. Other variables of Terraform's own
// never pass, whatever the patterns say, since most of them change what it does.
func Environment(environ, patterns []string, dataDir string) map[string]string {
	env := map[string]string{}
	for _, nv := range environ {
		name, value, ok := strings.Cut(nv, "=")
		if ok && value != "" && passes(name, patterns) {
			env[name] = value
		}
	}
	env["CHECKPOINT_DISABLE"] = "1"
	env["TF_DATA_DIR"] = dataDir
	return env
}

func passes(name string, patterns []string) bool {
	if slices.Contains(base, name) || slices.Contains(own, name) {
		return true
	}
	if strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, tokenPrefix) || name == "CHECKPOINT_DISABLE" {
		return false
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		if prefix, ok := strings.CutSuffix(p, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == p
	})
}

// Asked reports whether a variable that [Environment] returned is there only
// because a pattern asks for it. What it holds may be a credential.
func Asked(name string) bool {
	return !slices.Contains(base, name) && !slices.Contains(own, name) && name != "CHECKPOINT_DISABLE" && name != "TF_DATA_DIR"
}

// Inherited returns what Terraform sees when a user runs it in a shell with
// environ, but for arguments that the shell would add to every call.
func Inherited(environ []string) map[string]string {
	env := map[string]string{}
	for _, nv := range environ {
		if name, value, ok := strings.Cut(nv, "="); ok && name != "" && !strings.HasPrefix(name, "TF_CLI_ARGS") {
			env[name] = value
		}
	}
	env["CHECKPOINT_DISABLE"] = "1"
	return env
}
