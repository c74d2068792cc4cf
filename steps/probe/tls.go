package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

type tlsProbe struct {
	address    string
	serverName string
	names      []string
	validFor   time.Duration
	roots      *x509.CertPool
	now        func() time.Time
}

func newTLS(p *runbook.TLSProbe, d Deps) (func(context.Context) verdict, safe.Text, error) {
	if err := checkAddress(p.Address); err != nil {
		return nil, safe.Text{}, err
	}
	t := &tlsProbe{address: p.Address, serverName: p.ServerName, names: p.Names, validFor: p.ValidFor.Std(), now: d.Now}
	if t.serverName == "" {
		t.serverName, _, _ = net.SplitHostPort(p.Address)
	}
	var err error
	if t.roots, err = readRoots(d.Folder, p.CAFile); err != nil {
		return nil, safe.Text{}, err
	}
	target := safe.Show(p.Address)
	if p.ServerName != "" {
		target = safe.Sprintf("%s as %s", p.Address, p.ServerName)
	}
	return t.look, target, nil
}

// look shakes hands without judging, so that a certificate that is wrong can be
// described, and then judges it.
func (t *tlsProbe) look(ctx context.Context) verdict {
	raw, err := dialer(t.address)(ctx, "tcp", t.address)
	if err != nil {
		return trouble(ctx, err)
	}
	defer func() { _ = raw.Close() }()
	conn := tls.Client(raw, &tls.Config{
		ServerName:         t.serverName,
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // judged below, with words
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		v := trouble(ctx, err)
		var record tls.RecordHeaderError
		if errors.As(err, &record) {
			v = fail(safe.Lit("no TLS"), safe.Lit("what listens there does not speak TLS"))
		} else if v.word == safe.Lit("error") {
			v.word = safe.Lit("handshake")
		}
		return v
	}
	chain := conn.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return fail(safe.Lit("no certificate"), safe.Lit("the server presents none"))
	}
	return t.judge(chain)
}

// judge looks at the dates first: an expired certificate is expired, whoever
// issued it.
func (t *tlsProbe) judge(chain []*x509.Certificate) verdict {
	leaf, now := chain[0], t.now()
	seen := describe(leaf, now)
	switch {
	case now.After(leaf.NotAfter):
		return fail(safe.Lit("expired"), seen)
	case now.Before(leaf.NotBefore):
		return fail(safe.Lit("not yet valid"), seen)
	}
	for _, name := range append([]string{t.serverName}, t.names...) {
		if !covers(leaf, name) {
			return fail(safe.Lit("wrong name"), safe.Sprintf("it is not valid for %s; %s", name, seen))
		}
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, CurrentTime: now}); err != nil {
		v := certTrouble(err)
		v.got = safe.Sprintf("%s; %s", v.got, seen)
		return v
	}
	if left := leaf.NotAfter.Sub(now); left < t.validFor {
		return fail(safe.Lit("ends soon"), safe.Sprintf("%s; expected %s at least", seen, Span(t.validFor)))
	}
	return pass(seen)
}

// covers reports whether a certificate is valid for a name; a wildcard is
// covered by the same wildcard.
func covers(c *x509.Certificate, name string) bool {
	if strings.HasPrefix(name, "*.") {
		for _, n := range c.DNSNames {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	return c.VerifyHostname(name) == nil
}

// describe says in words what a certificate is.
func describe(c *x509.Certificate, now time.Time) safe.Text {
	names := fmt.Sprintf("%d names", len(c.DNSNames)+len(c.IPAddresses))
	if len(c.DNSNames) == 1 && len(c.IPAddresses) == 0 {
		names = c.DNSNames[0]
	}
	issuer := c.Issuer.CommonName
	if issuer == "" {
		issuer = strings.Join(c.Issuer.Organization, " ")
	}
	var when string
	switch {
	case now.After(c.NotAfter):
		when = fmt.Sprintf("expired %s ago", Span(now.Sub(c.NotAfter)))
	case now.Before(c.NotBefore):
		when = fmt.Sprintf("valid in %s only", Span(c.NotBefore.Sub(now)))
	default:
		when = fmt.Sprintf("issued %s ago, %s left", Span(now.Sub(c.NotBefore)), Span(c.NotAfter.Sub(now)))
	}
	return safe.Sprintf("%s, %s, from %s", when, names, issuer)
}

// Span writes a length of time as a person would say it, in its largest unit.
func Span(d time.Duration) string {
	n, unit := int64(d/time.Second), "second"
	switch {
	case d >= 48*time.Hour:
		n, unit = int64(d/(24*time.Hour)), "day"
	case d >= 2*time.Hour:
		n, unit = int64(d/time.Hour), "hour"
	case d >= 2*time.Minute:
		n, unit = int64(d/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
