package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"text/template"
)

//go:embed lockstep.yaml.tmpl
var document string

// writeRunbook writes the runbook with the addresses of this sandbox. It holds
// the tokens of the accounts, so nobody else may read it.
func (s *Sandbox) writeRunbook() error {
	type environment struct {
		Name, After, State string
		Vars               map[string]string
	}
	data := struct {
		Environments                  []environment
		Static, DNS, HTTPS, Terraform string
	}{Static: s.ProductionName(), DNS: s.DNSAddr(), HTTPS: s.web.HTTPS(), Terraform: s.o.Terraform}
	after := ""
	for _, name := range environments {
		data.Environments = append(data.Environments, environment{name, after, s.TerraformState(name), s.Vars(name)})
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
