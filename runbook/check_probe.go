package runbook

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// recordTypes are the types of DNS record that can be asked for.
var recordTypes = []string{
	"A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
}

func (c *checker) probe(at string, p *Probe) {
	c.name(at, "a probe", p.Name)
	c.longerThanZero(at+".every", p.Every)
	c.longerThanZero(at+".timeout", p.Timeout)
	switch {
	case p.DNS != nil:
		c.dns(at+".dns", p.DNS)
	case p.HTTP != nil:
		c.http(at+".http", p.HTTP)
	case p.TLS != nil:
		c.hostPort(at+".tls.address", p.TLS.Address)
		c.filled(at+".tls.names", p.TLS.Names)
	case p.TCP != nil:
		c.hostPort(at+".tcp.address", p.TCP.Address)
	case p.Command != nil:
		c.argv(at+".command.argv", p.Command.Argv)
	}
}

func (c *checker) dns(at string, p *DNSProbe) {
	if strings.ContainsFunc(p.Name, func(r rune) bool { return r <= ' ' || r == '/' || r == ':' }) || strings.Contains(p.Name, "..") || len(p.Name) > 253 {
		c.say(at+".name", "such as www.example.org", "%q cannot be asked for in the DNS", p.Name)
	}
	if !slices.Contains(recordTypes, p.Type) {
		c.say(at+".type", c.doc.DidYouMean(p.Type, recordTypes), "%q is not a type of DNS record that can be asked for", p.Type)
	}
	for i, s := range p.Servers {
		if _, _, err := net.SplitHostPort(s); err == nil {
			c.hostPort(fmt.Sprintf("%s.servers[%d]", at, i), s)
		} else if net.ParseIP(s) == nil && (s == "" || strings.ContainsAny(s, " /:@[]")) {
			c.say(fmt.Sprintf("%s.servers[%d]", at, i), "such as ns1.example.org or 192.0.2.1:53", "%q is not host or host:port", s)
		}
	}
	c.filled(at+".values", p.Values)
}

func (c *checker) http(at string, p *HTTPProbe) {
	u, err := url.Parse(p.URL)
	switch {
	case p.URL == "":
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		c.say(at+".url", "such as https://www.example.org/health", "%s.url is not an http or https address", at)
	case u.User != nil:
		c.say(at+".url", "use headers, with ${NAME}", "%s.url holds a user name or password", at)
	}
	if p.Method == "HEAD" && p.Body != "" {
		c.say(at+".body", "use GET", "%s expects a body, and HEAD gives none", at)
	}
	if p.Connect != "" {
		c.hostPort(at+".connect", p.Connect)
	}
	for _, name := range sorted(p.Headers) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
			c.say(at+".headers."+name, "such as Accept", "%q cannot be the name of a header", name)
		}
	}
}

// hostPort checks an address of the form host:port.
func (c *checker) hostPort(at, address string) {
	if address == "" {
		return // missing, reported as such
	}
	host, port, err := net.SplitHostPort(address)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " /@") {
		c.say(at, "such as www.example.org:443", "%q is not host:port", address)
	}
}

func (c *checker) channel(at string, ch *Channel) {
	c.name(at, "a channel", ch.Name)
	if c.doc.Has(at+".file") && strings.TrimSpace(ch.File) == "" {
		c.say(at+".file", "a path such as announcements.txt", "%s.file is empty", at)
	}
	if ch.Email != nil {
		c.email(at+".email", ch.Email)
	}
}

func (c *checker) email(at string, e *Email) {
	c.hostPort(at+".server", e.Server)
	for i, a := range append([]string{e.From}, e.To...) {
		p := at + ".from"
		if i > 0 {
			p = fmt.Sprintf("%s.to[%d]", at, i-1)
		}
		if user, host, ok := strings.Cut(a, "@"); !ok || user == "" || host == "" || strings.ContainsAny(a, " \t\r\n,;<>") {
			c.say(p, "such as ops@example.org", "%q is not the address of a mailbox", a)
		}
	}
	if e.Password != "" && e.Username == "" {
		c.say(at+".password", "add username", "%s has a password and no user name", at)
	}
	if e.Password != "" && e.TLS == "none" {
		c.say(at+".tls", "starttls or implicit", "%s would send its password unprotected", at)
	}
}
