package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/redact"
)

// minValue is how long a value has to be so that it is looked for in other text,
// and minAsked how long that of a variable of the environment: most of those are
// no secrets, and a short one may be a word.
const (
	minValue = 4
	minAsked = 8
)

// inputs are the arguments that a root module gets.
type inputs struct {
	varFiles []string // absolute; the last is ours and overrides the others
	vars     []string // NAME=VALUE
	names    []string // of the runbook's variables
	backend  []string // for -backend-config
}

// inputs resolves variables and backend settings and lets the nets know them.
//
// Values go into private files where a file means the same as an argument:
// arguments can be read by every user of the machine. A value that Terraform may
// read as an expression, such as a list, is one only as an argument.
func (s *session) inputs(w *workplace) (inputs, error) {
	t := s.env.Terraform
	var in inputs
	for _, f := range t.VarFiles {
		path, err := varFile(w, f)
		if err != nil {
			return in, err
		}
		in.varFiles = append(in.varFiles, path)
	}
	vars, err := t.ResolveVars(s.lookup)
	if err != nil {
		return in, &engine.Problem{Err: err, Hint: "Set them in the shell that starts this program."}
	}
	plain := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		v := vars[name]
		in.names = append(in.names, name)
		s.hide(s.values, v, "‹var."+name+"›")
		if expression(v) {
			in.vars = append(in.vars, name+"="+v)
		} else {
			plain[name] = v
		}
	}
	if len(plain) > 0 {
		raw, err := json.Marshal(plain)
		if err != nil {
			return in, fmt.Errorf("write the variables: %w", err)
		}
		path := filepath.Join(w.base, "runbook.tfvars.json")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return in, fmt.Errorf("write the variables: %w", err)
		}
		in.varFiles = append(in.varFiles, path)
	}
	// A provider may tell in an error what it was given to log in with.
	for name, v := range w.root.Env {
		if cli.Asked(name) && len(v) >= minAsked {
			s.words.Add(v, "‹"+name+"›")
		}
	}
	in.backend, err = s.backend(w)
	return in, err
}

func (s *session) backend(w *workplace) ([]string, error) {
	settings, err := runbook.Terraform{Vars: s.env.Terraform.Backend}.ResolveVars(s.lookup)
	if err != nil {
		return nil, &engine.Problem{
			Err:  errors.New(strings.Replace(err.Error(), "terraform.vars", "terraform.backend", 1)),
			Hint: "Set them in the shell that starts this program.",
		}
	}
	var args []string
	var file strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		v := settings[name]
		s.hide(s.words, v, "‹backend."+name+"›")
		if t := strings.TrimSpace(v); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			args = append(args, name+"="+v)
		} else {
			fmt.Fprintf(&file, "%s = %s\n", name, quoteHCL(v))
		}
	}
	if file.Len() > 0 {
		path := filepath.Join(w.base, "backend.hcl")
		if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
			return nil, fmt.Errorf("write the backend settings: %w", err)
		}
		args = append(args, path)
	}
	return args, nil
}

// quoted finds the texts inside of a list or an object.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// hide lets a net know a value, and the texts inside of it when it is a list or
// an object.
func (s *session) hide(net *redact.Net, value, shown string) {
	if len(value) >= minValue {
		net.Add(value, shown)
	}
	if !expression(value) {
		return
	}
	for _, q := range quoted.FindAllString(value, -1) {
		if text, err := strconv.Unquote(q); err == nil && len(text) >= minValue {
			net.Add(text, shown)
		}
	}
}

// lookup finds a variable in the environment that the run was started with.
func (s *session) lookup(name string) (string, bool) {
	for _, nv := range slices.Backward(s.deps.Environ()) {
		if n, v, _ := strings.Cut(nv, "="); n == name {
			return v, true
		}
	}
	return "", false
}

// varFile returns the path of a variable file of the runbook. A relative one is
// part of the checkout; an absolute one is outside on purpose.
func varFile(w *workplace, name string) (string, error) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(w.root.Dir, name)
		if rel, err := filepath.Rel(w.top, path); err != nil || !filepath.IsLocal(rel) {
			return "", fmt.Errorf("terraform.var_files: %q is not inside of the repository", name)
		}
	}
	if _, err := os.Stat(path); err != nil {
		return "", &engine.Problem{
			Err:  fmt.Errorf("terraform.var_files: %q cannot be read: %w", name, errors.Unwrap(err)),
			Hint: "Check terraform.var_files; the paths start at terraform.directory, in the chosen commit.",
		}
	}
	return path, nil
}

// expression reports whether Terraform could read an argument as something
// else than the text it is: a list, an object, a number, a constant, a quotation.
func expression(v string) bool {
	t := strings.TrimSpace(v)
	switch t {
	case "":
		return false
	case "true", "false", "null":
		return true
	}
	c := t[0]
	return strings.ContainsRune(`[{"-<`, rune(c)) || '0' <= c && c <= '9'
}

// quoteHCL writes a text as a quoted string without templates.
func quoteHCL(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")
	return `"` + r.Replace(s) + `"`
}
