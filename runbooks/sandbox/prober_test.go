package sandbox_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox"
	"lockstep/runbooks/sandbox/dnsserver"
)

const probed = "www.example.test."

func nameServer(t *testing.T) (s *dnsserver.Server, put, drop func()) {
	t.Helper()
	s, err := dnsserver.Start([]string{"example.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put = func() {
		must(s.Set(&dns.CNAME{Hdr: dns.RR_Header{Name: probed, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 60}, Target: "a."}))
	}
	drop = func() { must(s.Remove(probed, dns.TypeCNAME)) }
	put()
	return s, put, drop
}

// until waits for the prober to have seen something.
func until(t *testing.T, p *sandbox.Prober, what string, seen func(sandbox.Counts) bool) {
	t.Helper()
	for start := time.Now(); !seen(p.Snapshot()); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("never seen: %s; %+v", what, p.Snapshot())
		}
	}
}

func TestProber_addsUpTheSpansWithoutTheName(t *testing.T) {
	s, put, drop := nameServer(t)
	p, err := sandbox.NewProber(s.Addr(), "www.example.test", 200)
	if err != nil {
		t.Fatal(err)
	}
	var gone [2]time.Duration
	for i := range gone {
		until(t, p, "answers", func(c sandbox.Counts) bool { return c.Answered >= (i+1)*5 && !c.Dark })
		start := time.Now()
		drop()
		until(t, p, "failures", func(c sandbox.Counts) bool { return c.Dark && c.Failed >= (i+1)*20 })
		put()
		gone[i] = time.Since(start)
		until(t, p, "the end of the span", func(c sandbox.Counts) bool { return !c.Dark && len(c.Spans) == i+1 })
	}
	c := p.Stop()
	if c.Answered+c.Failed != c.Asked || uint64(c.Asked) != s.Queries() {
		t.Errorf("%+v do not add up to the %d queries of the server", c, s.Queries())
	}
	for i, span := range c.Spans {
		// Known to a query on either side, or to as many as were missed.
		slack := time.Duration(2+c.Missed) * time.Second / 200
		if d := span.To.Sub(span.From) - gone[i]; d < -slack || d > slack {
			t.Errorf("span %d is %s, the name was gone for %s", i, span.To.Sub(span.From), gone[i])
		}
	}
	if again := p.Stop(); again.Asked != c.Asked {
		t.Error("stopped twice, it says something else")
	}
}

func TestProber_silenceIsAFailure(t *testing.T) {
	s, _, _ := nameServer(t)
	p, err := sandbox.NewProber(s.Addr(), "www.example.test", 50)
	if err != nil {
		t.Fatal(err)
	}
	until(t, p, "answers", func(c sandbox.Counts) bool { return c.Answered > 0 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, p, "failures", func(c sandbox.Counts) bool { return c.Failed > 2 })
	// It went on asking at its rate instead of waiting for answers.
	c := p.Stop()
	if !c.Dark || c.Outage() <= 0 || c.Answered+c.Failed != c.Asked {
		t.Errorf("%+v, want a dark end", c)
	}
}

func TestProber_refusesRates(t *testing.T) {
	for _, rate := range []int{-1, 0, sandbox.MaxRate + 1} {
		if _, err := sandbox.NewProber("127.0.0.1:1", "x", rate); err == nil {
			t.Errorf("a rate of %d is taken", rate)
		}
	}
}
