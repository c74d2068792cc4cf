package main

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
	"lockstep/steps/probe"
)

// The sandbox's name server says how long a missing name is remembered: for a
// record, for an alias out of the zone, for what is missing, for the zone itself.
func TestNegativeTTL_ofTheSandbox(t *testing.T) {
	s, err := dnsserver.Start([]string{"example.test.", "other.test."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, text := range []string{"a.example.test. 60 IN A 192.0.2.1", "static.example.test. 60 IN CNAME cdn.other.test."} {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Set(rr); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.example.test", "static.example.test.", "x.y.EXAMPLE.test", "example.test"} {
		if got, err := probe.NegativeTTL(t.Context(), name, []string{s.Addr()}); err != nil || got != dnsserver.NegativeTTL*time.Second {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := probe.NegativeTTL(t.Context(), "example.org", []string{s.Addr()}); err == nil {
		t.Errorf("the server does not know this zone: %v", got)
	}
}
