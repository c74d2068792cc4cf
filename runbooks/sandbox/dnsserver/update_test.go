package dnsserver_test

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
)

func TestUpdate_refusedChangesNothing(t *testing.T) {
	s := start(t)
	change(t, s, insert(t, "www.example.test. 60 IN A 192.0.2.1"))
	good := rr(t, "www.example.test. 60 IN A 192.0.2.9")
	any := func(name string, t, class uint16, ttl uint32) dns.RR {
		return &dns.ANY{Hdr: dns.RR_Header{Name: name, Rrtype: t, Class: class, Ttl: ttl}}
	}
	for name, c := range map[string]struct {
		zone    string
		changes []dns.RR
		prereq  []dns.RR
		rcode   int
	}{
		"zone of others":          {"org.", []dns.RR{good}, nil, dns.RcodeNotAuth},
		"name in a zone":          {"www.example.test.", []dns.RR{good}, nil, dns.RcodeNotAuth},
		"name outside, second":    {"example.test.", []dns.RR{good, rr(t, "a.cdn.test. 60 IN A 192.0.2.1")}, nil, dns.RcodeNotZone},
		"type of the server":      {"example.test.", []dns.RR{good, rr(t, "example.test. 60 IN NS a.example.test.")}, nil, dns.RcodeRefused},
		"deletion with a TTL":     {"example.test.", []dns.RR{good, any("www.example.test.", dns.TypeA, dns.ClassANY, 1)}, nil, dns.RcodeFormatError},
		"unknown class":           {"example.test.", []dns.RR{good, any("www.example.test.", dns.TypeA, dns.ClassCHAOS, 0)}, nil, dns.RcodeFormatError},
		"prereq: name in use":     {"example.test.", []dns.RR{good}, []dns.RR{any("no.example.test.", dns.TypeANY, dns.ClassANY, 0)}, dns.RcodeNameError},
		"prereq: name not in use": {"example.test.", []dns.RR{good}, []dns.RR{any("www.example.test.", dns.TypeANY, dns.ClassNONE, 0)}, dns.RcodeYXDomain},
		"prereq: RRset exists":    {"example.test.", []dns.RR{good}, []dns.RR{any("www.example.test.", dns.TypeTXT, dns.ClassANY, 0)}, dns.RcodeNXRrset},
		"prereq: RRset does not":  {"example.test.", []dns.RR{good}, []dns.RR{any("www.example.test.", dns.TypeA, dns.ClassNONE, 0)}, dns.RcodeYXRrset},
		"prereq: exact RRset":     {"example.test.", []dns.RR{good}, []dns.RR{rr(t, "www.example.test. 0 IN A 192.0.2.1"), rr(t, "www.example.test. 0 IN A 192.0.2.2")}, dns.RcodeNXRrset},
		"prereq: outside":         {"example.test.", []dns.RR{good}, []dns.RR{any("www.cdn.test.", dns.TypeANY, dns.ClassANY, 0)}, dns.RcodeNotZone},
		"prereq: with a TTL":      {"example.test.", []dns.RR{good}, []dns.RR{any("www.example.test.", dns.TypeANY, dns.ClassANY, 5)}, dns.RcodeFormatError},
	} {
		t.Run(name, func(t *testing.T) {
			m := new(dns.Msg).SetUpdate(c.zone)
			m.Ns, m.Answer = c.changes, c.prereq
			if in := ask(t, s, "udp", m); in.Rcode != c.rcode {
				t.Errorf("%s, want %s", dns.RcodeToString[in.Rcode], dns.RcodeToString[c.rcode])
			}
			wantAnswer(t, s, "www.example.test.", dns.TypeA, "NOERROR", "www.example.test. A 192.0.2.1")
			if s.Updates() != 1 {
				t.Error("the update was counted")
			}
		})
	}
}

func TestUpdate_needsASignature(t *testing.T) {
	s := start(t)
	m := insert(t, "www.example.test. 60 IN A 192.0.2.1")
	in, err := dns.Exchange(m.Copy(), s.Addr())
	if err != nil || in.Rcode != dns.RcodeRefused {
		t.Errorf("unsigned: %v, %v; want REFUSED", in, err)
	}
	for _, k := range []struct{ name, secret string }{{key, "b3RoZXI="}, {"stranger.", secret}} {
		m := m.Copy().SetTsig(k.name, dns.HmacSHA256, 300, time.Now().Unix())
		c := dns.Client{TsigSecret: map[string]string{k.name: k.secret}}
		in, _, _ := c.Exchange(m, s.Addr())
		if in == nil || in.Rcode != dns.RcodeNotAuth {
			t.Errorf("signed by %s: %v; want NOTAUTH", k.name, in)
		}
	}
	wantAnswer(t, s, "www.example.test.", dns.TypeA, "NXDOMAIN")
}

func TestUpdate_prerequisitesThatHold(t *testing.T) {
	s := start(t)
	change(t, s, insert(t, "www.example.test. 60 IN A 192.0.2.1", "www.example.test. 60 IN A 192.0.2.2"))
	m := insert(t, "www.example.test. 60 IN TXT yes")
	m.NameUsed([]dns.RR{rr(t, "www.example.test. A 192.0.2.1")})
	m.NameNotUsed([]dns.RR{rr(t, "no.example.test. A 192.0.2.1")})
	m.RRsetUsed([]dns.RR{rr(t, "www.example.test. A 192.0.2.1")})
	m.RRsetNotUsed([]dns.RR{rr(t, "www.example.test. TXT x")})
	m.Used([]dns.RR{rr(t, "www.example.test. A 192.0.2.2"), rr(t, "www.example.test. A 192.0.2.1")})
	change(t, s, m)
	wantAnswer(t, s, "www.example.test.", dns.TypeTXT, "NOERROR", `www.example.test. TXT "yes"`)
}

