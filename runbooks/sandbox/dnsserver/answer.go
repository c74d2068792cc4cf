package dnsserver

import "github.com/miekg/dns"

// maxAliases is how far a chain of aliases is followed.
const maxAliases = 8

// answer fills in the reply to a query.
func (s *Server) answer(m, r *dns.Msg) {
	q := r.Question[0]
	owner, named := ownerOf(r)
	name := dns.CanonicalName(q.Name)
	p := s.find(name)
	if p == nil || q.Qclass != dns.ClassINET || q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR {
		m.Rcode = dns.RcodeRefused
		return
	}
	m.Authoritative = true
	for range maxAliases {
		z := p.Load()
		found := z.lookup(name, q.Qtype, owner, named)
		m.Answer = append(m.Answer, found...)
		if len(found) > 0 {
			return
		}
		alias := z.rrset(name, dns.TypeCNAME, owner, named)
		if len(alias) == 0 {
			m.Ns = []dns.RR{z.soa(NegativeTTL)}
			if !z.exists(name) {
				m.Rcode = dns.RcodeNameError
			}
			return
		}
		m.Answer = append(m.Answer, alias...)
		name = dns.CanonicalName(alias[0].(*dns.CNAME).Target)
		if p = s.find(name); p == nil {
			// The rest of the chain is in somebody else's zone.
			return
		}
	}
	m.Answer, m.Rcode = nil, dns.RcodeServerFailure
}

// lookup returns the records of a type at a name, without following aliases.
func (z *zone) lookup(name string, t uint16, owner string, named bool) []dns.RR {
	if t != dns.TypeANY {
		return z.rrset(name, t, owner, named)
	}
	var out []dns.RR
	for _, has := range z.types(name) {
		out = append(out, z.rrset(name, has, owner, named)...)
	}
	return out
}
