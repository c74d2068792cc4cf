package website_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbooks/sandbox/dnsserver"
	"lockstep/runbooks/sandbox/website"
)

// A world is a network and the name server it asks.
type world struct {
	t   *testing.T
	dns *dnsserver.Server
	web *website.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	d, err := dnsserver.Start([]string{"example.test", "cdn.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w, err := website.Start(website.Options{
		Accounts:   []website.Account{{Name: "ours", Token: "our-token"}, {Name: "theirs", Token: "their-token"}},
		NameServer: d.Addr(), Domain: "cdn.test",
		Publish: func(domain string) error {
			rr, err := dns.NewRR(domain + ". 60 IN A 127.0.0.1")
			if err != nil {
				return err
			}
			return d.Set(rr)
		},
		Withdraw: func(domain string) error { return d.Remove(domain+".", dns.TypeA) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t, d, w}
}

// call sends a request of the account ours and reads the answer into out. It
// returns the status and the sentence of a refusal.
func (w *world) call(method, path string, in, out any) (int, string) {
	w.t.Helper()
	return w.callAs("our-token", method, path, in, out)
}

func (w *world) callAs(token, method, path string, in, out any) (int, string) {
	w.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.web.API()+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		var no struct{ Error string }
		if err := json.Unmarshal(b, &no); err != nil {
			return resp.StatusCode, string(b)
		}
		return resp.StatusCode, no.Error
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			w.t.Fatalf("%s: %v", b, err)
		}
	}
	return resp.StatusCode, ""
}

