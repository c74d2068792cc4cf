// Package sandbox is a small world on loopback in which deployments are real: a
// name server, a content delivery network with a certificate authority, a
// Terraform provider for both, and a git repository with the history of the
// incident, deployed to a staging and a production environment by the real
// Terraform. Nothing leaves the machine, and nothing of it survives [Sandbox.Close].
//
// A program that makes a sandbox is also its Terraform provider. Its main
// function (and TestMain, for tests) therefore begins with
//
//	if provider.IsInvocation(os.Args[0]) {
//		return provider.Serve(ctx)
//	}
//
// The folder of a sandbox:
//
//	lockstep.yaml       the runbook, with the addresses of this sandbox
//	repo/               the git repository
//	state/terraform/…   Terraform's state of each environment
//	mirror/             where Terraform finds the provider
//	terraform.tfrc      tells Terraform so
//	ca.pem              the authority to trust
//	announcements.txt   what was announced
//
// Production is locked to the first commit and lives at static.crates.test;
// staging likewise at static.staging.crates.test. Neither is advanced here.
package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
	"lockstep/runbooks/sandbox/history"
	"lockstep/runbooks/sandbox/provider"
	"lockstep/runbooks/sandbox/website"
)

// Names in the sandbox's zones.
const (
	zone           = "crates.test"
	networkDomain  = "cdn.test"
	productionName = "static.crates.test"
	stagingName    = "static.staging.crates.test"
)

// environments, in the order they are deployed.
var environments = []string{"staging", "production"}

// Options say what kind of sandbox is made.
type Options struct {
	// Dir is where it is made; it must be empty or missing. A folder for
	// temporary files is made when it is "".
	Dir string
	// Keep leaves the files in place when the sandbox is closed.
	Keep bool
	// Issue is how long production waits for a certificate; 20 s when zero.
	Issue time.Duration
	// StagingIssue is the same for staging; 1 s when zero.
	StagingIssue time.Duration
	// Delete is what deleting a DNS record takes with it: provider.OwnData, the
	// default, or provider.WholeName.
	Delete string
	// Terraform is the program; the one on PATH when it is "".
	Terraform string
	// Executable becomes the provider; that of this process when it is "".
	Executable string
	// Now is when the repository's history ends; the present when zero.
	Now time.Time
}

// A Sandbox is running from New until Close. Its methods may be called from
// several goroutines.
type Sandbox struct {
	o       Options
	made    bool // the folder did not exist before
	tokens  map[string]string
	dns     *dnsserver.Server
	web     *website.Server
	repo    *history.Repository
	closing sync.Once
	closed  error
}

// steps is how many times progress is told.
const steps = 8

// New makes a sandbox and deploys the baseline to both environments, which takes
// a few seconds. progress is told what was done, and how many of how many steps
// that makes; it may be nil and is never called at the same time twice. When New
// fails or ctx ends, nothing is left behind.
func New(ctx context.Context, o Options, progress func(what string, done, total int)) (_ *Sandbox, err error) {
	s := &Sandbox{o: o, tokens: map[string]string{}}
	if err := s.complete(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.o.Keep = false
			err = errors.Join(err, s.Close())
		}
	}()
	var mu sync.Mutex
	done := 0
	step := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		if progress != nil {
			progress(what, done, steps)
		}
	}
	for _, part := range []struct {
		what string
		do   func() error
	}{
		{"name server and delivery network are up", s.startServers},
		{"repository is written", s.writeRepository},
		{"provider is installed", s.installProvider},
		{"runbook is written", s.writeRunbook},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := part.do(); err != nil {
			return nil, err
		}
		step(part.what)
	}
	if err := s.applyBaseline(ctx, step); err != nil {
		return nil, err
	}
	s.web.SetIssueTime("staging", s.o.StagingIssue)
	s.web.SetIssueTime("production", s.o.Issue)
	return s, nil
}

