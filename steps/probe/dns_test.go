package probe

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// zone starts a real name server on loopback, by UDP and TCP, and returns its address.
func zone(t *testing.T, h dns.HandlerFunc) string {
	t.Helper()
	tcp, udp := bothPorts(t)
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: h}, {Listener: tcp, Handler: h}} {
		ready := make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go func() { _ = s.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return udp.LocalAddr().String()
}

// bothPorts finds a port that is free for TCP and for UDP.
func bothPorts(t *testing.T) (net.Listener, net.PacketConn) {
	t.Helper()
	for range 20 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp, udp
		}
		_ = tcp.Close()
	}
	t.Fatal("no port is free for both TCP and UDP")
	return nil, nil
}

// answers replies with records in presentation form.
func answers(t *testing.T, records ...string) dns.HandlerFunc {
	var rrs []dns.RR
	for _, r := range records {
		rr, err := dns.NewRR(r)
		if err != nil {
			t.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Authoritative = true
		m.Answer = rrs
		_ = w.WriteMsg(m)
	}
}

func rcode(code int) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetRcode(q, code)
		_ = w.WriteMsg(m)
	}
}

func silent(dns.ResponseWriter, *dns.Msg) {}

// unused returns an address on which nobody listens.
func unused(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		return c.LocalAddr().String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func measure(t *testing.T, p *runbook.Probe, d Deps) Measurement {
	t.Helper()
	if p.Timeout == 0 {
		p.Timeout = runbook.Duration(20 * time.Second)
	}
	made, err := New(p, d)
	if err != nil {
		t.Fatal(err)
	}
	m := made.Measure(context.Background())
	for _, text := range []safe.Text{m.Word, m.Got, made.Outline().Target} {
		if strings.ContainsAny(text.String(), "\x1b\r\n\u202e") {
			t.Errorf("not inert: %q", text)
		}
	}
	return m
}

func dnsOf(typ string, values []string, servers ...string) *runbook.Probe {
	return &runbook.Probe{Name: "p", DNS: &runbook.DNSProbe{Name: "static.example", Type: typ, Values: values, Servers: servers}}
}

func TestDNS_everyTroubleHasItsOwnWord(t *testing.T) {
	one := answers(t, "static.example. 60 IN CNAME Cdn.Example.")
	for _, c := range []struct {
		word    string
		outcome engine.Outcome
		server  string
		got     string
	}{
		{"ok", engine.Pass, zone(t, one), "cdn.example, TTL 60 s"},
		{"wrong value", engine.Fail, zone(t, answers(t, "static.example. 212 IN CNAME old.example.")), "old.example, TTL 212 s; expected cdn.example"},
		{"NXDOMAIN", engine.Fail, zone(t, rcode(dns.RcodeNameError)), "does not exist"},
		{"NODATA", engine.Fail, zone(t, answers(t)), "has no CNAME record"},
		{"SERVFAIL", engine.Fail, zone(t, rcode(dns.RcodeServerFailure)), "does not answer the question"},
		{"REFUSED", engine.Fail, zone(t, rcode(dns.RcodeRefused)), "does not answer the question"},
		{"refused", engine.Fail, unused(t, "udp"), "nobody listens"},
	} {
		m := measure(t, dnsOf("CNAME", []string{"cdn.example."}, c.server), Deps{})
		if m.Word.String() != c.word || m.Outcome != c.outcome || !strings.Contains(m.Got.String(), c.got) {
			t.Errorf("want %s %q %q, got %s %q %q", c.outcome, c.word, c.got, m.Outcome, m.Word, m.Got)
		}
	}
}

func TestDNS_silenceIsATimeout(t *testing.T) {
	p := dnsOf("A", nil, zone(t, silent))
	p.Timeout = runbook.Duration(100 * time.Millisecond)
	if m := measure(t, p, Deps{}); m.Word != safe.Lit("timeout") || m.Outcome != engine.Fail {
		t.Errorf("got %+v", m)
	}
}

func TestDNS_oneLostPacketIsNoOutage(t *testing.T) {
	var asked atomic.Int32
	answer := answers(t, "static.example. 60 IN A 192.0.2.1")
	p := dnsOf("A", nil, zone(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if asked.Add(1) > 1 {
			answer(w, q)
		}
	}))
	p.Timeout = runbook.Duration(2 * time.Second)
	if m := measure(t, p, Deps{}); m.Outcome != engine.Pass || asked.Load() != 2 {
		t.Errorf("asked %d times, got %+v", asked.Load(), m)
	}
}

