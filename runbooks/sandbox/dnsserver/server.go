// Package dnsserver is an authoritative name server on loopback, with its zones
// in memory and RFC 2136 dynamic update as the only way to change them from
// outside.
//
// What it answers is what an authoritative server answers: NXDOMAIN for a name
// that does not exist and an empty NOERROR for a type that a name does not have,
// both with the zone's SOA and its negative TTL; aliases followed within its own
// zones; REFUSED outside them. It has no delegations, wildcards, transfers or
// DNSSEC.
//
// Updates must be signed (TSIG, HMAC-SHA256) with one of the keys the server was
// given. Prerequisites, all four kinds of deletion, and the rule that an update
// is applied whole or not at all are those of RFC 2136. Types that can be updated
// are A, AAAA, CNAME and TXT; the SOA and NS records of a zone belong to the server.
//
// # Owners
//
// Several parties can hold data at one name, as with the weighted records of a
// hosted DNS service. An update that carries the EDNS option [OwnerOption] acts
// on the data of that owner only: what it adds stands beside the data of others,
// and what it deletes, whether by record, by type or by name, is its own. Equal
// data of two owners is answered once, and is there until both have deleted it.
// Of several CNAMEs, of which DNS allows one, the one added last is answered. An
// update without the option acts on everybody's data, as any other server would;
// a CNAME it adds replaces all others. A query with the option is answered from
// the data of that owner alone.
package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// TTLs of a zone's own records, in seconds. NegativeTTL is for how long a cache
// may remember that a name does not exist.
const (
	SOATTL      = 300
	NegativeTTL = 60
)

// A Server answers for its zones from Start until Close. All methods may be
// called at any time by several goroutines.
type Server struct {
	addr     string
	zones    map[string]*atomic.Pointer[zone] // fixed after Start, by canonical name
	updating sync.Mutex                       // held from reading a zone to replacing it

	queries, updates atomic.Uint64

	servers []*dns.Server
	serving sync.WaitGroup
}

// Start listens on a free UDP and TCP port of 127.0.0.1 and serves empty zones of
// the given names. keys are the TSIG secrets, in base64, by key name; without any,
// every update is refused. The caller closes the server.
func Start(zones []string, keys map[string]string) (*Server, error) {
	s := &Server{zones: map[string]*atomic.Pointer[zone]{}}
	for _, name := range zones {
		p := new(atomic.Pointer[zone])
		p.Store(newZone(name))
		s.zones[dns.CanonicalName(name)] = p
	}
	pc, l, err := listen()
	if err != nil {
		return nil, fmt.Errorf("start name server: %w", err)
	}
	s.addr = pc.LocalAddr().String()
	secrets := map[string]string{}
	for name, secret := range keys {
		secrets[dns.CanonicalName(name)] = secret
	}
	for _, srv := range []*dns.Server{{PacketConn: pc}, {Listener: l}} {
		srv.Handler = dns.HandlerFunc(s.serve)
		srv.TsigSecret = maps.Clone(secrets)
		srv.MsgAcceptFunc = accept
		srv.UDPSize = dns.DefaultMsgSize
		ready := make(chan struct{})
		srv.NotifyStartedFunc = func() { close(ready) }
		s.servers = append(s.servers, srv)
		s.serving.Go(func() {
			// It ends with an error only when the socket is closed, by Close.
			_ = srv.ActivateAndServe()
		})
		<-ready
	}
	return s, nil
}

// listen opens the same free port for both transports.
func listen() (net.PacketConn, net.Listener, error) {
	var err error
	for range 20 {
		var l net.Listener
		if l, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			return nil, nil, err
		}
		var pc net.PacketConn
		if pc, err = net.ListenPacket("udp4", l.Addr().String()); err == nil {
			return pc, l, nil
		}
		// Somebody else has that port on the other transport.
		l.Close()
	}
	return nil, nil, err
}

// accept lets queries and updates in, whatever the number of their records.
func accept(h dns.Header) dns.MsgAcceptAction {
	const response = 1 << 15
	if h.Bits&response != 0 {
		return dns.MsgIgnore
	}
	if op := int(h.Bits>>11) & 0xf; op != dns.OpcodeQuery && op != dns.OpcodeUpdate {
		return dns.MsgRejectNotImplemented
	}
	if h.Qdcount != 1 {
		return dns.MsgReject
	}
	return dns.MsgAccept
}

// Addr returns host:port, the same for UDP and TCP.
func (s *Server) Addr() string { return s.addr }

// Queries returns how many queries were answered so far, refusals included.
func (s *Server) Queries() uint64 { return s.queries.Load() }

// Updates returns how many updates were carried out so far.
func (s *Server) Updates() uint64 { return s.updates.Load() }

// Close stops listening and waits for the answers under way. A second call does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.ShutdownContext(context.Background()))
	}
	s.servers = nil
	s.serving.Wait()
	return errors.Join(errs...)
}

// serve answers one message.
func (s *Server) serve(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(r)
	if opt := r.IsEdns0(); opt != nil {
		m.SetEdns0(dns.DefaultMsgSize, false)
	}
	switch {
	case r.IsTsig() != nil && w.TsigStatus() != nil:
		m.Rcode = dns.RcodeNotAuth
	case r.Opcode == dns.OpcodeUpdate:
		m.Rcode = s.update(r)
	default:
		s.queries.Add(1)
		s.answer(m, r)
	}
	if t := r.IsTsig(); t != nil && w.TsigStatus() == nil {
		m.SetTsig(t.Hdr.Name, t.Algorithm, 300, int64(t.TimeSigned))
	}
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := r.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
		}
		m.Truncate(size)
	}
	// A client that went away is no concern of the server.
	_ = w.WriteMsg(m)
}

// find returns the zone a name belongs to, or nil.
func (s *Server) find(name string) *atomic.Pointer[zone] {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if p := s.zones[name[off:]]; p != nil {
			return p
		}
	}
	return nil
}
