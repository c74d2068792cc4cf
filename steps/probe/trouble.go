package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"

	"lockstep/runbook/safe"
)

// trouble says what an error on the way to a live thing means.
func trouble(ctx context.Context, err error) verdict {
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	var local *linkLocalError
	switch {
	case errors.As(err, &local):
		return fail(safe.Lit("link-local"), safe.Show(local.Error()))
	case errors.As(err, &name) && name.IsNotFound:
		return fail(safe.Lit("NXDOMAIN"), safe.Sprintf("the name %s does not exist or has no address", name.Name))
	case errors.As(err, &name):
		return unsure(safe.Lit("no resolver"), safe.Sprintf("the address of %s could not be looked up: %s", name.Name, name.Err))
	case errors.As(err, &cert):
		return certTrouble(cert.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail(safe.Lit("refused"), safe.Sprintf("nobody listens%s", where(err)))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT), isTimeout(err):
		return fail(safe.Lit("timeout"), safe.Sprintf("no answer in time%s", where(err)))
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN),
		errors.Is(err, syscall.EADDRNOTAVAIL):
		return unsure(safe.Lit("no route"), safe.Sprintf("there is no way%s", where(err)))
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS),
		errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return unsure(safe.Lit("no socket"), safe.Show(err.Error()))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fail(safe.Lit("closed"), safe.Sprintf("the other side closed the connection%s", where(err)))
	case ctx.Err() != nil:
		return fail(safe.Lit("timeout"), safe.Lit("no answer in time"))
	}
	return fail(safe.Lit("error"), safe.Show(err.Error()))
}

// certTrouble says why a certificate was not accepted.
func certTrouble(err error) verdict {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &host):
		return fail(safe.Lit("wrong name"), safe.Show(host.Error()))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fail(safe.Lit("expired"), safe.Show(invalid.Error()))
	}
	return fail(safe.Lit("untrusted"), safe.Show(err.Error()))
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// where names the address of a network error, with a word before it.
func where(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " at " + op.Addr.String()
	}
	return ""
}

// A linkLocalError says that a name led to an address that only the machine
// itself should ask, such as the metadata service of a cloud.
type linkLocalError struct{ address string }

func (e *linkLocalError) Error() string {
	return fmt.Sprintf("%s is a link-local address that the runbook does not name", e.address)
}

// dialer returns a dial function. A link-local address is refused unless the
// runbook wrote it down as an address: a name or a redirect must not lead there.
func dialer(written string) func(ctx context.Context, network, address string) (net.Conn, error) {
	allowed := ""
	if host, _, err := net.SplitHostPort(written); err == nil {
		allowed = host
	}
	d := &net.Dialer{
		Control: func(_, address string, _ syscall.RawConn) error {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return err
			}
			ip, err := netip.ParseAddr(host)
			if err == nil && ip.Unmap().IsLinkLocalUnicast() && host != allowed {
				return &linkLocalError{address: host}
			}
			return nil
		},
	}
	return d.DialContext
}
