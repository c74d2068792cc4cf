package announce

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

const canary = "T0KEN-canary-zq51/abc%2Fdef"

func slackTo(t *testing.T, url string) *runbook.Channel {
	t.Setenv("OPS_WEBHOOK", url+"/services/"+canary)
	return &runbook.Channel{Slack: "${OPS_WEBHOOK}"}
}

func TestAnnounce_postsExactlyWhatTheOperatorSends(t *testing.T) {
	h := newHook(t, nil)
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, h.URL)}, to: []string{"ops"}, deps: Deps{Head: func() string { return "sha256:0123456789abcdef0000" }}}
	tr.answers = func(engine.Question) engine.Answer {
		return engine.Answer{Choice: send, Text: "edited <b> & \x1b[31mred\ntwo"}
	}
	tr.run()
	id := identity("r1", "tell", 0)
	want := "edited &lt;b&gt; &amp; \\x1b[31mred\ntwo\n\nrun r1 · announcement " + id + " · journal 0123456789abcdef"
	if tr.result != engine.OK || len(h.bodies) != 1 || h.bodies[0]["text"] != want || h.types[0] != "application/json" {
		t.Errorf("%v %v: got %q", tr.result, tr.err, h.bodies)
	}
	m := tr.asked[0].Payload.(engine.Message)
	if m.Text != "hello" || m.Channels[0].Where != safe.Lit("the address in ${OPS_WEBHOOK}") || m.Channels[0].Footer[0] != safe.Show("run r1 · announcement "+id+" · journal 0123456789abcdef") {
		t.Errorf("shown %+v", m)
	}
	if tr.sent() != "ops ok" || tr.effects() != 1 {
		t.Errorf("sent %q, effects %d", tr.sent(), tr.effects())
	}
	for _, secret := range []string{canary, "T0KEN", "zq51", h.URL} {
		if strings.Contains(tr.everything(), secret) {
			t.Errorf("%q is in the record", secret)
		}
	}
}

func TestAnnounce_webhookGetsAnObject(t *testing.T) {
	h := newHook(t, nil)
	t.Setenv("HOOK", h.URL)
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"bot": {Webhook: "${HOOK}"}}, to: []string{"bot"}}
	tr.facts = func(f *engine.Facts) { f.Commit = &engine.Candidate{Hash: "c0ffee"} }
	tr.run()
	for k, want := range map[string]any{"run": "r1", "environment": "production", "id": identity("r1", "tell", 0), "commit": "c0ffee", "mode": "live", "step": "tell", "title": "Roll out", "repeat": false} {
		if h.bodies[0][k] != want {
			t.Errorf("%s is %v", k, h.bodies[0][k])
		}
	}
}

func TestAnnounce_nothingIsSentInARehearsal(t *testing.T) {
	h := newHook(t, nil)
	tr := &trial{t: t, mode: engine.Rehearsal, channels: map[string]*runbook.Channel{
		"ops": slackTo(t, h.URL), "log": {File: "log.txt"}, "out": {Stdout: &runbook.Stdout{}}, "mute": {Slack: "${NOT_SET}"},
	}, to: []string{"ops", "log", "out", "mute"}}
	tr.run()
	if tr.result != engine.OK || tr.sent() != "ops skipped, log skipped, out skipped, mute skipped" {
		t.Errorf("%v %v: %s", tr.result, tr.err, tr.sent())
	}
	files, _ := os.ReadDir(tr.folder)
	if len(h.bodies) != 0 || len(files) != 0 || tr.stdout.Len() != 0 || tr.effects() != 0 {
		t.Errorf("something was sent: %v %v %q", h.bodies, files, tr.stdout.String())
	}
	m := tr.asked[0].Payload.(engine.Message)
	if m.Muted.IsEmpty() || !strings.Contains(tr.asked[0].Choices[1].Label.String(), "not sent in a rehearsal") {
		t.Errorf("shown %+v", m)
	}
}

