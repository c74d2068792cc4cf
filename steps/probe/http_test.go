package probe

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// page serves some pages over plain HTTP.
func page(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func httpOf(url string) *runbook.Probe {
	return &runbook.Probe{Name: "site", HTTP: &runbook.HTTPProbe{URL: url}}
}

// caFile writes the certificate of a server where a runbook can name it.
func caFile(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func expect(t *testing.T, m Measurement, outcome engine.Outcome, word, got string) {
	t.Helper()
	if m.Outcome != outcome || m.Word.String() != word || !strings.Contains(m.Got.String(), got) {
		t.Errorf("want %q %q %q, got %q %q %q", outcome, word, got, m.Outcome, m.Word, m.Got)
	}
}

func TestHTTP_everyTroubleHasItsOwnWord(t *testing.T) {
	s := page(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/missing":
			http.NotFound(w, r)
		case "/hang-up":
			panic(http.ErrAbortHandler)
		default:
			fmt.Fprint(w, "crate \x1b[2J bytes")
		}
	})
	right := httpOf(s.URL)
	right.HTTP.Body = "crate"
	expect(t, measure(t, right, Deps{}), engine.Pass, "ok", "status 200")

	wrong := httpOf(s.URL)
	wrong.HTTP.Body = "something else"
	expect(t, measure(t, wrong, Deps{}), engine.Fail, "wrong body", `do not hold "something else"`)
	expect(t, measure(t, httpOf(s.URL+"/missing"), Deps{}), engine.Fail, "wrong status", "status 404; expected 200")
	expect(t, measure(t, httpOf(s.URL+"/hang-up"), Deps{}), engine.Fail, "closed", "closed the connection")
	expect(t, measure(t, httpOf("http://"+unused(t, "tcp")), Deps{}), engine.Fail, "refused", "nobody listens")

	post := httpOf(s.URL + "/missing")
	post.HTTP.Status, post.HTTP.Method = 404, "HEAD"
	expect(t, measure(t, post, Deps{}), engine.Pass, "ok", "status 404")
}

func TestHTTP_serverThatHangsIsATimeout(t *testing.T) {
	release := make(chan struct{})
	s := page(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	p := httpOf(s.URL)
	p.Timeout = runbook.Duration(50 * time.Millisecond)
	expect(t, measure(t, p, Deps{}), engine.Fail, "timeout", "in time")
}

func TestHTTP_slowBodyIsATimeoutAndNotAWrongBody(t *testing.T) {
	release := make(chan struct{})
	s := page(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "part")
		w.(http.Flusher).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	p := httpOf(s.URL)
	p.HTTP.Body, p.Timeout = "whole", runbook.Duration(100*time.Millisecond)
	expect(t, measure(t, p, Deps{}), engine.Fail, "timeout", "")
}

func TestHTTP_readsABoundedPartOfAnEndlessBody(t *testing.T) {
	s := page(t, func(w http.ResponseWriter, r *http.Request) {
		for piece := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	p := httpOf(s.URL)
	p.HTTP.Body = "needle"
	expect(t, measure(t, p, Deps{}), engine.Fail, "wrong body", "the first 1048576 bytes")
}

func TestHTTP_followsNoRedirectToAnotherHost(t *testing.T) {
	reached := false
	other := page(t, func(http.ResponseWriter, *http.Request) { reached = true })
	s := page(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/ring":
			http.Redirect(w, r, "/ring", http.StatusFound)
		}
	})
	expect(t, measure(t, httpOf(s.URL+"/away"), Deps{}), engine.Fail, "redirected", other.URL)
	expect(t, measure(t, httpOf(s.URL+"/metadata"), Deps{}), engine.Fail, "redirected", "169.254.169.254")
	expect(t, measure(t, httpOf(s.URL+"/near"), Deps{}), engine.Pass, "ok", "status 200")
	expect(t, measure(t, httpOf(s.URL+"/ring"), Deps{}), engine.Fail, "error", "more than 5 redirects")
	if reached {
		t.Error("the other host was asked")
	}
	p := httpOf(s.URL + "/away")
	p.HTTP.Status = http.StatusFound
	expect(t, measure(t, p, Deps{}), engine.Pass, "ok", "status 302")
}

// The library reads the proxy variables once a process, so that a test cannot
// set them: what is looked at is that they are never asked for.
func TestHTTP_takesNoProxyFromTheEnvironment(t *testing.T) {
	u, err := url.Parse("http://static.example/")
	if err != nil {
		t.Fatal(err)
	}
	if (&httpProbe{url: u}).transport().Proxy != nil {
		t.Error("a proxy may be used")
	}
}

func TestHTTP_connectsWhereItIsToldTo(t *testing.T) {
	var host string
	s := page(t, func(_ http.ResponseWriter, r *http.Request) { host = r.Host })
	p := httpOf("http://static.example/")
	p.HTTP.Connect = strings.TrimPrefix(s.URL, "http://")
	expect(t, measure(t, p, Deps{}), engine.Pass, "ok", "")
	if host != "static.example" {
		t.Errorf("asked for %q", host)
	}
}

func TestHTTP_secretHeaderIsSentAndNeverShown(t *testing.T) {
	const canary = "canary/7b2e &x"
	t.Setenv("PROBE_TOKEN", canary)
	var got string
	s := page(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("X-Token")
		http.Redirect(w, r, "http://elsewhere.example/"+got, http.StatusFound)
	})
	p := httpOf(s.URL)
	p.HTTP.Headers = map[string]string{"X-Token": "${PROBE_TOKEN}", "Host": "static.example"}
	m := measure(t, p, Deps{})
	if got != canary {
		t.Errorf("sent %q", got)
	}
	for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary)} {
		if strings.Contains(fmt.Sprint(m), form) {
			t.Errorf("the secret shows as %q in %v", form, m)
		}
	}
	p.HTTP.Headers["X-Token"] = "${NOT_SET_ANYWHERE}"
	expect(t, measure(t, p, Deps{}), engine.Inconclusive, "missing secret", "NOT_SET_ANYWHERE")
}

func TestHTTP_trustsTheNamedAuthorityOnly(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	p := httpOf(s.URL)
	expect(t, measure(t, p, Deps{}), engine.Fail, "untrusted", "")
	p.HTTP.CAFile = caFile(t, s)
	expect(t, measure(t, p, Deps{}), engine.Pass, "ok", "status 200")
	p.HTTP.URL, p.HTTP.Connect = "https://other.test/", strings.TrimPrefix(s.URL, "https://")
	expect(t, measure(t, p, Deps{}), engine.Fail, "wrong name", "other.test")
}

func TestDialer_refusesLinkLocalAddressesThatAreNotWrittenDown(t *testing.T) {
	_, err := dialer("static.example:80")(context.Background(), "tcp", "169.254.169.254:80")
	v := trouble(context.Background(), err)
	if v.word != safe.Lit("link-local") || v.outcome != engine.Fail {
		t.Errorf("got %v: %+v", err, v)
	}
}

func TestTCP_tellsOpenFromRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	open := &runbook.Probe{TCP: &runbook.TCPProbe{Address: l.Addr().String()}}
	expect(t, measure(t, open, Deps{}), engine.Pass, "ok", "connected to 127.0.0.1")
	closed := &runbook.Probe{TCP: &runbook.TCPProbe{Address: unused(t, "tcp")}}
	expect(t, measure(t, closed, Deps{}), engine.Fail, "refused", "nobody listens at 127.0.0.1")
}
