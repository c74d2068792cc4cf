package sandbox

import (
	"path/filepath"

	"lockstep/runbooks/sandbox/history"
)

// Dir returns the folder of the sandbox.
func (s *Sandbox) Dir() string { return s.o.Dir }

// RunbookPath returns the runbook's file.
func (s *Sandbox) RunbookPath() string { return filepath.Join(s.o.Dir, "lockstep.yaml") }

// RepoDir returns the work tree of the git repository.
func (s *Sandbox) RepoDir() string { return filepath.Join(s.o.Dir, "repo") }

// StateRoot returns the folder for everything that is remembered. Terraform's
// state is below it, in terraform/; the rest is free for journals.
func (s *Sandbox) StateRoot() string { return filepath.Join(s.o.Dir, "state") }

// TerraformState returns the state file of an environment.
func (s *Sandbox) TerraformState(env string) string {
	return filepath.Join(s.StateRoot(), "terraform", env, "terraform.tfstate")
}

// AnnouncementsPath returns the file that the channel ops writes to.
func (s *Sandbox) AnnouncementsPath() string { return filepath.Join(s.o.Dir, "announcements.txt") }

// CAFile returns the certificate of the authority, as PEM.
func (s *Sandbox) CAFile() string { return filepath.Join(s.o.Dir, "ca.pem") }

// DNSAddr returns host:port of the name server, for UDP and TCP.
func (s *Sandbox) DNSAddr() string { return s.dns.Addr() }

// HTTPAddr returns host:port of the site without TLS.
func (s *Sandbox) HTTPAddr() string { return s.web.HTTP() }

// HTTPSAddr returns host:port of the site with TLS.
func (s *Sandbox) HTTPSAddr() string { return s.web.HTTPS() }

// ProductionName returns the name that users of production ask for, a CNAME.
func (*Sandbox) ProductionName() string { return productionName }

// StagingName returns the name of staging, a CNAME.
func (*Sandbox) StagingName() string { return stagingName }

// History returns what is in the repository.
func (s *Sandbox) History() *history.Repository { return s.repo }

// Queries returns how many queries the name server has answered.
func (s *Sandbox) Queries() uint64 { return s.dns.Queries() }