func TestAnnounce_skipNeedsAReasonAndSendsNothing(t *testing.T) {
	h := newHook(t, nil)
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, h.URL)}, to: []string{"ops"}}
	tr.answers = func(q engine.Question) engine.Answer {
		if !q.Choices[2].NeedsReason {
			t.Error("skip needs no reason")
		}
		return engine.Answer{Choice: skip, Reason: "told them on the phone"}
	}
	tr.run()
	if tr.result != engine.OK || tr.sent() != "ops skipped" || len(h.bodies) != 0 || tr.effects() != 0 {
		t.Errorf("%v: %s, %v", tr.result, tr.sent(), h.bodies)
	}
	tr.answers = func(engine.Question) engine.Answer { return engine.Answer{Choice: stop} }
	tr.events = nil
	if tr.run(); tr.result != engine.Declined || len(h.bodies) != 0 || tr.effects() != 0 {
		t.Errorf("%v: %v", tr.result, h.bodies)
	}
}

func TestAnnounce_everyTroubleIsSaidWithoutTheAddress(t *testing.T) {
	release := make(chan struct{})
	hangs := newHook(t, func(int, http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	elsewhere := newHook(t, nil)
	dead := httptest.NewServer(nil)
	dead.Close()
	for want, url := range map[string]string{
		"the server answers 500 Internal Server Error": newHook(t, func(_ int, w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.Path, 500) }).URL,
		"the server answers 302 and sends us elsewhere": newHook(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}).URL,
		"unreachable: connect: connection refused":        dead.URL,
		"no answer in time; the message may have arrived": hangs.URL,
		"http, which is only allowed to this machine":     "http://hooks.example",
		"the address is not an https URL":                 "ftp://hooks.example",
		"the address is not a URL":                        "hooks.example\x7f",
		"the name in the address could not be looked up":  "https://canary-host.invalid",
		"certificate": tlsServer(t).URL,
		"the environment variable OPS_WEBHOOK is not set (in)": "",
	} {
		tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, url), "out": {Stdout: &runbook.Stdout{}}}, to: []string{"ops", "out"}, deps: Deps{Timeout: 2 * time.Second}}
		if url == hangs.URL {
			tr.deps.Timeout = 50 * time.Millisecond
		}
		if url == "" {
			t.Setenv("OPS_WEBHOOK", "")
			want = strings.TrimSuffix(want, " (in)")
		}
		tr.run()
		var p *engine.Problem
		if !errors.As(tr.err, &p) || !p.Acceptable || !strings.Contains(tr.err.Error(), want) {
			t.Errorf("want %q, got %v", want, tr.err)
		}
		if tr.sent() != "ops failed, out ok" {
			t.Errorf("%s: one channel must not hide the other: %s", want, tr.sent())
		}
		for _, secret := range []string{"T0KEN", "canary", "zq51", "/services", "hooks.example"} {
			if strings.Contains(tr.everything(), secret) {
				t.Errorf("%s: %q is in what is left of the run", want, secret)
			}
		}
	}
	if len(elsewhere.bodies) != 0 {
		t.Error("a redirect was followed")
	}
}

func tlsServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = discard
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestAnnounce_missingSecretIsKnownBeforeAnythingIsSent(t *testing.T) {
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": {Slack: "${NOT_SET_OPS}"}}, to: []string{"ops"}}
	tr.answers = func(q engine.Question) engine.Answer {
		if len(q.Body) != 1 || !strings.Contains(q.Body[0].String(), "NOT_SET_OPS is not set") || q.Choices[1].Disabled.IsEmpty() {
			t.Errorf("asked %+v", q)
		}
		return engine.Answer{Choice: stop}
	}
	if tr.run(); tr.effects() != 0 {
		t.Error("an effect started")
	}
}

