package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

// authority is a certificate authority made for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA \x1b[31m"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-10 * 365 * 24 * time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = sign(t, tmpl, nil, nil)
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func sign(t *testing.T, tmpl, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, by = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// serve presents a certificate that is valid in the given span around now.
func (a *authority) serve(t *testing.T, since, until time.Duration, names ...string) string {
	t.Helper()
	cert, key := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "x"}, DNSNames: names,
		NotBefore: time.Now().Add(since), NotAfter: time.Now().Add(until),
	}, a.cert, a.key)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).Handshake(); _ = c.Close() }()
		}
	}()
	return l.Addr().String()
}

const day = 24 * time.Hour

func TestTLS_everyTroubleHasItsOwnWord(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	names := []string{"static.example", "*.static.example"}
	p := func(address string) *runbook.Probe {
		return &runbook.Probe{Name: "cert", TLS: &runbook.TLSProbe{
			Address: address, ServerName: "static.example", Names: names, CAFile: a.file, ValidFor: runbook.Duration(30 * day),
		}}
	}
	good := a.serve(t, -2*time.Minute-time.Second, 89*day+time.Hour, names...)
	expect(t, measure(t, p(good), Deps{}), engine.Pass, "ok", "issued 2 minutes ago, 89 days left, 2 names, from Test CA")
	expect(t, measure(t, p(a.serve(t, -90*day, -3*day-time.Hour, names...)), Deps{}), engine.Fail, "expired", "expired 3 days ago")
	expect(t, measure(t, p(a.serve(t, 3*day+time.Hour, 90*day, names...)), Deps{}), engine.Fail, "not yet valid", "valid in 3 days only")
	expect(t, measure(t, p(a.serve(t, -day, 29*day+time.Hour, names...)), Deps{}), engine.Fail, "ends soon", "29 days left, 2 names, from Test CA")
	expect(t, measure(t, p(a.serve(t, -day, 89*day, "static.example")), Deps{}), engine.Fail, "wrong name", "not valid for *.static.example")
	expect(t, measure(t, p(stranger.serve(t, -day, 89*day, names...)), Deps{}), engine.Fail, "untrusted", "")
	expect(t, measure(t, p(unused(t, "tcp")), Deps{}), engine.Fail, "refused", "nobody listens")

	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	go func() {
		for {
			c, err := plain.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("220 mail.example ESMTP\r\n"))
			_, _ = c.Read(make([]byte, 1024))
			_ = c.Close()
		}
	}()
	expect(t, measure(t, p(plain.Addr().String()), Deps{}), engine.Fail, "no TLS", "does not speak TLS")
}

func TestTLS_expiryFollowsTheClockItIsGiven(t *testing.T) {
	a := newAuthority(t)
	p := &runbook.Probe{TLS: &runbook.TLSProbe{Address: a.serve(t, -day, 30*day, "static.example"), ServerName: "static.example", CAFile: a.file}}
	later := Deps{Now: func() time.Time { return time.Now().Add(31 * day) }}
	expect(t, measure(t, p, Deps{}), engine.Pass, "ok", "left")
	expect(t, measure(t, p, later), engine.Fail, "expired", "ago")
}
