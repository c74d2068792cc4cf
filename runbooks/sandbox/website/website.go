// Package website is a content delivery network and its certificate authority
// on loopback: an HTTP and an HTTPS server that serve distributions, and a small
// control API to manage distributions and certificates.
//
// # Control API
//
// Every request carries "Authorization: Bearer TOKEN", where the token is that of
// an account; an account sees only what it made. Bodies are JSON. A refusal has
// the body {"error": "…"} with a sentence for people.
//
//	POST   /v1/certificates        {"names": […]}       201, the certificate
//	GET    /v1/certificates/{id}                        200, the certificate
//	DELETE /v1/certificates/{id}                        204; 409 while a distribution uses it
//	POST   /v1/distributions       the distribution     201, the distribution
//	GET    /v1/distributions/{id}                       200, the distribution
//	PUT    /v1/distributions/{id}  the distribution     200, the distribution
//	DELETE /v1/distributions/{id}                       204
//
// # Certificates
//
// A certificate is issued asynchronously. It is [Pending] until each of its names
// proves control: the TXT record _validation.NAME must hold the token that
// [Token] computes for the account and the name, as asked from the name server.
// From then on it is [Issuing] for the account's issue time, and then [Issued].
//
// # Distributions
//
// A distribution answers under its own domain name, for which an address record
// is published, and under its aliases. It takes only an issued certificate of its
// account that covers all its aliases, and only aliases that no other distribution
// has. Changes take effect at once, for new connections.
package website

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// An Account is a customer of the network.
type Account struct {
	Name  string
	Token string        // what requests are signed with
	Issue time.Duration // from validation to issuance
}

// Options say what the servers need from their surroundings.
type Options struct {
	Accounts   []Account
	NameServer string // host:port that is asked for validation records
	Domain     string // domain names of distributions end in this
	// Publish and Withdraw make and delete the address record of a domain name.
	Publish, Withdraw func(domain string) error
}

// A Server is the network. It runs from Start until Close.
type Server struct {
	o   Options
	ca  *authority
	now func() time.Time

	mu            sync.Mutex // guards what follows
	issue         map[string]time.Duration
	certificates  map[string]*certificate
	distributions map[string]*distribution

	api, http, https net.Listener
	servers          []*http.Server
	work             sync.WaitGroup     // servers and issuances under way
	stop             context.CancelFunc // ends the issuances
	ctx              context.Context    // of the issuances
}

// Start listens on three free ports of 127.0.0.1. The caller closes the server.
func Start(o Options) (*Server, error) {
	ca, err := newAuthority(time.Now())
	if err != nil {
		return nil, fmt.Errorf("start certificate authority: %w", err)
	}
	s := &Server{
		o: o, ca: ca, now: time.Now, issue: map[string]time.Duration{},
		certificates: map[string]*certificate{}, distributions: map[string]*distribution{},
	}
	for _, a := range o.Accounts {
		s.issue[a.Name] = a.Issue
	}
	own, err := ca.sign([]string{"*." + o.Domain}, s.now())
	if err != nil {
		return nil, fmt.Errorf("issue the network's own certificate: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, l := range []*net.Listener{&s.api, &s.http, &s.https} {
		if *l, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			return nil, errors.Join(fmt.Errorf("start web server: %w", err), s.Close())
		}
	}
	s.serve(s.api, s.routes())
	s.serve(s.http, http.HandlerFunc(s.page))
	s.serve(tls.NewListener(s.https, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return s.pick(h.ServerName, own) },
	}), http.HandlerFunc(s.page))
	return s, nil
}

func (s *Server) serve(l net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		// Failed handshakes are for the probes to see and must not write over a screen.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.servers = append(s.servers, srv)
	s.work.Go(func() { _ = srv.Serve(l) })
}

// API returns the address of the control API as a URL.
func (s *Server) API() string { return "http://" + s.api.Addr().String() }

// HTTP and HTTPS return where the site is served, as host:port.
func (s *Server) HTTP() string { return s.http.Addr().String() }

// HTTPS is described at [Server.HTTP].
func (s *Server) HTTPS() string { return s.https.Addr().String() }

// CA returns the certificate of the authority as PEM.
func (s *Server) CA() []byte { return s.ca.pem }

// SetIssueTime changes how long issuance takes for certificates of an account
// that are validated from now on.
func (s *Server) SetIssueTime(account string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issue[account] = d
}

// Close stops the servers, breaks open connections and gives up issuances under
// way. It returns when all that has ended; a second call does nothing.
func (s *Server) Close() error {
	// Under the lock, so that no issuance starts that nobody waits for.
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	s.servers = nil
	for _, l := range []net.Listener{s.api, s.http, s.https} {
		// Those that were served are closed already.
		if l != nil {
			_ = l.Close()
		}
	}
	s.work.Wait()
	return errors.Join(errs...)
}
