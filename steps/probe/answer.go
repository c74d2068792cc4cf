package probe

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"lockstep/runbook/safe"
)

// judge compares an answer with what is expected.
func (d *dnsProbe) judge(reply *dns.Msg) verdict {
	switch reply.Rcode {
	case dns.RcodeSuccess:
	case dns.RcodeNameError:
		return fail(safe.Lit("NXDOMAIN"), safe.Sprintf("the name does not exist%s", negative(reply)))
	default:
		return fail(safe.Show(rcodeWord(reply.Rcode)), safe.Lit("the server does not answer the question"))
	}
	got, ttl, alias := d.values(reply)
	if len(got) == 0 {
		typ := dns.TypeToString[d.kind]
		switch {
		case alias != "":
			return fail(safe.Lit("NODATA"), safe.Sprintf("an alias of %s, without a %s record", alias, typ))
		case !reply.Authoritative && delegates(reply):
			return fail(safe.Lit("NODATA"), safe.Lit("the server only knows who else to ask"))
		}
		return fail(safe.Lit("NODATA"), safe.Sprintf("the name has no %s record%s", typ, negative(reply)))
	}
	said := safe.Sprintf("%s, TTL %d s", strings.Join(got, ", "), ttl)
	if d.want != nil && !slices.Equal(got, d.want) {
		return fail(safe.Lit("wrong value"), safe.Sprintf("%s; expected %s", said, strings.Join(d.want, ", ")))
	}
	return pass(said)
}

// rcodeWord is the server's own word for why it does not answer.
func rcodeWord(rcode int) string {
	if word, ok := dns.RcodeToString[rcode]; ok {
		return word
	}
	return fmt.Sprintf("RCODE %d", rcode)
}

// values returns the values of the asked type in normal form, sorted, each
// once, the smallest TTL on the way to them, and the last alias on that way.
// Records of names that the question does not lead to are left out.
func (d *dnsProbe) values(reply *dns.Msg) (got []string, ttl uint32, alias string) {
	at, ttl := strings.ToLower(d.name), ^uint32(0)
	for range len(reply.Answer) + 1 {
		next := ""
		for _, rr := range reply.Answer {
			h := rr.Header()
			if strings.ToLower(h.Name) != at {
				continue
			}
			if h.Rrtype == d.kind || d.kind == dns.TypeANY {
				got, ttl = append(got, rrValue(rr)), min(ttl, h.Ttl)
			} else if c, ok := rr.(*dns.CNAME); ok {
				next, ttl = strings.ToLower(c.Target), min(ttl, h.Ttl)
			}
		}
		if len(got) > 0 || next == "" {
			break
		}
		at, alias = next, strings.TrimSuffix(next, ".")
	}
	slices.Sort(got)
	return slices.Compact(got), ttl, alias
}

// rrValue writes the value of a record in normal form.
func rrValue(rr dns.RR) string {
	if t, ok := rr.(*dns.TXT); ok {
		return strings.Join(t.Txt, "")
	}
	return tidy(rr.Header().Rrtype, strings.TrimPrefix(rr.String(), rr.Header().String()))
}

// normal brings an expected value into the form that answers are compared in.
func normal(kind uint16, value string) (string, error) {
	v := strings.TrimSpace(value)
	switch kind {
	case dns.TypeA, dns.TypeAAAA:
		ip, err := netip.ParseAddr(v)
		if err != nil || ip.Is4() != (kind == dns.TypeA) {
			return "", fmt.Errorf("%q is not an address for a record of type %s", safe.Show(value), dns.TypeToString[kind])
		}
		return ip.String(), nil
	case dns.TypeTXT:
		if !strings.HasPrefix(v, `"`) {
			return value, nil
		}
		rr, err := dns.NewRR("x. 0 IN TXT " + v)
		if t, ok := rr.(*dns.TXT); ok && err == nil {
			return strings.Join(t.Txt, ""), nil
		}
		return value, nil
	}
	return tidy(kind, v), nil
}

// tidy makes a presentation form comparable: one blank between fields, and for
// types whose fields are names and numbers, lower case without final dots.
func tidy(kind uint16, v string) string {
	fields := strings.Fields(v)
	switch kind {
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME, dns.TypeMX, dns.TypeSRV, dns.TypeSOA:
		for i, f := range fields {
			fields[i] = strings.ToLower(f)
			if len(f) > 1 {
				fields[i] = strings.TrimSuffix(fields[i], ".")
			}
		}
	case dns.TypeA, dns.TypeAAAA:
		if ip, err := netip.ParseAddr(v); err == nil {
			return ip.String()
		}
	}
	return strings.Join(fields, " ")
}

// negative says how long resolvers may remember that there is nothing.
func negative(reply *dns.Msg) string {
	for _, rr := range reply.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return fmt.Sprintf(", remembered for %d s", min(soa.Minttl, soa.Hdr.Ttl))
		}
	}
	return ""
}

// delegates reports whether an answer only names other servers.
func delegates(reply *dns.Msg) bool {
	return slices.ContainsFunc(reply.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
}