func TestAnnounce_repeatSaysSoUnderTheSameIDAndSkipsWhoHasIt(t *testing.T) {
	h := newHook(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.WriteHeader(500) // it may have been taken all the same
		}
	})
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"ops": slackTo(t, h.URL), "log": {File: "log.txt"}}, to: []string{"ops", "log"}}
	tr.answers = func(q engine.Question) engine.Answer {
		if q.Kind == engine.AskFailure {
			return engine.Answer{Choice: "retry"}
		}
		return engine.Answer{Choice: send}
	}
	tr.run()
	id := identity("r1", "tell", 0)
	if tr.result != engine.OK || len(h.bodies) != 2 {
		t.Fatalf("%v %v: %v", tr.result, tr.err, h.bodies)
	}
	first, second := h.bodies[0]["text"].(string), h.bodies[1]["text"].(string)
	if strings.Contains(first, "(repeat)") || !strings.Contains(second, "(repeat)") || !strings.Contains(first, id) || !strings.Contains(second, id) {
		t.Errorf("got %q and %q", first, second)
	}
	log, err := os.ReadFile(filepath.Join(tr.folder, "log.txt"))
	if err != nil || strings.Count(string(log), id) != 1 {
		t.Errorf("the file holds %q, %v", log, err)
	}
	if identity("r1", "tell", 1) == id || identity("r2", "tell", 0) == id {
		t.Error("ids are not told apart")
	}
}

func TestAnnounce_whatAnEarlierProcessMayHaveSentIsARepeat(t *testing.T) {
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"out": {Stdout: &runbook.Stdout{}}}, to: []string{"out"}}
	tr.deps.Attempted = func(id, channel string) bool { return id == identity("r1", "tell", 0) && channel == "out" }
	if tr.run(); !strings.Contains(tr.stdout.String(), "(repeat)") {
		t.Errorf("got %q", tr.stdout.String())
	}
}

func TestAnnounce_fileStaysBelowTheRunbook(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "x")
	for _, name := range []string{"../x", outside, "link"} {
		tr := &trial{t: t, channels: map[string]*runbook.Channel{"log": {File: name}}, to: []string{"log"}}
		tr.answers = func(q engine.Question) engine.Answer {
			if q.Kind == engine.AskFailure {
				return engine.Answer{Choice: "stop"}
			}
			if err := os.Symlink(outside, filepath.Join(tr.folder, "link")); err != nil {
				t.Error(err)
			}
			return engine.Answer{Choice: send}
		}
		if tr.run(); tr.sent() != "log failed" {
			t.Errorf("%s: %s", name, tr.sent())
		}
		if _, err := os.Stat(outside); !os.IsNotExist(err) {
			t.Errorf("%s: something was written outside", name)
		}
	}
}