// The time for an answer and that for the measurement end together, in either
// order; neither may touch a socket that the other has given up.
func TestDNS_endsOfTimeMayMeet(t *testing.T) {
	p := dnsOf("A", nil, zone(t, silent))
	for range 300 {
		p.Timeout = runbook.Duration(2 * time.Millisecond)
		if m := measure(t, p, Deps{}); m.Word != safe.Lit("timeout") {
			t.Fatalf("got %+v", m)
		}
	}
}

func TestDNS_cancelledIsInconclusive(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	made, err := New(dnsOf("A", nil, zone(t, func(dns.ResponseWriter, *dns.Msg) { cancel() })), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if m := made.Measure(ctx); m.Outcome != engine.Inconclusive || m.Word != safe.Lit("cancelled") {
		t.Errorf("got %+v", m)
	}
}

func TestDNS_valuesAreSets(t *testing.T) {
	server := zone(t, answers(t, "static.example. 60 IN A 192.0.2.2", "static.example. 30 IN A 192.0.2.1"))
	for _, c := range []struct {
		want []string
		word string
	}{
		{[]string{"192.0.2.1", "192.0.2.2"}, "ok"},
		{[]string{"192.0.2.2", "192.0.2.1", "192.0.2.2"}, "ok"},
		{[]string{"192.0.2.1"}, "wrong value"},
		{[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "wrong value"},
		{nil, "ok"},
	} {
		if m := measure(t, dnsOf("A", c.want, server), Deps{}); m.Word.String() != c.word || !strings.Contains(m.Got.String(), "TTL 30 s") {
			t.Errorf("%v: got %q %q", c.want, m.Word, m.Got)
		}
	}
}

func TestDNS_formsOfAValueAreEqual(t *testing.T) {
	for _, c := range []struct{ typ, record, want string }{
		{"AAAA", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1"},
		{"CNAME", "cdn.example.", "CDN.example"},
		{"MX", "10 mail.example.", "10  Mail.example"},
		{"TXT", `"v=spf1 -all; a b"`, "v=spf1 -all; a b"},
		{"TXT", `"one" "two"`, `"one" "two"`},
		{"SRV", "1 2 443 x.example.", "1 2 443 x.example"},
		{"CAA", `0 issue "ca.example"`, `0 issue "ca.example"`},
	} {
		server := zone(t, answers(t, "static.example. 60 IN "+c.typ+" "+c.record))
		if m := measure(t, dnsOf(c.typ, []string{c.want}, server), Deps{}); m.Outcome != engine.Pass {
			t.Errorf("%s %s: got %q %q", c.typ, c.record, m.Word, m.Got)
		}
	}
}

func TestDNS_eachServerIsAskedOnItsOwn(t *testing.T) {
	right := zone(t, answers(t, "static.example. 60 IN A 192.0.2.1"))
	wrong := zone(t, answers(t, "static.example. 60 IN A 192.0.2.9"))
	gone := zone(t, rcode(dns.RcodeNameError))
	m := measure(t, dnsOf("A", []string{"192.0.2.1"}, right, wrong, gone), Deps{})
	if m.Outcome != engine.Fail || m.Word != safe.Lit("wrong value") || !strings.HasPrefix(m.Got.String(), "1 of 3 servers are right: ") {
		t.Errorf("got %+v", m)
	}
	words := []string{m.Checks[0].Word.String(), m.Checks[1].Word.String(), m.Checks[2].Word.String()}
	if strings.Join(words, ",") != "ok,wrong value,NXDOMAIN" {
		t.Errorf("got %v", words)
	}
}

func TestDNS_aliasIsFollowedAndOthersRecordsAreNot(t *testing.T) {
	alias := zone(t, answers(t, "static.example. 60 IN CNAME a.example.", "a.example. 20 IN A 192.0.2.1", "evil.example. 1 IN A 192.0.2.66"))
	if m := measure(t, dnsOf("A", []string{"192.0.2.1"}, alias), Deps{}); m.Outcome != engine.Pass || !strings.Contains(m.Got.String(), "TTL 20 s") {
		t.Errorf("got %+v", m)
	}
	ring := zone(t, answers(t, "static.example. 60 IN CNAME a.example.", "a.example. 60 IN CNAME static.example."))
	if m := measure(t, dnsOf("A", nil, ring), Deps{}); m.Word != safe.Lit("NODATA") {
		t.Errorf("got %+v", m)
	}
}

func TestDNS_largeAnswerComesByTCP(t *testing.T) {
	long := answers(t, `static.example. 60 IN TXT "`+strings.Repeat("x", 200)+`"`)
	server := zone(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
			m := new(dns.Msg)
			m.SetReply(q)
			m.Truncated = true
			_ = w.WriteMsg(m)
			return
		}
		long(w, q)
	})
	if m := measure(t, dnsOf("TXT", []string{strings.Repeat("x", 200)}, server), Deps{}); m.Outcome != engine.Pass {
		t.Errorf("got %+v", m)
	}
}

func TestDNS_answersToOtherQuestionsAreIgnored(t *testing.T) {
	truth := answers(t, "static.example. 60 IN A 192.0.2.1")
	server := zone(t, func(w dns.ResponseWriter, q *dns.Msg) {
		for _, forge := range []func(*dns.Msg){
			func(m *dns.Msg) { m.Id++ },
			func(m *dns.Msg) { m.Question[0].Name = "other.example." },
			func(m *dns.Msg) { m.Question = nil },
			func(m *dns.Msg) { m.Response = false },
		} {
			m := new(dns.Msg)
			m.SetReply(q)
			m.Question = append([]dns.Question(nil), q.Question...)
			rr, _ := dns.NewRR("static.example. 60 IN A 192.0.2.66")
			m.Answer = []dns.RR{rr}
			forge(m)
			_ = w.WriteMsg(m)
		}
		_, _ = w.Write([]byte("not a message"))
		truth(w, q)
	})
	if m := measure(t, dnsOf("A", []string{"192.0.2.1"}, server), Deps{}); m.Outcome != engine.Pass {
		t.Errorf("got %q %q", m.Word, m.Got)
	}
}

func TestDNS_hostileTextIsInert(t *testing.T) {
	server := zone(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 1}, Txt: []string{`\027[2J\226\128\174`}}}
		_ = w.WriteMsg(m)
	})
	if m := measure(t, dnsOf("TXT", []string{"x"}, server), Deps{}); m.Word != safe.Lit("wrong value") {
		t.Errorf("got %+v", m)
	}
}

func TestNew_refusesWhatCannotBeMeasured(t *testing.T) {
	for want, p := range map[string]*runbook.Probe{
		"no record type":             dnsOf("BOGUS", nil),
		"not an address for":         dnsOf("A", []string{"cdn.example"}),
		"not host:port":              {TCP: &runbook.TCPProbe{Address: "example"}},
		"not an http":                {HTTP: &runbook.HTTPProbe{URL: "ftp://example/"}},
		"holds a user name":          {HTTP: &runbook.HTTPProbe{URL: "https://u:p@example/"}},
		"argv names no program":      {Command: &runbook.CommandProbe{}},
		"it has no kind":             {},
		"read ca_file":               {TLS: &runbook.TLSProbe{Address: "a:1", CAFile: "missing.pem"}},
		"is not a name":              {DNS: &runbook.DNSProbe{Name: "a..b"}},
		`probe "x": the address "e"`: {Name: "x", TLS: &runbook.TLSProbe{Address: "e"}},
	} {
		if _, err := New(p, Deps{Folder: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
