package dnsserver_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
)

const (
	key    = "operator."
	secret = "c2VjcmV0IG9mIHRoZSB0ZXN0"
)

func start(t *testing.T) *dnsserver.Server {
	t.Helper()
	s, err := dnsserver.Start([]string{"example.test", "cdn.test"}, map[string]string{"operator": secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask sends a message over a transport; it is signed when it is an update.
func ask(t *testing.T, s *dnsserver.Server, network string, m *dns.Msg) *dns.Msg {
	t.Helper()
	c := dns.Client{Net: network, TsigSecret: map[string]string{key: secret}}
	if m.Opcode == dns.OpcodeUpdate {
		m.SetTsig(key, dns.HmacSHA256, 300, time.Now().Unix())
	}
	in, _, err := c.Exchange(m, s.Addr())
	if err != nil && !errors.Is(err, dns.ErrAuth) { // which is NOTAUTH
		t.Fatal(err)
	}
	return in
}

// look returns the response code and the answer section in short form.
func look(t *testing.T, s *dnsserver.Server, name string, kind uint16) (string, []string) {
	t.Helper()
	in := ask(t, s, "udp", new(dns.Msg).SetQuestion(name, kind))
	var lines []string
	for _, rr := range in.Answer {
		f := strings.Fields(rr.String())
		lines = append(lines, strings.Join(append(f[:1:1], f[3:]...), " "))
	}
	return dns.RcodeToString[in.Rcode], lines
}

func wantAnswer(t *testing.T, s *dnsserver.Server, name string, kind uint16, rcode string, lines ...string) {
	t.Helper()
	code, got := look(t, s, name, kind)
	if code != rcode || !slices.Equal(got, lines) {
		t.Errorf("%s %s: %s %q, want %s %q", name, dns.TypeToString[kind], code, got, rcode, lines)
	}
}

func rr(t *testing.T, text string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// insert is an update that adds records.
func insert(t *testing.T, texts ...string) *dns.Msg {
	t.Helper()
	m := new(dns.Msg).SetUpdate("example.test.")
	for _, text := range texts {
		m.Insert([]dns.RR{rr(t, text)})
	}
	return m
}

// change sends an update that has to succeed.
func change(t *testing.T, s *dnsserver.Server, m *dns.Msg) {
	t.Helper()
	if in := ask(t, s, "udp", m); in.Rcode != dns.RcodeSuccess {
		t.Fatalf("update: %s", dns.RcodeToString[in.Rcode])
	}
}

func TestServer_tellsMissingNameFromMissingType(t *testing.T) {
	s := start(t)
	change(t, s, insert(t, "a.b.example.test. 60 IN A 192.0.2.1"))
	for _, c := range []struct {
		name  string
		rcode int
	}{
		{"nothing.example.test.", dns.RcodeNameError},
		{"below.a.b.example.test.", dns.RcodeNameError},
		{"a.b.example.test.", dns.RcodeSuccess},
		{"b.example.test.", dns.RcodeSuccess}, // has no data, but a name below it has
		{"example.test.", dns.RcodeSuccess},
	} {
		for _, network := range []string{"udp", "tcp"} {
			in := ask(t, s, network, new(dns.Msg).SetQuestion(c.name, dns.TypeTXT))
			if in.Rcode != c.rcode || len(in.Answer) != 0 || !in.Authoritative {
				t.Errorf("%s over %s: %s", c.name, network, in)
			}
			if len(in.Ns) != 1 {
				t.Fatalf("%s over %s: authority section %v, want the SOA", c.name, network, in.Ns)
			}
			soa, ok := in.Ns[0].(*dns.SOA)
			if !ok || soa.Minttl != dnsserver.NegativeTTL || soa.Hdr.Ttl != dnsserver.NegativeTTL || soa.Hdr.Name != "example.test." {
				t.Errorf("%s over %s: authority section %v", c.name, network, in.Ns)
			}
		}
	}
	if n := s.Queries(); n != 10 {
		t.Errorf("%d queries counted, want 10", n)
	}
	wantAnswer(t, s, "A.b.Example.TEST.", dns.TypeA, "NOERROR", "a.b.example.test. A 192.0.2.1")
	wantAnswer(t, s, "elsewhere.org.", dns.TypeA, "REFUSED")
}

func TestServer_followsAliases(t *testing.T) {
	s := start(t)
	if err := s.Set(rr(t, "d1.cdn.test. 60 IN A 127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	change(t, s, insert(t, "www.example.test. 60 IN CNAME d1.cdn.test.", "out.example.test. 60 IN CNAME far.away.org.",
		"lost.example.test. 60 IN CNAME none.cdn.test.", "loop.example.test. 60 IN CNAME loop.example.test."))
	wantAnswer(t, s, "www.example.test.", dns.TypeA, "NOERROR", "www.example.test. CNAME d1.cdn.test.", "d1.cdn.test. A 127.0.0.1")
	wantAnswer(t, s, "www.example.test.", dns.TypeCNAME, "NOERROR", "www.example.test. CNAME d1.cdn.test.")
	wantAnswer(t, s, "out.example.test.", dns.TypeA, "NOERROR", "out.example.test. CNAME far.away.org.")
	wantAnswer(t, s, "lost.example.test.", dns.TypeA, "NXDOMAIN", "lost.example.test. CNAME none.cdn.test.")
	wantAnswer(t, s, "loop.example.test.", dns.TypeA, "SERVFAIL")
	if err := s.Remove("d1.cdn.test.", dns.TypeA); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, s, "d1.cdn.test.", dns.TypeA, "NXDOMAIN")
}

func TestServer_truncatesOverUDPOnly(t *testing.T) {
	s := start(t)
	var texts []string
	for i := range 20 {
		texts = append(texts, "big.example.test. 60 IN TXT "+strings.Repeat(string(rune('a'+i)), 100))
	}
	change(t, s, insert(t, texts...))
	q := func() *dns.Msg { return new(dns.Msg).SetQuestion("big.example.test.", dns.TypeTXT) }
	c := dns.Client{Net: "udp"}
	if in, _, err := c.Exchange(q(), s.Addr()); err != nil || !in.Truncated {
		t.Errorf("over UDP: %v, %v; want a truncated answer", in, err)
	}
	if in := ask(t, s, "tcp", q()); in.Truncated || len(in.Answer) != 20 {
		t.Errorf("over TCP: truncated %t, %d records; want all 20", in.Truncated, len(in.Answer))
	}
}

func TestServer_answersOneMomentWhileItChanges(t *testing.T) {
	s := start(t)
	texts := []string{"x.example.test. 60 IN TXT one", "x.example.test. 60 IN TXT two"}
	change(t, s, insert(t, texts...))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				in, err := dns.Exchange(new(dns.Msg).SetQuestion("x.example.test.", dns.TypeTXT), s.Addr())
				if err != nil || len(in.Answer) != 2 {
					t.Errorf("during an update: %v, %v; want both records", in, err)
					return
				}
			}
		})
	}
	for range 100 {
		m := new(dns.Msg).SetUpdate("example.test.")
		m.RemoveRRset([]dns.RR{rr(t, texts[0])})
		m.Insert([]dns.RR{rr(t, texts[0]), rr(t, texts[1])})
		change(t, s, m)
	}
	close(done)
	wg.Wait()
	if n := s.Updates(); n != 101 {
		t.Errorf("%d updates counted, want 101", n)
	}
}

func TestServer_closesItsPorts(t *testing.T) {
	s, err := dnsserver.Start([]string{"example.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, network := range []string{"udp", "tcp"} {
		c := dns.Client{Net: network, Timeout: 200 * time.Millisecond}
		if in, _, err := c.Exchange(new(dns.Msg).SetQuestion("example.test.", dns.TypeSOA), s.Addr()); err == nil {
			t.Errorf("over %s a closed server answers %s", network, in)
		}
	}
	l, err := net.Listen("tcp4", s.Addr())
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	l.Close()
}
