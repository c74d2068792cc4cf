package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

// maxBody is how much of a page is read.
const maxBody = 1 << 20

// maxRedirects is how many redirects within one host are followed.
const maxRedirects = 5

type httpProbe struct {
	method  string
	url     *url.URL
	status  int
	body    string
	headers map[string]string
	connect string
	roots   *x509.CertPool
}

// errElsewhere ends a redirect that leads away from the host that was asked.
type errElsewhere struct{ to safe.Text }

func (e *errElsewhere) Error() string { return "redirected to " + e.to.String() }

func newHTTP(p *runbook.HTTPProbe, d Deps) (func(context.Context) verdict, safe.Text, error) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, safe.Text{}, fmt.Errorf("the url %q is not an http or https address", safe.Show(p.URL))
	}
	if u.User != nil {
		return nil, safe.Text{}, errors.New("the url holds a user name or password; send a header with ${NAME} instead")
	}
	h := &httpProbe{method: p.Method, url: u, status: p.Status, body: p.Body, headers: p.Headers, connect: p.Connect}
	if h.method == "" {
		h.method = http.MethodGet
	}
	if h.status == 0 {
		h.status = http.StatusOK
	}
	if h.connect != "" {
		if err := checkAddress(h.connect); err != nil {
			return nil, safe.Text{}, err
		}
	}
	if h.roots, err = readRoots(d.Folder, p.CAFile); err != nil {
		return nil, safe.Text{}, err
	}
	return h.look, safe.Sprintf("%s %s", h.method, u), nil
}

// look requests the page over a new connection, so that a changed address, a
// new certificate and a dead listener are all seen at once.
func (h *httpProbe) look(ctx context.Context) verdict {
	req, err := http.NewRequestWithContext(ctx, h.method, h.url.String(), nil)
	if err != nil {
		return unsure(safe.Lit("error"), safe.Show(err.Error()))
	}
	secrets, err := h.setHeaders(req)
	if err != nil {
		return unsure(safe.Lit("missing secret"), safe.Show(err.Error()))
	}
	transport := h.transport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: h.mayFollow}
	res, err := client.Do(req)
	if err != nil {
		return hide(httpTrouble(ctx, err), secrets)
	}
	defer func() { _ = res.Body.Close() }()
	return hide(h.judge(ctx, res), secrets)
}

// setHeaders sets the headers and returns the secrets among them.
func (h *httpProbe) setHeaders(req *http.Request) ([]string, error) {
	var secrets []string
	for name, value := range h.headers {
		if strings.HasPrefix(value, "${") {
			var s runbook.Secret
			if err := s.UnmarshalText([]byte(value)); err != nil {
				return nil, fmt.Errorf("header %s: %w", safe.Show(name), err)
			}
			v, err := s.Reveal("") // a name in the environment, not a file
			if err != nil {
				return nil, fmt.Errorf("header %s: %w", safe.Show(name), err)
			}
			value, secrets = v, append(secrets, v)
		}
		if strings.EqualFold(name, "Host") {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	return secrets, nil
}

func (h *httpProbe) transport() *http.Transport {
	written := h.connect
	if written == "" {
		written = withPort(h.url.Host, "80")
	}
	dial := dialer(written)
	return &http.Transport{
		Proxy:                  nil, // the thing itself is measured, not a proxy's idea of it
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig:        &tls.Config{RootCAs: h.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if h.connect != "" {
				address = h.connect
			}
			return dial(ctx, network, address)
		},
	}
}

// mayFollow follows a redirect within the host that was asked, never from https
// to http, and not at all when a redirect is what is expected.
func (h *httpProbe) mayFollow(req *http.Request, via []*http.Request) error {
	switch {
	case h.status >= 300 && h.status < 400:
		return http.ErrUseLastResponse
	case !strings.EqualFold(req.URL.Hostname(), h.url.Hostname()),
		h.url.Scheme == "https" && req.URL.Scheme != "https",
		h.url.Scheme == req.URL.Scheme && req.URL.Port() != h.url.Port():
		return &errElsewhere{to: safe.Sprintf("%s://%s", req.URL.Scheme, req.URL.Host)}
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return nil
}

func httpTrouble(ctx context.Context, err error) verdict {
	var away *errElsewhere
	if errors.As(err, &away) {
		return fail(safe.Lit("redirected"), safe.Sprintf("to %s, another place, which is not followed", away.to))
	}
	var wrapped *url.Error // repeats the method and the address, which are shown anyway
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return trouble(ctx, err)
}

// judge compares a response with what is expected. What the page holds is not
// shown: it may repeat what was sent.
func (h *httpProbe) judge(ctx context.Context, res *http.Response) verdict {
	if res.StatusCode != h.status {
		return fail(safe.Lit("wrong status"), safe.Sprintf("status %d; expected %d", res.StatusCode, h.status))
	}
	if h.body == "" {
		return pass(safe.Sprintf("status %d", res.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if bytes.Contains(body, []byte(h.body)) {
		return pass(safe.Sprintf("status %d, %d bytes with the expected text", res.StatusCode, len(body)))
	}
	if err != nil {
		return trouble(ctx, err)
	}
	if len(body) == maxBody {
		return fail(safe.Lit("wrong body"), safe.Sprintf("the first %d bytes do not hold %q", maxBody, h.body))
	}
	return fail(safe.Lit("wrong body"), safe.Sprintf("%d bytes that do not hold %q", len(body), h.body))
}

// hide takes secrets out of what is reported.
func hide(v verdict, secrets []string) verdict {
	got := v.got.String()
	for _, s := range secrets {
		for _, form := range []string{s, safe.Show(s).String(), url.QueryEscape(s), url.PathEscape(s)} {
			got = strings.ReplaceAll(got, form, "‹secret›")
		}
	}
	v.got = safe.Show(got)
	return v
}

// readRoots reads the authorities to trust, or returns nil for those of the system.
func readRoots(folder, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(folder, file)
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no certificate", safe.Show(file))
	}
	return roots, nil
}