// mailbox is an SMTP server on loopback that keeps what it was sent.
func mailbox(t *testing.T, hangs bool) (address string, mails func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	over := make(chan struct{})
	t.Cleanup(func() { close(over); _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				if hangs {
					<-over
					return
				}
				r := bufio.NewReader(c)
				fmt.Fprint(c, "220 test ESMTP\r\n")
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					switch verb := strings.ToUpper(strings.Fields(line + " x")[0]); verb {
					case "DATA":
						fmt.Fprint(c, "354 go\r\n")
						var b strings.Builder
						for {
							l, err := r.ReadString('\n')
							if err != nil || l == ".\r\n" {
								break
							}
							b.WriteString(l)
						}
						mu.Lock()
						got = append(got, b.String())
						mu.Unlock()
						fmt.Fprint(c, "250 ok\r\n")
					case "QUIT":
						fmt.Fprint(c, "221 bye\r\n")
						return
					default:
						fmt.Fprint(c, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), got...)
	}
}

func TestAnnounce_mailHasNoHeaderThatWeDidNotWrite(t *testing.T) {
	server, mails := mailbox(t, false)
	tr := &trial{
		t: t, to: []string{"mail"}, title: "Größe\r\nBcc: evil@example.org =?utf-8?q?x?=",
		channels: map[string]*runbook.Channel{"mail": {Email: &runbook.Email{
			Server: server, From: "lockstep@example.org", To: []string{"a@example.org", "b+ops@example.org"}, TLS: "none",
		}}},
		spec: runbook.Announce{Text: "first\n.\nX-Evil: yes\n" + strings.Repeat("é", 2000)},
	}
	if tr.run(); tr.result != engine.OK {
		t.Fatalf("%v %v", tr.result, tr.err)
	}
	got := mails()
	if len(got) != 2 {
		t.Fatalf("%d mails", len(got))
	}
	for i, raw := range got {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 6 || m.Header.Get("Bcc") != "" || m.Header.Get("X-Evil") != "" {
			t.Errorf("headers %v", m.Header)
		}
		s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || s != `[production] Größe\r\nBcc: evil@example.org = ?utf-8?q?x?=` {
			t.Errorf("subject %q, %v", s, err)
		}
		if want := []string{"a@example.org", "b+ops@example.org"}[i]; m.Header.Get("To") != want {
			t.Errorf("to %q", m.Header.Get("To"))
		}
		body, _ := io.ReadAll(m.Body)
		if !strings.HasPrefix(string(body), "first\r\n..\r\nX-Evil: yes\r\n") || !strings.Contains(string(body), identity("r1", "tell", 0)) {
			t.Errorf("body %q", body)
		}
		for _, line := range strings.Split(string(body), "\r\n") {
			if len(line) > 998 {
				t.Errorf("a line has %d bytes", len(line))
			}
		}
	}
}

func TestAnnounce_mailThatHangsOrIsRefusedIsAProblem(t *testing.T) {
	t.Setenv("MAIL_PASSWORD", canary)
	hangs, _ := mailbox(t, true)
	plainOnly, mails := mailbox(t, false)
	for want, e := range map[string]*runbook.Email{
		"no answer in time":         {Server: hangs, TLS: "none"},
		"tls":                       {Server: plainOnly, TLS: "starttls", Username: "u", Password: "${MAIL_PASSWORD}"},
		"not a plain mail address":  {Server: plainOnly, To: []string{"a@example.org\r\nBcc: b@example.org"}},
		"is not host:port":          {Server: "mail.example"},
		"MAIL_PASSWORD_2 is not se": {Server: plainOnly, Password: "${MAIL_PASSWORD_2}"},
	} {
		e.From = "lockstep@example.org"
		if e.To == nil {
			e.To = []string{"a@example.org"}
		}
		tr := &trial{
			t: t, to: []string{"mail", "out"}, deps: Deps{Timeout: 200 * time.Millisecond},
			channels: map[string]*runbook.Channel{"mail": {Email: e}, "out": {Stdout: &runbook.Stdout{}}},
		}
		tr.run()
		if tr.sent() != "mail failed, out ok" || tr.err == nil || !strings.Contains(strings.ToLower(tr.err.Error()), strings.ToLower(want)) {
			t.Errorf("want %q, got %v (%s)", want, tr.err, tr.sent())
		}
		if strings.Contains(tr.everything(), "canary") {
			t.Errorf("%s: the password is in what is left of the run", want)
		}
	}
	if len(mails()) != 0 {
		t.Error("a mail was sent without protection")
	}
}

func TestAnnounce_serviceGoesThroughTheLibrary(t *testing.T) {
	h := newHook(t, nil)
	t.Setenv("SERVICE", strings.Replace(h.URL, "http://", "generic://", 1)+"/"+canary+"?disabletls=yes&template=json&messagekey=text")
	tr := &trial{t: t, channels: map[string]*runbook.Channel{"x": {Service: "${SERVICE}"}}, to: []string{"x"}, spec: runbook.Announce{Text: "hi @everyone <@U1> [a](http://x.example)"}}
	if tr.run(); tr.result != engine.OK || len(h.bodies) != 1 || !strings.HasPrefix(h.bodies[0]["text"].(string), "hi ＠everyone ‹＠U1› [a] (http://x.example)") {
		t.Errorf("%v: %v", tr.err, h.bodies)
	}
	h.Close()
	for _, address := range []string{os.Getenv("SERVICE"), "nonsense://" + canary, "discord://" + canary, "slack://hook:" + canary + "@webhook", "telegram://" + canary} {
		t.Setenv("SERVICE", address)
		tr := &trial{t: t, channels: map[string]*runbook.Channel{"x": {Service: "${SERVICE}"}}, to: []string{"x"}}
		tr.run()
		if tr.sent() != "x failed" || strings.Contains(tr.everything(), "canary") || strings.Contains(tr.everything(), "T0KEN") {
			t.Errorf("%s: %s: %v", address, tr.sent(), tr.err)
		}
	}
}
