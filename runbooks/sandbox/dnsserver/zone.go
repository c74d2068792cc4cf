package dnsserver

import (
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// A zone is never changed once it is served: an update works on a clone and
// puts it in the place of the old one, so that every answer is of one moment.
type zone struct {
	name   string // canonical
	serial uint32
	nodes  map[string]node // by canonical name
}

// A node holds what there is at one name, by type, in the order it was added.
type node map[uint16][]claim

// A claim is one record and whose it is.
type claim struct {
	owner string
	rr    dns.RR
}

func newZone(name string) *zone {
	name = dns.CanonicalName(name)
	z := &zone{name: name, serial: 1, nodes: map[string]node{}}
	ns := "ns." + name
	z.add("", false, &dns.NS{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: SOATTL}, Ns: ns})
	z.add("", false, &dns.A{Hdr: dns.RR_Header{Name: ns, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: SOATTL}, A: []byte{127, 0, 0, 1}})
	return z
}

// clone copies what an update may change. Records themselves are never changed.
func (z *zone) clone() *zone {
	c := &zone{name: z.name, serial: z.serial, nodes: make(map[string]node, len(z.nodes))}
	for name, n := range z.nodes {
		m := make(node, len(n))
		for t, claims := range n {
			m[t] = slices.Clone(claims)
		}
		c.nodes[name] = m
	}
	return c
}

// soa returns the record that also stands in every negative answer.
func (z *zone) soa(ttl uint32) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: z.name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: ttl},
		Ns:  "ns." + z.name, Mbox: "hostmaster." + z.name, Serial: z.serial,
		Refresh: 3600, Retry: 600, Expire: 86400, Minttl: NegativeTTL,
	}
}

// exists reports whether a name has data or stands above one that has.
func (z *zone) exists(name string) bool {
	if _, ok := z.nodes[name]; ok {
		return true
	}
	for other := range z.nodes {
		if strings.HasSuffix(other, "."+name) {
			return true
		}
	}
	return false
}

// rrset returns what is answered for a name and a type; owner limits it to the
// data of one owner when named is set.
func (z *zone) rrset(name string, t uint16, owner string, named bool) []dns.RR {
	if t == dns.TypeSOA && name == z.name {
		return []dns.RR{z.soa(SOATTL)}
	}
	var out []dns.RR
	for _, c := range z.nodes[name][t] {
		if named && c.owner != owner {
			continue
		}
		if t == dns.TypeCNAME {
			out = out[:0]
		}
		if !slices.ContainsFunc(out, func(rr dns.RR) bool { return dns.IsDuplicate(rr, c.rr) }) {
			out = append(out, c.rr)
		}
	}
	// The records of an RRset share one TTL (RFC 2181); the latest is right.
	for i, rr := range out {
		if latest := out[len(out)-1].Header().Ttl; rr.Header().Ttl != latest {
			out[i] = dns.Copy(rr)
			out[i].Header().Ttl = latest
		}
	}
	return out
}

// types returns the types a name has data of, in ascending order.
func (z *zone) types(name string) []uint16 {
	return slices.Sorted(maps.Keys(z.nodes[name]))
}

// add puts a record in, or does nothing where RFC 2136 section 3.4.2.2 says so.
func (z *zone) add(owner string, named bool, rr dns.RR) {
	h := rr.Header()
	name := dns.CanonicalName(h.Name)
	for t := range z.nodes[name] {
		if (t == dns.TypeCNAME) != (h.Rrtype == dns.TypeCNAME) {
			return
		}
	}
	if h.Rrtype == dns.TypeCNAME {
		z.remove(owner, named, name, h.Rrtype, nil)
	} else {
		z.remove(owner, true, name, h.Rrtype, rr)
	}
	if z.nodes[name] == nil {
		z.nodes[name] = node{}
	}
	z.nodes[name][h.Rrtype] = append(z.nodes[name][h.Rrtype], claim{owner, rr})
}

// remove takes records out: of one type or, with TypeANY, all that may be
// updated; equal to rr, or all when it is nil; of one owner, or of all when named
// is not set.
func (z *zone) remove(owner string, named bool, name string, t uint16, rr dns.RR) {
	n := z.nodes[name]
	for _, has := range z.types(name) {
		if t != dns.TypeANY && t != has || t == dns.TypeANY && !updatable(has) {
			continue
		}
		n[has] = slices.DeleteFunc(n[has], func(c claim) bool {
			return (!named || c.owner == owner) && (rr == nil || dns.IsDuplicate(c.rr, rr))
		})
		if len(n[has]) == 0 {
			delete(n, has)
		}
	}
	if len(n) == 0 {
		delete(z.nodes, name)
	}
}

// updatable reports whether records of a type can be added and deleted.
func updatable(t uint16) bool {
	return t == dns.TypeA || t == dns.TypeAAAA || t == dns.TypeCNAME || t == dns.TypeTXT
}
