package probe

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"lockstep/runbook"
)

// soa is a record of a zone with a TTL and a minimum.
func soa(t *testing.T, zone string, ttl, minimum uint32) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(zone + " 0 IN SOA ns. host. 1 2 3 4 0")
	if err != nil {
		t.Fatal(err)
	}
	rr.Header().Ttl, rr.(*dns.SOA).Minttl = ttl, minimum
	return rr
}

// says replies as edit wants.
func says(edit func(m, q *dns.Msg)) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Authoritative = true
		edit(m, q)
		_ = w.WriteMsg(m)
	}
}

func TestNegativeTTL_isTheSmallerOneOfTwo(t *testing.T) {
	for _, c := range []struct {
		ttl, minimum  uint32
		authoritative bool
		want          time.Duration
	}{
		{900, 60, true, time.Minute},
		{30, 86400, true, 30 * time.Second},
		{0, 60, true, 0},
		{7, 60, false, time.Minute},                  // it has been running in a cache
		{1 << 31, 60, true, 0},                       // counts as 0
		{900, 1<<32 - 1, true, 0},                    // counts as 0
		{1<<31 - 1, 1<<31 - 1, true, 24 * time.Hour}, // nobody believes it
	} {
		server := zone(t, says(func(m, _ *dns.Msg) {
			m.Rcode, m.Authoritative = dns.RcodeNameError, c.authoritative
			m.Ns = []dns.RR{soa(t, "Example.", c.ttl, c.minimum)}
		}))
		if got, err := NegativeTTL(t.Context(), "static.EXAMPLE", []string{server}); err != nil || got != c.want {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

// An alias answers with the zone that it leads to; that of the name is above it.
func TestNegativeTTL_findsTheZoneOfTheNameItself(t *testing.T) {
	cname, err := dns.NewRR("static.crates.example. 60 IN CNAME cdn.other.")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	server := zone(t, says(func(m, q *dns.Msg) {
		asked.Add(1)
		if q.Question[0].Name == "crates.example." {
			m.Answer = []dns.RR{soa(t, "crates.example.", 900, 300)}
			return
		}
		m.Answer, m.Ns = []dns.RR{cname}, []dns.RR{soa(t, "other.", 900, 5)}
	}))
	if got, err := NegativeTTL(t.Context(), "static.crates.example.", []string{server}); err != nil || got != 5*time.Minute {
		t.Errorf("%v, %v", got, err)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestNegativeTTL_saysWhyItIsNotKnown(t *testing.T) {
	ns, err := dns.NewRR("example. 60 IN NS ns.example.")
	if err != nil {
		t.Fatal(err)
	}
	for want, h := range map[string]dns.HandlerFunc{
		"SERVFAIL":        rcode(dns.RcodeServerFailure),
		"REFUSED":         rcode(dns.RcodeRefused),
		"RCODE 12":        rcode(12),
		"no zone":         says(func(*dns.Msg, *dns.Msg) {}),
		"who else to ask": says(func(m, _ *dns.Msg) { m.Authoritative, m.Ns = false, []dns.RR{ns} }),
	} {
		server := zone(t, h)
		if got, err := NegativeTTL(t.Context(), "a.b.example", []string{server}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v, %v", want, got, err)
		}
	}
	others := zone(t, says(func(m, _ *dns.Msg) { m.Answer = []dns.RR{soa(t, "evil.", 900, 900)} }))
	if got, err := NegativeTTL(t.Context(), "static.example", []string{others}); err == nil {
		t.Errorf("another zone's record is taken: %v", got)
	}
	if _, err := NegativeTTL(t.Context(), "a..b", []string{others}); err == nil || !strings.Contains(err.Error(), "is not a name") {
		t.Errorf("got %v", err)
	}
	if _, err := NegativeTTL(t.Context(), "static.example", []string{unused(t, "udp")}); err == nil {
		t.Error("nobody listens, and nothing is said of it")
	}
}

func TestNegativeTTL_theLongestOfSeveralServersCounts(t *testing.T) {
	of := func(minimum uint32) string {
		return zone(t, says(func(m, _ *dns.Msg) { m.Ns = []dns.RR{soa(t, "example.", 900, minimum)} }))
	}
	servers := []string{of(60), zone(t, rcode(dns.RcodeServerFailure)), of(300), of(10)}
	if got, err := NegativeTTL(t.Context(), "static.example", servers); err != nil || got != 5*time.Minute {
		t.Errorf("%v, %v", got, err)
	}
}

// What is forged is passed over, and a long answer comes by TCP.
func TestNegativeTTL_believesOnlyAnswersToItsQuestion(t *testing.T) {
	truth := says(func(m, _ *dns.Msg) { m.Ns = []dns.RR{soa(t, "example.", 900, 60)} })
	server := zone(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); !udp {
			truth(w, q)
			return
		}
		_, _ = w.Write([]byte{1, 2, 3})
		says(func(m, _ *dns.Msg) { m.Id++; m.Ns = []dns.RR{soa(t, "example.", 900, 1)} })(w, q)
		says(func(m, _ *dns.Msg) { m.Truncated = true })(w, q)
	})
	if got, err := NegativeTTL(t.Context(), "static.example", []string{server}); err != nil || got != time.Minute {
		t.Errorf("%v, %v", got, err)
	}
}

// A server that never answers is given up, and one that is called off at once.
func TestNegativeTTL_ends(t *testing.T) {
	server := zone(t, silent)
	if got, err := NegativeTTL(t.Context(), "a.b.c.d.e.example", []string{server}); err == nil {
		t.Errorf("got %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	heard := zone(t, func(dns.ResponseWriter, *dns.Msg) { cancel() })
	if got, err := NegativeTTL(ctx, "static.example", []string{heard}); err == nil {
		t.Errorf("got %v", got)
	}
}

func TestHubNegative_asksOnceForNamesOfItsProbes(t *testing.T) {
	var asked atomic.Int32
	server := zone(t, says(func(m, _ *dns.Msg) {
		asked.Add(1)
		m.Ns = []dns.RR{soa(t, "example.", 900, 60)}
	}))
	mute := zone(t, says(func(m, _ *dns.Msg) { asked.Add(1); m.Rcode = dns.RcodeRefused }))
	rb := &runbook.Runbook{Probes: map[string]*runbook.Probe{
		"a": {DNS: &runbook.DNSProbe{Name: "static.example", Servers: []string{server}}},
		"b": {DNS: &runbook.DNSProbe{Name: "Static.Example.", Type: "AAAA", Servers: []string{server}}},
		"c": {DNS: &runbook.DNSProbe{Name: "mute.example", Servers: []string{mute}}},
		"d": {TCP: &runbook.TCPProbe{Address: "127.0.0.1:1"}},
	}}
	h, err := NewHub(rb, t.TempDir(), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if ttl, ok := h.Negative(gone, "static.example"); ok {
		t.Errorf("called off: %v", ttl)
	}
	for _, name := range []string{"static.example", "STATIC.example."} {
		if ttl, ok := h.Negative(t.Context(), name); !ok || ttl != time.Minute {
			t.Errorf("%s: %v, %v", name, ttl, ok)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	for range 2 {
		if ttl, ok := h.Negative(t.Context(), "mute.example"); ok {
			t.Errorf("%v", ttl)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if ttl, ok := h.Negative(t.Context(), "other.example"); ok {
		t.Errorf("no probe asks for it: %v", ttl)
	}
	if ttl, ok := HubOf().Negative(t.Context(), "static.example"); ok {
		t.Errorf("no probes: %v", ttl)
	}
}