// complete fills in defaults and makes the folder.
func (s *Sandbox) complete() error {
	o := &s.o
	if o.Issue == 0 {
		o.Issue = 20 * time.Second
	}
	if o.StagingIssue == 0 {
		o.StagingIssue = time.Second
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Delete == "" {
		o.Delete = provider.OwnData
	}
	if o.Delete != provider.OwnData && o.Delete != provider.WholeName {
		return fmt.Errorf("make sandbox: %q is neither %s nor %s", o.Delete, provider.OwnData, provider.WholeName)
	}
	if o.Terraform == "" {
		o.Terraform = "terraform"
	}
	path, err := exec.LookPath(o.Terraform)
	if err != nil {
		return fmt.Errorf("make sandbox: find terraform: %w", err)
	}
	// Terraform is started in other folders than this one.
	if o.Terraform, err = filepath.Abs(path); err != nil {
		return err
	}
	if o.Executable == "" {
		if o.Executable, err = os.Executable(); err != nil {
			return fmt.Errorf("make sandbox: find this program: %w", err)
		}
	}
	return s.makeDir()
}

func (s *Sandbox) makeDir() error {
	if s.o.Dir == "" {
		dir, err := os.MkdirTemp("", "lockstep-sandbox-")
		if err != nil {
			return fmt.Errorf("make sandbox: %w", err)
		}
		s.o.Dir, s.made = dir, true
		return nil
	}
	dir, err := filepath.Abs(s.o.Dir)
	if err != nil {
		return err
	}
	s.o.Dir = dir
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		s.made = true
	case err != nil:
		return fmt.Errorf("make sandbox: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("make sandbox: the folder %s is not empty", dir)
	}
	return os.MkdirAll(dir, 0o700)
}

func (s *Sandbox) startServers() error {
	var err error
	var accounts []website.Account
	for _, env := range environments {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // it never fails: it ends the program instead
		s.tokens[env] = base64.StdEncoding.EncodeToString(secret)
		accounts = append(accounts, website.Account{Name: env, Token: s.tokens[env]})
	}
	if s.dns, err = dnsserver.Start([]string{zone, networkDomain}, s.tokens); err != nil {
		return err
	}
	s.web, err = website.Start(website.Options{
		Accounts: accounts, NameServer: s.dns.Addr(), Domain: networkDomain,
		Publish: func(domain string) error {
			h := dns.RR_Header{Name: dns.Fqdn(domain), Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}
			return s.dns.Set(&dns.A{Hdr: h, A: net.IPv4(127, 0, 0, 1)})
		},
		Withdraw: func(domain string) error { return s.dns.Remove(dns.Fqdn(domain), dns.TypeA) },
	})
	if err != nil {
		return err
	}
	return os.WriteFile(s.CAFile(), s.web.CA(), 0o644)
}

func (s *Sandbox) writeRepository() (err error) {
	for _, env := range environments {
		if err := os.MkdirAll(filepath.Dir(s.TerraformState(env)), 0o700); err != nil {
			return err
		}
	}
	s.repo, err = history.Build(s.RepoDir(), s.o.Now)
	return err
}

// Close stops the servers and removes the folder, unless it is to be kept: then
// it stays, with a world missing around it. A second call does nothing more.
func (s *Sandbox) Close() error {
	s.closing.Do(func() {
		var errs []error
		if s.web != nil {
			errs = append(errs, s.web.Close())
		}
		if s.dns != nil {
			errs = append(errs, s.dns.Close())
		}
		if !s.o.Keep {
			errs = append(errs, s.remove())
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}

// remove leaves a folder that was there before as it was: empty.
func (s *Sandbox) remove() error {
	if s.made {
		return os.RemoveAll(s.o.Dir)
	}
	entries, err := os.ReadDir(s.o.Dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.o.Dir, e.Name())))
	}
	return err
}

// Vars returns the values of the root variables of an environment. One of them,
// token, is a secret.
func (s *Sandbox) Vars(env string) map[string]string {
	return map[string]string{
		"endpoint": s.web.API(), "dns_server": s.dns.Addr(), "token": s.tokens[env], "delete": s.o.Delete,
	}
}

// Env returns what Terraform needs in its environment to find the provider.
func (s *Sandbox) Env() []string {
	return []string{"TF_CLI_CONFIG_FILE=" + s.cliConfig(), "CHECKPOINT_DISABLE=1"}
}
