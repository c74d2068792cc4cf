package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbooks/sandbox"
)

func TestProvider_importsWhatIsThere(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{})
	known := checkout(t, s, "production", s.History().Baseline())
	id := func(address string) string {
		t.Helper()
		for _, line := range strings.Split(known.run("state", "show", "-no-color", address), "\n") {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "id" {
				return strings.Trim(f[2], `"`)
			}
		}
		t.Fatalf("%s has no id", address)
		return ""
	}
	fresh := checkout(t, s, "production", s.History().Baseline())
	fresh.run("init", "-input=false", "-reconfigure", "-backend-config=path="+filepath.Join(t.TempDir(), "other.tfstate"))
	for _, address := range []string{
		"module.crates_io.sandbox_dns_record.static",
		"module.crates_io.sandbox_distribution.static",
		"module.crates_io.module.certificate.sandbox_certificate.cert",
		"module.crates_io.module.certificate.sandbox_certificate_validation.cert",
		`module.crates_io.module.certificate.sandbox_dns_record.validation["static.crates.test"]`,
	} {
		fresh.run("import", "-input=false", address, id(address))
	}
	if left := fresh.plan(); len(left) > 0 {
		t.Errorf("plan after the import is %v", left)
	}
	if _, stderr, code := fresh.try("import", "-no-color", "-input=false", "module.crates_io.sandbox_dns_record.gone", "crates.test"); code == 0 {
		t.Errorf("a record is imported by the name of a zone: %s", stderr)
	}
}

func TestProvider_certificateInUseStays(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{})
	p := watch(t, s, 100)
	r := checkout(t, s, "production", s.History().Head())
	// Targeting the replaced certificate itself destroys the old one before its
	// user is switched.
	r.plan("module.crates_io.module.certificate.sandbox_certificate.cert")
	_, stderr, code := r.try("apply", "-no-color", "-input=false", "plan")
	if text := strings.Join(strings.Fields(stderr), " "); code == 0 || !strings.Contains(text, "is in use by the distribution") || !strings.Contains(text, "static.crates.test") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if c := p.Stop(); c.Failed > 0 {
		t.Errorf("%d queries failed", c.Failed)
	}
}

// write makes a root module with the provider and a body.
func write(t *testing.T, s *sandbox.Sandbox, providerBody, body string) *root {
	t.Helper()
	dir := t.TempDir()
	config := `
terraform {
  required_providers {
    sandbox = { source = "sandbox.test/lockstep/sandbox" }
  }
}
variable "endpoint" {}
variable "dns_server" {}
variable "token" {}
variable "delete" {}
provider "sandbox" {
` + providerBody + `
}
` + body
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &root{t, s, "production", dir}
	r.run("init", "-input=false")
	return r
}

func TestProvider_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{})
	rightly := "endpoint = var.endpoint\ndns_server = var.dns_server\naccount = \"production\"\ntoken = var.token\n"
	record := func(name, zone, dnsName, kind, values string) string {
		return `resource "sandbox_dns_record" "` + name + `" {
  zone = "` + zone + `"
  name = "` + dnsName + `"
  type = "` + kind + `"
  ttl = 60
  values = ` + values + "\n}\n"
	}
	for name, c := range map[string]struct {
		provider, body string
		says           []string
	}{
		"settings": {
			"endpoint = \"ftp://x\"\ndns_server = \"nowhere\"\naccount = \"a\"\ntoken = \"t\"\ndelete = \"all\"",
			record("a", "crates.test", "a.crates.test", "A", `["192.0.2.1"]`),
			[]string{`"ftp://x" is not an http address`, `"nowhere" is not host:port`, `"all" is neither own-data nor whole-name`},
		},
		"records": {
			rightly,
			record("a", "crates.test", "a.other.test", "A", `["192.0.2.1"]`) +
				record("b", "crates.test.", "b.crates.test", "A", `["192.0.2.1"]`) +
				record("c", "crates.test", "c.crates.test", "MX", `["192.0.2.1"]`) +
				record("d", "crates.test", "d.crates.test", "CNAME", `["x.test", "y.test"]`) +
				record("e", "crates.test", "e.crates.test", "TXT", `[]`),
			[]string{
				"a.other.test is not in the zone crates.test", "without the dot at the end", "takes A, AAAA, CNAME and TXT",
				"A CNAME has one value", "at least one value",
			},
		},
		"values and keys": {
			rightly,
			record("a", "crates.test", "a.crates.test", "A", `["not-an-address"]`) +
				record("b", "other.test", "b.other.test", "A", `["192.0.2.1"]`) +
				record("c", "crates.test", "static.crates.test", "TXT", `["beside a CNAME"]`) +
				"resource \"sandbox_distribution\" \"d\" {\n  name = \"d\"\n  origin = \"o\"\n  aliases = [\"static.crates.test\"]\n}\n",
			[]string{
				`"not-an-address" is no value for a A record`, "does not take updates of the zone other.test",
				"the name has data of another type", "the alias static.crates.test belongs to another distribution",
			},
		},
		"token": {
			strings.Replace(rightly, "var.token", `"d3Jvbmc="`, 1),
			record("a", "crates.test", "a.crates.test", "A", `["192.0.2.1"]`) +
				"resource \"sandbox_certificate\" \"c\" {\n  domain_name = \"c.crates.test\"\n}\n",
			[]string{"does not take updates of the zone crates.test signed by production.", "the token is not that of an account"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := write(t, s, c.provider, c.body)
			_, stderr, code := r.try("apply", "-no-color", "-input=false", "-auto-approve")
			text := strings.Join(strings.Fields(strings.ReplaceAll(stderr, "│", " ")), " ")
			if code == 0 {
				t.Error("applied")
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("not said: %s", want)
				}
			}
			if t.Failed() {
				t.Log(stderr)
			}
			if state := r.run("show", "-no-color"); strings.Contains(state, `resource "`) {
				t.Errorf("the state holds something:\n%s", state)
			}
		})
	}
}
