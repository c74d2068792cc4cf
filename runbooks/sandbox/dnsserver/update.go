package dnsserver

import (
	"fmt"

	"github.com/miekg/dns"
)

// update carries out an RFC 2136 message whole or not at all and returns the
// response code.
func (s *Server) update(r *dns.Msg) int {
	if r.IsTsig() == nil {
		return dns.RcodeRefused
	}
	q := r.Question[0]
	if q.Qtype != dns.TypeSOA {
		return dns.RcodeFormatError
	}
	p := s.zones[dns.CanonicalName(q.Name)]
	if p == nil || q.Qclass != dns.ClassINET {
		return dns.RcodeNotAuth
	}
	s.updating.Lock()
	defer s.updating.Unlock()
	z := p.Load().clone()
	if code := z.meets(r.Answer); code != dns.RcodeSuccess {
		return code
	}
	if code := z.allows(r.Ns); code != dns.RcodeSuccess {
		return code
	}
	owner, named := ownerOf(r)
	for _, rr := range r.Ns {
		z.change(owner, named, rr)
	}
	z.serial++
	p.Store(z)
	s.updates.Add(1)
	return dns.RcodeSuccess
}

// meets checks the prerequisites (RFC 2136 section 3.2). They are about what
// the zone answers, whoever owns it.
func (z *zone) meets(prereqs []dns.RR) int {
	type key struct {
		name string
		t    uint16
	}
	exact := map[key][]dns.RR{}
	for _, rr := range prereqs {
		h := rr.Header()
		name := dns.CanonicalName(h.Name)
		if !dns.IsSubDomain(z.name, name) {
			return dns.RcodeNotZone
		}
		if h.Ttl != 0 || h.Class != dns.ClassINET && h.Rdlength != 0 {
			return dns.RcodeFormatError
		}
		used := len(z.types(name)) > 0
		if h.Rrtype != dns.TypeANY {
			used = len(z.rrset(name, h.Rrtype, "", false)) > 0
		}
		switch {
		case h.Class == dns.ClassANY && !used && h.Rrtype == dns.TypeANY:
			return dns.RcodeNameError
		case h.Class == dns.ClassANY && !used:
			return dns.RcodeNXRrset
		case h.Class == dns.ClassNONE && used && h.Rrtype == dns.TypeANY:
			return dns.RcodeYXDomain
		case h.Class == dns.ClassNONE && used:
			return dns.RcodeYXRrset
		case h.Class == dns.ClassINET:
			k := key{name, h.Rrtype}
			exact[k] = append(exact[k], rr)
		case h.Class != dns.ClassANY && h.Class != dns.ClassNONE:
			return dns.RcodeFormatError
		}
	}
	for k, want := range exact {
		if !same(want, z.rrset(k.name, k.t, "", false)) {
			return dns.RcodeNXRrset
		}
	}
	return dns.RcodeSuccess
}

// same reports whether two RRsets hold the same records, in whatever order.
func same(a, b []dns.RR) bool {
	within := func(a, b []dns.RR) bool {
		for _, x := range a {
			found := false
			for _, y := range b {
				found = found || dns.IsDuplicate(x, y)
			}
			if !found {
				return false
			}
		}
		return true
	}
	return within(a, b) && within(b, a)
}

// allows checks the form of the changes before the first is made (section 3.4.1).
func (z *zone) allows(changes []dns.RR) int {
	for _, rr := range changes {
		h := rr.Header()
		meta := h.Rrtype >= 128 && h.Rrtype <= dns.TypeANY
		switch {
		case !dns.IsSubDomain(z.name, dns.CanonicalName(h.Name)):
			return dns.RcodeNotZone
		case h.Class == dns.ClassINET && !meta:
		case h.Class == dns.ClassANY && h.Ttl == 0 && h.Rdlength == 0 && (!meta || h.Rrtype == dns.TypeANY):
		case h.Class == dns.ClassNONE && h.Ttl == 0 && !meta:
		default:
			return dns.RcodeFormatError
		}
		if h.Rrtype != dns.TypeANY && !updatable(h.Rrtype) {
			return dns.RcodeRefused
		}
	}
	return dns.RcodeSuccess
}

// change makes one checked change (section 3.4.2).
func (z *zone) change(owner string, named bool, rr dns.RR) {
	h := rr.Header()
	name := dns.CanonicalName(h.Name)
	switch h.Class {
	case dns.ClassINET:
		z.add(owner, named, rr)
	case dns.ClassANY:
		z.remove(owner, named, name, h.Rrtype, nil)
	case dns.ClassNONE:
		rr = dns.Copy(rr)
		rr.Header().Class = dns.ClassINET
		z.remove(owner, named, name, h.Rrtype, rr)
	}
}

// Set makes rr the only record of its name and type, whoever owned the others.
// It is for the parts of the sandbox that run in the same process.
func (s *Server) Set(rr dns.RR) error {
	h := rr.Header()
	return s.edit(h.Name, func(z *zone) {
		z.remove("", false, dns.CanonicalName(h.Name), h.Rrtype, nil)
		z.add("", false, rr)
	})
}

// Remove deletes all records of a name and type. There may be none.
func (s *Server) Remove(name string, t uint16) error {
	return s.edit(name, func(z *zone) { z.remove("", false, dns.CanonicalName(name), t, nil) })
}

func (s *Server) edit(name string, change func(*zone)) error {
	p := s.find(dns.CanonicalName(name))
	if p == nil {
		return fmt.Errorf("no zone for the name %s", name)
	}
	s.updating.Lock()
	defer s.updating.Unlock()
	z := p.Load().clone()
	change(z)
	z.serial++
	p.Store(z)
	return nil
}