func TestUpdate_deletesWhatItIsToldTo(t *testing.T) {
	s := start(t)
	all := []string{"www.example.test. 60 IN A 192.0.2.1", "www.example.test. 60 IN A 192.0.2.2", "www.example.test. 60 IN TXT x"}
	change(t, s, insert(t, all...))

	m := new(dns.Msg).SetUpdate("example.test.")
	m.Remove([]dns.RR{rr(t, all[0])})
	change(t, s, m)
	wantAnswer(t, s, "www.example.test.", dns.TypeA, "NOERROR", "www.example.test. A 192.0.2.2")

	m = new(dns.Msg).SetUpdate("example.test.")
	m.RemoveRRset([]dns.RR{rr(t, all[1])})
	change(t, s, m)
	wantAnswer(t, s, "www.example.test.", dns.TypeA, "NOERROR")
	wantAnswer(t, s, "www.example.test.", dns.TypeTXT, "NOERROR", `www.example.test. TXT "x"`)

	m = new(dns.Msg).SetUpdate("example.test.")
	m.RemoveName([]dns.RR{rr(t, all[2])})
	change(t, s, m)
	wantAnswer(t, s, "www.example.test.", dns.TypeTXT, "NXDOMAIN")

	m = new(dns.Msg).SetUpdate("example.test.")
	m.RemoveName([]dns.RR{rr(t, "example.test. A 192.0.2.1")})
	change(t, s, m)
	wantAnswer(t, s, "example.test.", dns.TypeNS, "NOERROR", "example.test. NS ns.example.test.")
}

func TestUpdate_cnameStandsAlone(t *testing.T) {
	s := start(t)
	change(t, s, insert(t, "www.example.test. 60 IN CNAME one.example.test.", "txt.example.test. 60 IN TXT x"))
	change(t, s, insert(t, "www.example.test. 60 IN A 192.0.2.1", "txt.example.test. 60 IN CNAME one.example.test."))
	wantAnswer(t, s, "www.example.test.", dns.TypeCNAME, "NOERROR", "www.example.test. CNAME one.example.test.")
	wantAnswer(t, s, "txt.example.test.", dns.TypeTXT, "NOERROR", `txt.example.test. TXT "x"`)
	change(t, s, insert(t, "www.example.test. 60 IN CNAME two.example.test."))
	wantAnswer(t, s, "www.example.test.", dns.TypeCNAME, "NOERROR", "www.example.test. CNAME two.example.test.")
}

// owned makes an update speak for an owner.
func owned(m *dns.Msg, owner string) *dns.Msg {
	dnsserver.SetOwner(m, owner)
	return m
}

func TestUpdate_ownersDoNotTouchEachOther(t *testing.T) {
	s := start(t)
	const www = "www.example.test."
	clear := func() *dns.Msg {
		m := new(dns.Msg).SetUpdate("example.test.")
		m.RemoveRRset([]dns.RR{rr(t, www+" CNAME x.")})
		return m
	}
	old, fresh := www+" 300 IN CNAME d.cdn.test.", www+" 60 IN CNAME d.cdn.test."
	change(t, s, owned(insert(t, old), "old"))
	change(t, s, owned(insert(t, fresh), "new"))
	change(t, s, owned(clear(), "old"))
	wantAnswer(t, s, www, dns.TypeCNAME, "NOERROR", www+" CNAME d.cdn.test.")

	// Of two CNAMEs the later one is answered, and each owner sees its own.
	change(t, s, owned(insert(t, www+" 60 IN CNAME other.cdn.test."), "other"))
	wantAnswer(t, s, www, dns.TypeCNAME, "NOERROR", www+" CNAME other.cdn.test.")
	for owner, target := range map[string]string{"new": "d.cdn.test.", "other": "other.cdn.test."} {
		in := ask(t, s, "udp", owned(new(dns.Msg).SetQuestion(www, dns.TypeCNAME), owner))
		if len(in.Answer) != 1 || in.Answer[0].(*dns.CNAME).Target != target {
			t.Errorf("%s sees %v, want %s", owner, in.Answer, target)
		}
	}
	if in := ask(t, s, "udp", owned(new(dns.Msg).SetQuestion(www, dns.TypeCNAME), "old")); len(in.Answer) != 0 {
		t.Errorf("old sees %v, want nothing", in.Answer)
	}
	change(t, s, owned(clear(), "other"))
	wantAnswer(t, s, www, dns.TypeCNAME, "NOERROR", www+" CNAME d.cdn.test.")

	// Without an owner everything goes.
	change(t, s, owned(insert(t, www+" 60 IN CNAME other.cdn.test."), "other"))
	change(t, s, clear())
	wantAnswer(t, s, www, dns.TypeCNAME, "NXDOMAIN")
}

func TestUpdate_latestTTLIsThatOfTheSet(t *testing.T) {
	s := start(t)
	change(t, s, owned(insert(t, "www.example.test. 300 IN A 192.0.2.1"), "a"))
	change(t, s, owned(insert(t, "www.example.test. 60 IN A 192.0.2.2"), "b"))
	in := ask(t, s, "udp", new(dns.Msg).SetQuestion("www.example.test.", dns.TypeA))
	for _, a := range in.Answer {
		if a.Header().Ttl != 60 {
			t.Errorf("%s, want a TTL of 60", a)
		}
	}
	if len(in.Answer) != 2 {
		t.Errorf("%d records, want those of both owners", len(in.Answer))
	}
}
