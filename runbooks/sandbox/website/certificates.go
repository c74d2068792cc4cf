package website

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// A Status is how far the issuance of a certificate has come.
type Status string

// The states of a certificate, in this order.
const (
	Pending Status = "pending_validation"
	Issuing Status = "issuing"
	Issued  Status = "issued"
	Failed  Status = "failed"
)

// A Certificate is what the control API shows of one.
type Certificate struct {
	ID      string            `json:"id"`
	Names   []string          `json:"names"`
	Status  Status            `json:"status"`
	Reason  string            `json:"reason,omitempty"` // why it failed, or what validation waits for
	Tokens  map[string]string `json:"tokens"`           // by name, what its validation record must hold
	Expires *time.Time        `json:"expires,omitempty"`
}

type certificate struct {
	Certificate
	account string
	tls     *tls.Certificate // set when issued
	cancel  context.CancelFunc
}

// revalidate is how often validation records are looked for.
const revalidate = 50 * time.Millisecond

// ValidationName is the name at which the validation record for a name is looked for.
func ValidationName(name string) string { return "_validation." + name }

// Token is what the validation record for a name must hold. It is the same for
// every certificate of an account, so that a certificate can be replaced without
// validating again.
func Token(account, name string) string {
	sum := sha256.Sum256([]byte("sandbox validation\n" + account + "\n" + strings.ToLower(name)))
	return hex.EncodeToString(sum[:12])
}

func (s *Server) createCertificate(account string, r *http.Request) (any, int, error) {
	var in struct {
		Names []string `json:"names"`
	}
	if err := decode(r, &in); err != nil {
		return nil, 0, err
	}
	if len(in.Names) == 0 {
		return nil, 0, refuse(http.StatusUnprocessableEntity, "a certificate needs at least one name")
	}
	tokens := map[string]string{}
	for _, name := range in.Names {
		if _, ok := dns.IsDomainName(name); !ok || strings.Contains(name, "*") || !strings.Contains(name, ".") {
			return nil, 0, refuse(http.StatusUnprocessableEntity, "%q is not a host name a certificate can be issued for", name)
		}
		tokens[name] = Token(account, name)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	c := &certificate{
		Certificate: Certificate{ID: newID("cert-"), Names: in.Names, Status: Pending, Tokens: tokens},
		account:     account, cancel: cancel,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		cancel()
		return nil, 0, refuse(http.StatusServiceUnavailable, "the authority is shutting down")
	}
	s.certificates[c.ID] = c
	s.work.Go(func() { s.issueCertificate(ctx, c) })
	return c.Certificate, http.StatusCreated, nil
}

func (s *Server) readCertificate(account, id string) (any, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.certificate(account, id)
	if err != nil {
		return nil, 0, err
	}
	return c.Certificate, http.StatusOK, nil
}

func (s *Server) deleteCertificate(account, id string) (any, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.certificate(account, id)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range s.distributions {
		if d.Certificate == id {
			return nil, 0, refuse(http.StatusConflict, "certificate %s is in use by the distribution %s (%s)", id, d.Name, d.ID)
		}
	}
	c.cancel()
	delete(s.certificates, id)
	return nil, http.StatusNoContent, nil
}

// certificate finds one; s.mu is held.
func (s *Server) certificate(account, id string) (*certificate, error) {
	if c := s.certificates[id]; c != nil && c.account == account {
		return c, nil
	}
	return nil, refuse(http.StatusNotFound, "there is no certificate %q", id)
}

// issueCertificate waits for validation and for the issue time and then signs.
func (s *Server) issueCertificate(ctx context.Context, c *certificate) {
	defer c.cancel()
	if !s.validate(ctx, c) {
		return
	}
	s.mu.Lock()
	c.Status, c.Reason = Issuing, ""
	wait := s.issue[c.account]
	s.mu.Unlock()
	if !pause(ctx, wait) {
		return
	}
	signed, err := s.ca.sign(c.Names, s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		c.Status, c.Reason = Failed, err.Error()
		return
	}
	c.Status, c.tls, c.Expires = Issued, signed, &signed.Leaf.NotAfter
}

// validate returns true when all names have proved control, and false when ctx
// ended first.
func (s *Server) validate(ctx context.Context, c *certificate) bool {
	missing := slices.Clone(c.Names)
	for {
		missing = slices.DeleteFunc(missing, func(name string) bool { return s.proved(ctx, c, name) })
		if len(missing) == 0 {
			return ctx.Err() == nil
		}
		s.mu.Lock()
		c.Reason = "waiting for the TXT record " + ValidationName(missing[0])
		s.mu.Unlock()
		if !pause(ctx, revalidate) {
			return false
		}
	}
}

// proved asks the name server for the validation record of one name.
func (s *Server) proved(ctx context.Context, c *certificate, name string) bool {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(ValidationName(name)), dns.TypeTXT)
	client := dns.Client{Dialer: &net.Dialer{}, Timeout: time.Second}
	in, _, err := client.ExchangeContext(ctx, m, s.o.NameServer)
	if err != nil {
		return false
	}
	for _, rr := range in.Answer {
		if txt, ok := rr.(*dns.TXT); ok && strings.Join(txt.Txt, "") == c.Tokens[name] {
			return true
		}
	}
	return false
}

// pause waits and reports whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// newID returns a random identifier as hosted services give them.
func newID(prefix string) string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // it never fails: it ends the program instead
	return prefix + hex.EncodeToString(b)
}
