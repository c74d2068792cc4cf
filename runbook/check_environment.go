package runbook

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

func (c *checker) environment(at string, e *Environment) {
	c.name(at, "an environment", e.Name)
	if why := notARef("refs/heads/" + e.Branch); why != "" {
		c.say(at+".branch", "such as main", "%q cannot be the name of a branch: %s", e.Branch, why)
	}
	c.pin(at+".pin", e.Pin)
	c.inside(at+".paths", e.Paths)
	c.inside(at+".inputs", e.Inputs)
	if after := e.After; after != "" && c.rb.Environments[after] == nil {
		c.say(at+".after", c.doc.DidYouMean(after, c.environments), "there is no environment %q", after)
	}
	c.terraform(at+".terraform", e.Terraform)
	c.forecast(at, e)
}

func (c *checker) pin(at string, p Pin) {
	if !c.doc.Has(at) {
		return
	}
	if p.File != "" {
		c.relative(at+".file", p.File)
	} else if c.doc.Has(at + ".file") {
		c.say(at+".file", "a path such as environments/production/deployed-ref", "%s.file is empty", at)
	}
	if c.doc.Has(at + ".ref") {
		if why := notARef(p.Ref); why != "" {
			c.say(at+".ref", "the full name, such as refs/heads/deployed/production", "%q cannot be the name of a git reference: %s", p.Ref, why)
		}
	}
}

var (
	variableRule    = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_-]*$`)
	environmentRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\*?$`)
	versionRule     = regexp.MustCompile(`^(=|!=|>|>=|<|<=|~>)? *v?[0-9]+(\.[0-9]+){0,2}(-[0-9A-Za-z.-]+)?$`)
)

func (c *checker) terraform(at string, t Terraform) {
	c.relative(at+".directory", t.Directory)
	for i, f := range t.VarFiles {
		// A variable file may stand beside the root module, not outside the repository.
		if p := fmt.Sprintf("%s.var_files[%d]", at, i); strings.TrimSpace(f) == "" || path.IsAbs(f) {
			c.relative(p, f)
		} else if why := outside(path.Join(t.Directory, f)); why != "" {
			c.say(p, "keep it in the repository", "the path %q %s", f, why)
		}
	}
	for _, name := range sorted(t.Vars) {
		if !variableRule.MatchString(name) {
			c.say(at+".vars."+name, "letters, digits, dashes and underscores", "%q cannot be the name of a Terraform variable", name)
		}
	}
	for _, name := range sorted(t.Backend) {
		if !variableRule.MatchString(name) {
			c.say(at+".backend."+name, "letters, digits, dashes and underscores", "%q cannot be the name of a backend setting", name)
		}
	}
	c.allowList(at+".environment", t.Environment)
	if t.Version == "" {
		return
	}
	for _, one := range strings.Split(t.Version, ",") {
		if !versionRule.MatchString(strings.TrimSpace(one)) {
			c.say(at+".version", "such as >= 1.9, < 2.0", "%q does not say which versions are accepted", t.Version)
		}
	}
}

// allowList checks names of environment variables that may end in a star.
func (c *checker) allowList(at string, names []string) {
	for i, n := range names {
		if !environmentRule.MatchString(n) {
			c.say(fmt.Sprintf("%s[%d]", at, i), "a name such as HOME, or its beginning and a star such as AWS_*",
				"%q cannot be the name of an environment variable", n)
		}
	}
}

// afterCycles reports environments that wait for each other in a circle, once a circle.
func (c *checker) afterCycles() {
	done := map[string]bool{}
	for _, name := range c.environments {
		var way []string
		for at := name; at != "" && !done[at] && c.rb.Environments[at] != nil; at = c.rb.Environments[at].After {
			if i := slices.Index(way, at); i >= 0 {
				circle := append(slices.Clone(way[i:]), at)
				c.say("environments."+at+".after", "one of them has to be first",
					"environments wait for each other in a circle: %s", strings.Join(circle, " after "))
				break
			}
			way = append(way, at)
		}
		for _, w := range way {
			done[w] = true
		}
	}
}

func (c *checker) inside(at string, paths []string) {
	for i, p := range paths {
		c.relative(fmt.Sprintf("%s[%d]", at, i), p)
	}
}

// relative checks a path that must stay inside the repository.
func (c *checker) relative(at, p string) {
	if why := outside(p); why != "" {
		c.say(at, "a path inside the repository, with /", "the path %q %s", p, why)
	}
}

// outside says what is wrong with a path that must stay inside a folder, or "".
func outside(p string) string {
	clean := path.Clean(p)
	switch {
	case strings.TrimSpace(p) == "":
		return "is empty"
	case p != strings.TrimSpace(p):
		return "begins or ends with a blank"
	case path.IsAbs(p), strings.HasPrefix(p, "~"):
		return "does not start from the repository"
	case strings.Contains(p, `\`):
		return "holds a backslash"
	case clean == "..", strings.HasPrefix(clean, "../"):
		return "leaves the repository"
	}
	return ""
}

// notARef says why git would not take a name for a reference, or "". The rules
// are those of git check-ref-format.
func notARef(name string) string {
	parts := strings.Split(name, "/")
	switch {
	case !strings.HasPrefix(name, "refs/") || len(parts) < 3:
		return "it does not begin with refs/heads/, refs/tags/ or the like"
	case strings.Contains(name, ".."), strings.Contains(name, "@{"):
		return "it holds .. or @{"
	case strings.HasSuffix(name, "."):
		return "it ends with a dot"
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) }):
		return `it holds a blank or one of ~ ^ : ? * [ \`
	}
	for _, p := range parts {
		switch {
		case p == "":
			return "a part of it between slashes is empty"
		case strings.HasPrefix(p, "."), strings.HasSuffix(p, ".lock"):
			return "a part of it begins with a dot or ends with .lock"
		}
	}
	return ""
}