// prove publishes the validation record of a name.
func (w *world) prove(name string) {
	w.t.Helper()
	rr, err := dns.NewRR(fmt.Sprintf("%s. 60 IN TXT %s", website.ValidationName(name), website.Token("ours", name)))
	if err == nil {
		err = w.dns.Set(rr)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// until polls a certificate until it has a status.
func (w *world) until(id string, status website.Status) website.Certificate {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	for {
		var c website.Certificate
		if code, text := w.call("GET", "/v1/certificates/"+id, nil, &c); code != 200 {
			w.t.Fatal(code, text)
		}
		if c.Status == status {
			return c
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("certificate is %s (%s), want %s", c.Status, c.Reason, status)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// issued requests a certificate and gets it.
func (w *world) issued(names ...string) website.Certificate {
	w.t.Helper()
	for _, n := range names {
		w.prove(n)
	}
	var c website.Certificate
	if code, text := w.call("POST", "/v1/certificates", map[string]any{"names": names}, &c); code != 201 {
		w.t.Fatal(code, text)
	}
	return w.until(c.ID, website.Issued)
}

// visit requests a page over TLS and returns it with the certificate shown.
func (w *world) visit(name, path string) (*http.Response, string, error) {
	w.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.web.CA())
	client := http.Client{
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots},
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, w.web.HTTPS())
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(w.t.Context(), "GET", "https://"+name+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

func TestCertificate_isIssuedAfterValidationAndTime(t *testing.T) {
	w := newWorld(t)
	const wait = 300 * time.Millisecond
	w.web.SetIssueTime("ours", wait)
	w.prove("a.example.test")
	var c website.Certificate
	w.call("POST", "/v1/certificates", map[string]any{"names": []string{"a.example.test", "b.example.test"}}, &c)
	if c.Status != website.Pending || c.Tokens["b.example.test"] != website.Token("ours", "b.example.test") {
		t.Fatalf("new certificate is %+v", c)
	}
	// One of two names is proved, which is not enough.
	for c.Reason != "waiting for the TXT record _validation.b.example.test" {
		w.call("GET", "/v1/certificates/"+c.ID, nil, &c)
		if c.Status != website.Pending {
			t.Fatalf("status %s with one of two names proved", c.Status)
		}
	}
	w.prove("b.example.test")
	start := time.Now()
	w.until(c.ID, website.Issuing)
	done := w.until(c.ID, website.Issued)
	if d := time.Since(start); d < wait {
		t.Errorf("issued after %s, want at least %s", d, wait)
	}
	if done.Expires == nil || time.Until(*done.Expires) < 80*24*time.Hour {
		t.Errorf("expires %v, want in 90 days", done.Expires)
	}
}

func TestDistribution_servesUnderItsNamesAndSwapsCertificates(t *testing.T) {
	w := newWorld(t)
	first := w.issued("www.example.test")
	in := website.Distribution{
		Name: "www", Aliases: []string{"www.example.test"}, Certificate: first.ID, Origin: "bucket-1",
		Redirects: map[string]string{"/old": "/new"},
	}
	var d website.Distribution
	if code, text := w.call("POST", "/v1/distributions", in, &d); code != 201 {
		t.Fatal(code, text)
	}
	resp, body, err := w.visit("www.example.test", "/crates/a")
	if err != nil || resp.StatusCode != 200 || body != "/crates/a from bucket-1\n" {
		t.Fatalf("%v %q %v", resp, body, err)
	}
	serial := resp.TLS.PeerCertificates[0].SerialNumber
	if _, body, err := w.visit(d.Domain, "/"); err != nil || body != "/ from bucket-1\n" {
		t.Errorf("under its own domain: %q, %v", body, err)
	}
	if resp, _, err := w.visit("www.example.test", "/old"); err != nil || resp.StatusCode != 301 || resp.Header.Get("Location") != "/new" {
		t.Errorf("redirect: %v, %v", resp, err)
	}
	if _, _, err := w.visit("other.example.test", "/"); err == nil {
		t.Error("a name that nobody serves completes a handshake")
	}
	if in, err := dns.Exchange(new(dns.Msg).SetQuestion(d.Domain+".", dns.TypeA), w.dns.Addr()); err != nil || len(in.Answer) != 1 {
		t.Errorf("address of %s: %v, %v", d.Domain, in, err)
	}

	second := w.issued("www.example.test", "cdn.example.test")
	in.Certificate, in.Aliases = second.ID, []string{"www.example.test", "cdn.example.test"}
	if code, text := w.call("PUT", "/v1/distributions/"+d.ID, in, &d); code != 200 {
		t.Fatal(code, text)
	}
	resp, _, err = w.visit("cdn.example.test", "/")
	if err != nil || resp.TLS.PeerCertificates[0].SerialNumber.Cmp(serial) == 0 {
		t.Errorf("after the swap the certificate is the old one (%v)", err)
	}
	if code, _ := w.call("DELETE", "/v1/certificates/"+first.ID, nil, nil); code != 204 {
		t.Errorf("the certificate that is no longer used: status %d", code)
	}
	if code, _ := w.call("DELETE", "/v1/distributions/"+d.ID, nil, nil); code != 204 {
		t.Errorf("delete the distribution: status %d", code)
	}
	if in, err := dns.Exchange(new(dns.Msg).SetQuestion(d.Domain+".", dns.TypeA), w.dns.Addr()); err != nil || in.Rcode != dns.RcodeNameError {
		t.Errorf("address of the deleted %s: %v, %v", d.Domain, in, err)
	}
}

func TestAPI_refusalsChangeNothing(t *testing.T) {
	w := newWorld(t)
	used := w.issued("www.example.test")
	var d website.Distribution
	good := website.Distribution{Name: "www", Aliases: []string{"www.example.test"}, Certificate: used.ID, Origin: "o"}
	if code, text := w.call("POST", "/v1/distributions", good, &d); code != 201 {
		t.Fatal(code, text)
	}
	var pending website.Certificate
	w.call("POST", "/v1/certificates", map[string]any{"names": []string{"never.example.test"}}, &pending)
	with := func(change func(*website.Distribution)) website.Distribution {
		c := good
		change(&c)
		return c
	}
	for _, c := range []struct {
		name, token, method, path string
		in                        any
		status                    int
		says                      string
	}{
		{"certificate in use", "our-token", "DELETE", "/v1/certificates/" + used.ID, nil, 409, "in use by the distribution www"},
		{"certificate of others", "their-token", "DELETE", "/v1/certificates/" + used.ID, nil, 404, "there is no certificate"},
		{"distribution of others", "their-token", "PUT", "/v1/distributions/" + d.ID, good, 404, "there is no distribution"},
		{"no token", "", "DELETE", "/v1/distributions/" + d.ID, nil, 401, "not that of an account"},
		{"certificate not issued", "our-token", "PUT", "/v1/distributions/" + d.ID, with(func(d *website.Distribution) { d.Certificate = pending.ID }), 422, "pending_validation, not issued"},
		{"certificate not there", "our-token", "PUT", "/v1/distributions/" + d.ID, with(func(d *website.Distribution) { d.Certificate = "cert-0" }), 404, "there is no certificate"},
		{"alias not covered", "our-token", "PUT", "/v1/distributions/" + d.ID, with(func(d *website.Distribution) { d.Aliases = []string{"x.example.test"} }), 422, "not valid for the alias x.example.test"},
		{"alias taken", "their-token", "POST", "/v1/distributions", website.Distribution{Name: "x", Aliases: []string{"WWW.example.test"}, Origin: "o"}, 409, "belongs to another distribution"},
		{"no name", "our-token", "PUT", "/v1/distributions/" + d.ID, with(func(d *website.Distribution) { d.Name = "" }), 422, "needs a name"},
		{"unknown field", "our-token", "PUT", "/v1/distributions/" + d.ID, map[string]any{"nmae": "x"}, 400, "unknown field"},
		{"wildcard", "our-token", "POST", "/v1/certificates", map[string]any{"names": []string{"*.example.test"}}, 422, "not a host name"},
		{"no names", "our-token", "POST", "/v1/certificates", map[string]any{"names": []string{}}, 422, "at least one name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t, w.dns, w.web}
			status, text := w.callAs(c.token, c.method, c.path, c.in, nil)
			if status != c.status || !strings.Contains(text, c.says) {
				t.Errorf("%d %q, want %d and %q", status, text, c.status, c.says)
			}
			var now website.Distribution
			w.call("GET", "/v1/distributions/"+d.ID, nil, &now)
			if fmt.Sprint(now) != fmt.Sprint(d) {
				t.Errorf("the distribution is now %+v", now)
			}
			if _, _, err := w.visit("www.example.test", "/"); err != nil {
				t.Errorf("the site: %v", err)
			}
		})
	}
}

func TestServer_closeGivesUpIssuances(t *testing.T) {
	w := newWorld(t)
	w.web.SetIssueTime("ours", time.Hour)
	w.prove("www.example.test")
	var c website.Certificate
	w.call("POST", "/v1/certificates", map[string]any{"names": []string{"www.example.test"}}, &c)
	w.until(c.ID, website.Issuing)
	// It returns, although an hour is left and a name is never proved.
	w.call("POST", "/v1/certificates", map[string]any{"names": []string{"never.example.test"}}, &c)
	for range 2 {
		if err := w.web.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, addr := range []string{strings.TrimPrefix(w.web.API(), "http://"), w.web.HTTP(), w.web.HTTPS()} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("%s still takes connections", addr)
		}
	}
}
