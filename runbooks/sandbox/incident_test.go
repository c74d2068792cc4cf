package sandbox_test

import (
	"maps"
	"testing"
	"time"

	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/provider"
)

// What the dangerous commit does to an environment that has the ones before it.
var dangerous = map[string]string{
	`sandbox_dns_record.static`:                                                         "delete",
	`sandbox_dns_record.weighted_static`:                                                "create",
	`sandbox_distribution.static`:                                                       "update",
	`module.certificate.sandbox_certificate.cert`:                                       "create-delete",
	`module.certificate.sandbox_certificate_validation.cert`:                            "delete-create",
	`module.certificate.sandbox_dns_record.validation["cloudfront-static.crates.test"]`: "create",
}

func watch(t *testing.T, s *sandbox.Sandbox, rate int) *sandbox.Prober {
	t.Helper()
	p, err := sandbox.NewProber(s.DNSAddr(), s.ProductionName(), rate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

func TestSandbox_allAtOnceIsTheIncident(t *testing.T) {
	t.Parallel()
	const issue = 2 * time.Second
	s := newSandbox(t, sandbox.Options{Issue: issue})
	r := checkout(t, s, "production", s.History().Head())
	// With the commits before and after, the same addresses change; only what is
	// updated differs.
	if got := r.plan(); !maps.Equal(got, dangerous) {
		t.Fatalf("plan is %v, want %v", got, dangerous)
	}
	p := watch(t, s, 100)
	r.apply()
	c := p.Stop()
	t.Logf("outage %s, %d of %d failed, %d slots missed", c.Outage(), c.Failed, c.Asked, c.Missed)
	if c.Outage() < issue || c.Dark || len(c.Spans) != 1 {
		t.Errorf("outage is %s in %d spans, dark at the end %t; want one of at least %s", c.Outage(), len(c.Spans), c.Dark, issue)
	}
	if left := r.plan(); len(left) > 0 {
		t.Errorf("plan after everything is %v", left)
	}
}

func TestSandbox_stepByStepLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{Issue: 2 * time.Second})
	p := watch(t, s, 100)
	for i, commit := range s.History().Candidates() {
		r := checkout(t, s, "production", commit.Hash)
		want := []map[string]string{
			{"sandbox_dns_record.static": "update"},
			{"sandbox_distribution.static": "update"},
			dangerous,
			{"sandbox_distribution.static": "update"},
		}[i]
		if got := r.plan(); !maps.Equal(got, want) {
			t.Fatalf("%s: plan is %v, want %v", commit.Subject, got, want)
		}
		if i == 2 {
			for _, target := range []string{
				"module.crates_io.module.certificate.sandbox_certificate_validation.cert",
				"module.crates_io.sandbox_distribution.static",
				"module.crates_io.sandbox_dns_record.weighted_static",
				"module.crates_io.sandbox_dns_record.static",
			} {
				if len(r.plan(target)) == 0 {
					t.Fatalf("nothing is planned for %s", target)
				}
				r.apply()
			}
			rest := map[string]string{"module.certificate.sandbox_certificate.cert deposed": "delete"}
			if got := r.plan(); !maps.Equal(got, rest) {
				t.Fatalf("the rest is %v, want %v", got, rest)
			}
		}
		r.apply()
		if left := r.plan(); len(left) > 0 {
			t.Fatalf("%s: plan after it is %v", commit.Subject, left)
		}
	}
	c := p.Stop()
	t.Logf("%d of %d failed, %d slots missed", c.Failed, c.Asked, c.Missed)
	if c.Failed > 0 || c.Answered == 0 || c.Answered != c.Asked || c.Outage() != 0 {
		t.Errorf("%+v, want every query answered", c)
	}
}

func TestSandbox_wholeNameTakesTheNewRecordToo(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, sandbox.Options{Issue: time.Millisecond, Delete: provider.WholeName})
	r := checkout(t, s, "production", s.History().Head())
	p := watch(t, s, 100)
	r.plan("module.crates_io.sandbox_dns_record.weighted_static")
	r.apply()
	if c := p.Snapshot(); c.Failed > 0 {
		t.Fatalf("%d queries failed before anything was deleted", c.Failed)
	}
	r.plan("module.crates_io.sandbox_dns_record.static")
	r.apply()
	if c := p.Stop(); !c.Dark {
		t.Errorf("the name is there, and should be gone for good: %+v", c)
	}
	// Terraform notices when it looks again, and not before.
	if got := r.plan()["sandbox_dns_record.weighted_static"]; got != "create" {
		t.Errorf("the lost record is planned as %q, want create", got)
	}
}
