package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"text/template"
	"time"
)

//go:embed lockstep.yaml.tmpl
var document string

// writeRunbook writes the runbook with the addresses of this sandbox. It holds
// the tokens of the accounts, so nobody else may read it.
func (s *Sandbox) writeRunbook() error {
	// The same three probes for each environment; only the names they ask for differ.
	type probes struct{ Indent, Environment, Name, DNS, HTTPS string }
	type environment struct {
		Name, After, State string
		Issue              time.Duration
		Vars               map[string]string
		Probes             *probes // in the place of the general ones, which are production's
	}
	data := struct {
		Environments []environment
		Production   probes
		Terraform    string
		Delete       string
	}{
		Production: probes{"  ", "production", s.ProductionName(), s.DNSAddr(), s.web.HTTPS()},
		Terraform:  s.o.Terraform, Delete: s.o.Delete,
	}
	after := ""
	for _, name := range environments {
		env := environment{Name: name, After: after, State: s.TerraformState(name), Vars: s.Vars(name), Issue: s.o.Issue}
		if name == "staging" {
			env.Issue = s.o.StagingIssue
			env.Probes = &probes{"      ", name, s.StagingName(), s.DNSAddr(), s.web.HTTPS()}
		}
		data.Environments = append(data.Environments, env)
		after = name
	}
	t, err := template.New("runbook").Funcs(template.FuncMap{"q": strconv.Quote}).Parse(document)
	if err != nil {
		return fmt.Errorf("write runbook: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("write runbook: %w", err)
	}
	return os.WriteFile(s.RunbookPath(), b.Bytes(), 0o600)
}
