package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"
)

// serve starts servers on this machine for as long as the script runs: serve
//
//	$HTTP    host:port of a site: /ok says 200 and "fine", every other path 500.
//	         What /ok is sent by POST is appended to $WORK/posted.
//	$DNS     host:port of a name server, which knows www.example.test A 192.0.2.1
//	$MUTE    host:port of a name server that takes questions and says nothing
//	$CLOSED  host:port where nobody listens
func serve(ts *testscript.TestScript, _ bool, _ []string) {
	posted := filepath.Join(ts.Getenv("WORK"), "posted")
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/ok") {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		if r.Method == http.MethodPost {
			b, err := io.ReadAll(r.Body)
			if err == nil && json.Valid(b) {
				err = os.WriteFile(posted, append(b, '\n'), 0o600)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		_, _ = io.WriteString(w, "fine")
	}))
	ts.Defer(site.Close)
	ts.Setenv("HTTP", site.Listener.Addr().String())

	listen := func() net.PacketConn {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		ts.Check(err)
		return c
	}
	conn := listen()
	up := make(chan struct{})
	names := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(answerName), NotifyStartedFunc: func() { close(up) }}
	ended := make(chan error, 1)
	go func() { ended <- names.ActivateAndServe() }()
	<-up
	ts.Defer(func() {
		_ = names.Shutdown()
		<-ended
	})
	ts.Setenv("DNS", conn.LocalAddr().String())

	mute := listen()
	ts.Defer(func() { _ = mute.Close() })
	ts.Setenv("MUTE", mute.LocalAddr().String())

	closed := httptest.NewServer(nil)
	ts.Setenv("CLOSED", closed.Listener.Addr().String())
	closed.Close()
}

// answerName answers for one name and denies all others.
func answerName(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = true
	if name := q.Question[0].Name; strings.EqualFold(name, "www.example.test.") {
		m.Answer = []dns.RR{&dns.A{
			Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 1),
		}}
	} else {
		m.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(m)
}
