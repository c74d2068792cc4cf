package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

const (
	// negativeTimeout is how long all questions for a negative TTL may take.
	negativeTimeout = 5 * time.Second
	// longestNegative is where resolvers stop to believe a negative TTL (RFC 2308,
	// section 5).
	longestNegative = 24 * time.Hour
)

// NegativeTTL returns how long resolvers remember that a name is missing, by
// what the servers say of the zone it is in: the smaller one of the SOA record's
// TTL and its minimum (RFC 2308). From a server that only passes the record on
// it is the minimum, because the TTL has been running there. When servers differ
// the longest time counts. Servers are host or host:port; those of the system
// when there are none. It takes five seconds at most.
func NegativeTTL(ctx context.Context, name string, servers []string) (time.Duration, error) {
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return 0, fmt.Errorf("%q is not a name", safe.Show(name))
	}
	if len(servers) == 0 {
		servers = systemServers()
	}
	if len(servers) == 0 {
		return 0, fmt.Errorf("%s names no server", resolvConf)
	}
	ctx, cancel := context.WithTimeout(ctx, negativeTimeout)
	defer cancel()
	ttls, errs := make([]time.Duration, len(servers)), make([]error, len(servers))
	var wg sync.WaitGroup
	for i, address := range servers {
		wg.Go(func() {
			s := &dnsServer{address: withPort(address, "53")}
			ttls[i], errs[i] = s.negative(ctx, dns.Fqdn(name))
			if s.conn != nil {
				_ = s.conn.Close()
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("%s: %w", safe.Show(address), errs[i])
			}
		})
	}
	wg.Wait()
	if slices.Contains(errs, nil) {
		return slices.Max(ttls), nil // 0 for one that did not say
	}
	return 0, errors.Join(errs...)
}

// negative asks for the zone of a name: at the name, then at the names above.
// An alias leads into another zone, whose record is not taken.
func (s *dnsServer) negative(ctx context.Context, name string) (time.Duration, error) {
	for _, at := range dns.Split(name) {
		q := new(dns.Msg)
		q.SetQuestion(name[at:], dns.TypeSOA)
		q.SetEdns0(1232, false)
		reply, err := s.whole(ctx, q, negativeTimeout/(2*tries))
		switch {
		case err != nil:
			return 0, err
		case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
			return 0, fmt.Errorf("the server says %s", rcodeWord(reply.Rcode))
		}
		if soa := zoneOf(reply, name[at:]); soa != nil {
			return remembered(soa, reply.Authoritative), nil
		}
		if len(reply.Answer) == 0 && !reply.Authoritative && delegates(reply) {
			return 0, errors.New("the server only knows who else to ask")
		}
	}
	return 0, errors.New("no zone is told")
}

// zoneOf returns the SOA record of the zone that a name is in, or nil.
func zoneOf(reply *dns.Msg, name string) *dns.SOA {
	for _, rrs := range [][]dns.RR{reply.Answer, reply.Ns} {
		for _, rr := range rrs {
			if soa, ok := rr.(*dns.SOA); ok && soa.Hdr.Class == dns.ClassINET && dns.IsSubDomain(soa.Hdr.Name, name) {
				return soa
			}
		}
	}
	return nil
}

// remembered is the negative TTL that a record gives.
func remembered(soa *dns.SOA, authoritative bool) time.Duration {
	ttl := lifetime(soa.Minttl)
	if authoritative {
		ttl = min(ttl, lifetime(soa.Hdr.Ttl))
	}
	return min(ttl, longestNegative)
}

// lifetime reads a TTL: one with the highest bit set counts as 0 (RFC 2181,
// section 8).
func lifetime(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

// A zoneTTL is the negative TTL of the zone of one name, once it was asked for.
type zoneTTL struct {
	servers []string

	mu    sync.Mutex
	asked bool
	ttl   time.Duration
	known bool
}

// zonesOf returns the names that DNS probes of a runbook ask for.
func zonesOf(rb *runbook.Runbook) map[string]*zoneTTL {
	zones := map[string]*zoneTTL{}
	for _, p := range rb.Probes {
		if p.DNS == nil {
			continue
		}
		name := dns.CanonicalName(p.DNS.Name)
		z := zones[name]
		if z == nil {
			z = &zoneTTL{}
			zones[name] = z
		}
		z.servers = append(z.servers, p.DNS.Servers...)
	}
	for _, z := range zones {
		slices.Sort(z.servers)
		z.servers = slices.Compact(z.servers)
	}
	return zones
}

// Negative returns how long resolvers remember that a name is missing, by the
// servers of the DNS probes for it; false when no probe asks for the name or its
// servers do not say. They are asked once.
func (h *Hub) Negative(ctx context.Context, name string) (time.Duration, bool) {
	z := h.zones[dns.CanonicalName(name)]
	if z == nil {
		return 0, false
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if !z.asked {
		ttl, err := NegativeTTL(ctx, name, z.servers)
		if ctx.Err() != nil {
			return 0, false // called off, which says nothing
		}
		z.asked, z.ttl, z.known = true, ttl, err == nil
	}
	return z.ttl, z.known
}
