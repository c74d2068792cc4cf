package provider

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
)

// names is a client of the name server.
type names struct {
	server, key, secret string
	own                 bool // delete only what the record wrote
}

func newNames(server, key, secret, mode string) *names {
	return &names{server, dns.CanonicalName(key), secret, mode == OwnData}
}

// An rrset is one record of the configuration: all values of a name and a type
// that one address of Terraform manages.
type rrset struct {
	zone, name, kind string
	set              string // set identifier, or ""
	ttl              uint32
	values           []string
}

// id is the same whenever the same record is made again, which makes records
// importable. It is also the owner of the data.
func (r rrset) id() string {
	return strings.Join([]string{r.zone, r.name, r.kind, r.set}, "/")
}

// rrs builds the records, and fails on a value that does not fit the type.
func (r rrset) rrs() ([]dns.RR, error) {
	h := dns.RR_Header{Name: dns.Fqdn(r.name), Rrtype: dns.StringToType[r.kind], Class: dns.ClassINET, Ttl: r.ttl}
	var out []dns.RR
	for _, v := range r.values {
		ip, _ := netip.ParseAddr(v)
		_, isName := dns.IsDomainName(v)
		switch {
		case r.kind == "A" && ip.Is4():
			out = append(out, &dns.A{Hdr: h, A: ip.AsSlice()})
		case r.kind == "AAAA" && ip.Is6() && !ip.Is4In6() && ip.Zone() == "":
			out = append(out, &dns.AAAA{Hdr: h, AAAA: ip.AsSlice()})
		case r.kind == "CNAME" && isName && !strings.ContainsFunc(v, odd):
			out = append(out, &dns.CNAME{Hdr: h, Target: dns.Fqdn(v)})
		case r.kind == "TXT" && len(v) < 256 && !strings.ContainsFunc(v, func(c rune) bool { return c != ' ' && odd(c) }):
			out = append(out, &dns.TXT{Hdr: h, Txt: []string{v}})
		default:
			return nil, fmt.Errorf("%q is no value for a %s record", v, r.kind)
		}
	}
	return out, nil
}

// odd reports whether a character would need escaping in a record.
func odd(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }

// write makes the data of the record exactly its values, in one step.
func (n *names) write(ctx context.Context, r rrset) error {
	rrs, err := r.rrs()
	if err != nil {
		return err
	}
	m := n.message(r)
	m.RemoveRRset(rrs[:1])
	m.Insert(rrs)
	if err := n.send(ctx, m, r); err != nil {
		return err
	}
	// RFC 2136 lets a server drop, without a word, what can't stand beside the
	// data that is there.
	got, _, err := n.read(ctx, r)
	if err == nil && !same(got, r.values) {
		err = fmt.Errorf("%s %s was not taken: the name has data of another type", r.name, r.kind)
	}
	return err
}

// remove deletes the data of the record, or whatever is at its name and type.
// It succeeds when there is none.
func (n *names) remove(ctx context.Context, r rrset) error {
	m := n.message(r)
	t := dns.StringToType[r.kind]
	m.RemoveRRset([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: dns.Fqdn(r.name), Rrtype: t}}})
	return n.send(ctx, m, r)
}

// read returns the values and the TTL at the name server; no values when there
// is nothing.
func (n *names) read(ctx context.Context, r rrset) ([]string, uint32, error) {
	t := dns.StringToType[r.kind]
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(r.name), t)
	n.speak(m, r)
	in, err := n.exchange(ctx, m)
	if err != nil {
		return nil, 0, err
	}
	if in.Rcode != dns.RcodeSuccess && in.Rcode != dns.RcodeNameError {
		return nil, 0, fmt.Errorf("name server %s answered %s for %s", n.server, dns.RcodeToString[in.Rcode], r.name)
	}
	var values []string
	var ttl uint32
	for _, rr := range in.Answer {
		if rr.Header().Rrtype == t && strings.EqualFold(rr.Header().Name, dns.Fqdn(r.name)) {
			values, ttl = append(values, text(rr)), rr.Header().Ttl
		}
	}
	return values, ttl, nil
}

// text returns the value of a record as the configuration writes it.
func text(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.CNAME:
		return strings.TrimSuffix(rr.Target, ".")
	case *dns.TXT:
		return strings.Join(rr.Txt, "")
	case *dns.A:
		return rr.A.String()
	case *dns.AAAA:
		return rr.AAAA.String()
	}
	return ""
}

func (n *names) message(r rrset) *dns.Msg {
	m := new(dns.Msg)
	m.SetUpdate(dns.Fqdn(r.zone))
	n.speak(m, r)
	return m
}

// speak names the owner, where data has one.
func (n *names) speak(m *dns.Msg, r rrset) {
	if n.own {
		dnsserver.SetOwner(m, r.id())
	}
}

func (n *names) send(ctx context.Context, m *dns.Msg, r rrset) error {
	m.SetTsig(n.key, dns.HmacSHA256, 300, time.Now().Unix())
	in, err := n.exchange(ctx, m)
	if err != nil {
		return err
	}
	switch in.Rcode {
	case dns.RcodeSuccess:
		return nil
	case dns.RcodeNotAuth:
		return fmt.Errorf("name server %s does not take updates of the zone %s signed by %s", n.server, r.zone, n.key)
	}
	return fmt.Errorf("name server %s refused the update of %s %s: %s", n.server, r.name, r.kind, dns.RcodeToString[in.Rcode])
}

// exchange asks over UDP, three times at most, and over TCP when the answer does
// not fit. All messages of this provider can be repeated.
func (n *names) exchange(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	c := dns.Client{Timeout: 2 * time.Second, TsigSecret: map[string]string{n.key: n.secret}}
	var in *dns.Msg
	var err error
	for range 3 {
		in, _, err = c.ExchangeContext(ctx, m, n.server)
		if in != nil && errors.Is(err, dns.ErrAuth) {
			// The library's word for NOTAUTH, for which there is a code as well.
			return in, nil
		}
		if err == nil && in.Truncated && c.Net == "" {
			c.Net = "tcp"
			continue
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ask name server %s: %w", n.server, err)
	}
	return in, nil
}

// same compares values as sets.
func same(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.EqualFunc(a, b, strings.EqualFold)
}
