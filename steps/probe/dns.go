package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// resolvConf is where the servers of the system are written down.
const resolvConf = "/etc/resolv.conf"

// tries is how often a question is sent by UDP within the timeout: a single
// lost packet is no outage.
const tries = 2

// dnsProbe asks each server on its own.
type dnsProbe struct {
	name    string // fully qualified
	kind    uint16
	want    []string // in normal form, sorted; nil when any answer will do
	servers []string // host:port; nil for those of the system
	timeout time.Duration
	asked   map[string]*dnsServer
}

// dnsServer is one server with its kept socket.
type dnsServer struct {
	address string
	conn    *dns.Conn
}

func newDNS(p *runbook.DNSProbe, timeout time.Duration) (func(context.Context) verdict, safe.Text, error) {
	typ := strings.ToUpper(p.Type)
	if typ == "" {
		typ = "A"
	}
	kind, ok := dns.StringToType[typ]
	if !ok {
		return nil, safe.Text{}, fmt.Errorf("there is no record type %q", safe.Show(p.Type))
	}
	if _, ok := dns.IsDomainName(p.Name); !ok || p.Name == "" {
		return nil, safe.Text{}, fmt.Errorf("%q is not a name", safe.Show(p.Name))
	}
	d := &dnsProbe{name: dns.Fqdn(p.Name), kind: kind, timeout: timeout, asked: map[string]*dnsServer{}}
	for _, v := range p.Values {
		n, err := normal(kind, v)
		if err != nil {
			return nil, safe.Text{}, err
		}
		d.want = append(d.want, n)
	}
	slices.Sort(d.want)
	d.want = slices.Compact(d.want)
	for _, s := range p.Servers {
		d.servers = append(d.servers, withPort(s, "53"))
	}
	target := safe.Sprintf("%s %s", typ, strings.TrimSuffix(p.Name, "."))
	if d.want != nil {
		target = safe.Sprintf("%s = %s", target, strings.Join(d.want, ", "))
	}
	return d.look, target, nil
}

// systemServers returns the resolvers of the system.
func systemServers() (servers []string) {
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil {
		return nil
	}
	for _, s := range conf.Servers {
		servers = append(servers, net.JoinHostPort(s, conf.Port))
	}
	return servers
}

// withPort adds a port to a host that has none. An IPv6 address may stand with
// or without brackets.
func withPort(s, port string) string {
	if _, _, err := net.SplitHostPort(s); err == nil {
		return s
	}
	return net.JoinHostPort(strings.Trim(s, "[]"), port)
}

// look asks every server at the same time.
func (d *dnsProbe) look(ctx context.Context) verdict {
	servers := d.servers
	if servers == nil {
		servers = systemServers()
	}
	if len(servers) == 0 {
		return unsure(safe.Lit("no resolver"), safe.Sprintf("%s names no server", resolvConf))
	}
	checks := make([]Check, len(servers))
	done := make(chan struct{})
	for i, address := range servers {
		s := d.asked[address]
		if s == nil {
			s = &dnsServer{address: address}
			d.asked[address] = s
		}
		go func() {
			v := d.ask(ctx, s)
			checks[i] = Check{Server: safe.Show(address), Outcome: v.outcome, Word: v.word, Got: v.got}
			done <- struct{}{}
		}()
	}
	for range servers {
		<-done
	}
	return sum(checks)
}

// sum makes one verdict of several servers': the worst one's word, and what
// those say that did not pass.
func sum(checks []Check) verdict {
	if len(checks) == 1 {
		c := checks[0]
		return verdict{outcome: c.Outcome, word: c.Word, got: safe.Sprintf("%s says %s", c.Server, c.Got), checks: checks}
	}
	worst, passed := 0, 0
	var said []string
	for i, c := range checks {
		if c.Outcome == engine.Pass {
			passed++
			continue
		}
		said = append(said, fmt.Sprintf("%s %s (%s)", c.Server, c.Word, c.Got))
		if w := checks[worst]; w.Outcome == engine.Pass || w.Outcome == engine.Inconclusive && c.Outcome == engine.Fail {
			worst = i
		}
	}
	v := verdict{outcome: checks[worst].Outcome, word: checks[worst].Word, checks: checks}
	if len(said) == 0 {
		v.got = safe.Sprintf("all %d servers say %s", passed, checks[worst].Got)
		return v
	}
	v.got = safe.Sprintf("%d of %d servers are right: %s", passed, len(checks), strings.Join(said, "; "))
	return v
}

// ask puts the question to one server and judges the answer.
func (d *dnsProbe) ask(ctx context.Context, s *dnsServer) verdict {
	q := new(dns.Msg)
	q.SetQuestion(d.name, d.kind)
	q.SetEdns0(1232, false)
	reply, err := s.whole(ctx, q, d.timeout/tries)
	if err != nil {
		if ctx.Err() != nil && !isTimeout(err) {
			return fail(safe.Lit("timeout"), safe.Lit("no answer in time"))
		}
		return trouble(ctx, err)
	}
	return d.judge(reply)
}

// whole is exchange, and asks again by TCP when the answer is too long for UDP.
func (s *dnsServer) whole(ctx context.Context, q *dns.Msg, wait time.Duration) (*dns.Msg, error) {
	reply, err := s.exchange(ctx, q, wait)
	if err == nil && reply.Truncated {
		c := &dns.Client{Net: "tcp"}
		reply, _, err = c.ExchangeContext(ctx, q, s.address)
	}
	return reply, err
}

// exchange sends the question over the kept socket, and once more when no
// answer came. A socket that had any trouble is not used again.
func (s *dnsServer) exchange(ctx context.Context, q *dns.Msg, wait time.Duration) (*dns.Msg, error) {
	var reply *dns.Msg
	var err error
	for range tries {
		if err = ctx.Err(); err != nil {
			break
		}
		if s.conn == nil {
			var d net.Dialer
			conn, derr := d.DialContext(ctx, "udp", s.address)
			if derr != nil {
				return nil, derr
			}
			s.conn = &dns.Conn{Conn: conn, UDPSize: 4096}
		}
		q.Id = randomID()
		reply, err = s.once(ctx, q, wait)
		if err == nil {
			return reply, nil
		}
		_ = s.conn.Close()
		s.conn = nil
		if !isTimeout(err) {
			break
		}
	}
	return nil, err
}

// once sends the question and reads until its answer comes. What answers
// another question, an earlier one or a forged one, is passed over.
func (s *dnsServer) once(ctx context.Context, q *dns.Msg, wait time.Duration) (*dns.Msg, error) {
	conn := s.conn // the deadline may come when this one is given up already
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(wait))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := conn.WriteMsg(q); err != nil {
		return nil, err
	}
	for {
		reply, err := conn.ReadMsg()
		if errors.Is(err, dns.ErrShortRead) {
			continue // no message at all
		}
		if err != nil && (reply == nil || reply.Id == q.Id) {
			return nil, err
		}
		if err == nil && reply.Response && reply.Id == q.Id && len(reply.Question) == 1 &&
			reply.Question[0].Qtype == q.Question[0].Qtype && strings.EqualFold(reply.Question[0].Name, q.Question[0].Name) {
			return reply, nil
		}
	}
}

func randomID() uint16 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint16(b[:])
}
