// Package probe measures live things: names, pages, certificates, ports.
//
// One measurement says pass, fail or inconclusive, a word and what was seen.
// The word tells kinds of trouble apart, so that an operator knows at 3 a.m.
// whether a server is gone or says something else:
//
//	ok             as expected
//	NXDOMAIN       the name does not exist
//	NODATA         the name exists and has no such record
//	SERVFAIL …     the name server says that it cannot answer, in its own word
//	refused        nobody listens there
//	timeout        no answer in time
//	closed         the other side hung up
//	wrong value    an answer, and not the expected one
//	wrong status, wrong body, redirected     the same for pages
//	expired, not yet valid, ends soon, untrusted, wrong name     the same for certificates
//	wrong exit, wrong output                 the same for programs
//	changes        a plan that is not empty
//
// A measurement is inconclusive when the trouble is on our own side: no route,
// no resolver, no such program, a missing secret, or the run is ending. It is
// neither good nor bad news about the live thing.
//
// Probes only read. They take no proxy from the environment, follow no redirect
// to another host, do not talk to link-local addresses unless the runbook
// writes one down, and read a bounded part of what is sent to them. Everything
// that was received is made inert before it is kept.
//
// # Schedule
//
// The k-th measurement is due at start + k·every. The schedule never drifts and
// a probe never overlaps with itself. When a measurement takes so long that
// whole slots pass, the next measurement says how many were missed; they are
// never made up for and never passed over in silence. A [Hub] runs one such
// schedule a probe and lets any number of parts of the program listen to it, so
// that a verification uses the measurements that are made anyway.
package probe

import (
	"context"
	"fmt"
	"net"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// A Prober measures one live thing. Measure may be called again and again, by
// one goroutine at a time.
type Prober interface {
	// Outline says what is measured.
	Outline() engine.ProbeOutline
	// Measure measures once. It ends within the probe's timeout, and soon after
	// ctx is cancelled, which makes the measurement inconclusive.
	Measure(ctx context.Context) Measurement
}

// A Measurement is what one look at a live thing said.
type Measurement struct {
	Due     time.Time // when it should have started; zero when nothing was scheduled
	At      time.Time // when it started
	Took    time.Duration
	Outcome engine.Outcome
	Word    safe.Text
	Got     safe.Text // what was seen, and what was expected when it differs
	Missed  int       // slots of the schedule that passed unmeasured before this one
	Checks  []Check   // one a server, for a probe that asks several
}

// A Check is the part of a measurement that one server gave.
type Check struct {
	Server  safe.Text
	Outcome engine.Outcome
	Word    safe.Text
	Got     safe.Text
}

// NoChanges plans and returns the number of changes that are left, with a few
// words about them. An error makes the measurement inconclusive.
type NoChanges func(ctx context.Context) (changes int, what safe.Text, err error)

// Deps is what probes need from outside. The zero value is ready to use.
type Deps struct {
	Folder    string           // that relative paths of the runbook start from
	Now       func() time.Time // for the validity of certificates; time.Now when nil
	Environ   func() []string  // os.Environ when nil; programs see a few names of it
	NoChanges NoChanges        // for no_changes; without it they are inconclusive
}

// verdict is what a kind of probe makes of one look; Measure adds the times.
type verdict struct {
	outcome engine.Outcome
	word    safe.Text
	got     safe.Text
	checks  []Check
}

func pass(got safe.Text) verdict {
	return verdict{outcome: engine.Pass, word: safe.Lit("ok"), got: got}
}

func fail(word, got safe.Text) verdict {
	return verdict{outcome: engine.Fail, word: word, got: got}
}

func unsure(word, got safe.Text) verdict {
	return verdict{outcome: engine.Inconclusive, word: word, got: got}
}

// prober is a kind of probe with what all kinds have in common.
type prober struct {
	outline engine.ProbeOutline
	timeout time.Duration
	look    func(context.Context) verdict
}

// New makes a prober from what the runbook says. The error names what cannot
// be measured as it is written; nothing is contacted.
func New(p *runbook.Probe, d Deps) (Prober, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	made := &prober{timeout: p.Timeout.Std()}
	if made.timeout <= 0 {
		made.timeout = 5 * time.Second
	}
	every := p.Every.Std()
	if every <= 0 {
		every = 5 * time.Second
	}
	target, err := safe.Text{}, error(nil)
	switch {
	case p.DNS != nil:
		made.look, target, err = newDNS(p.DNS, made.timeout)
	case p.HTTP != nil:
		made.look, target, err = newHTTP(p.HTTP, d)
	case p.TLS != nil:
		made.look, target, err = newTLS(p.TLS, d)
	case p.TCP != nil:
		made.look, target, err = newTCP(p.TCP)
	case p.Command != nil:
		made.look, target, err = newCommand(p.Command, d)
	case p.NoChanges != nil:
		made.look, target = newNoChanges(d.NoChanges), safe.Lit("the plan is empty")
		if p.Timeout <= 0 {
			made.timeout = 10 * time.Minute
		}
	default:
		err = fmt.Errorf("it has no kind")
	}
	if err != nil {
		return nil, fmt.Errorf("probe %q: %w", safe.Show(p.Name), err)
	}
	made.outline = engine.ProbeOutline{Name: p.Name, Kind: p.Kind(), Target: target, Every: every}
	return made, nil
}

// Outline says what is measured.
func (p *prober) Outline() engine.ProbeOutline { return p.outline }

// Measure measures once.
func (p *prober) Measure(ctx context.Context) Measurement {
	at := time.Now()
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	v := p.look(limited)
	m := Measurement{At: at, Took: time.Since(at), Outcome: v.outcome, Word: v.word, Got: v.got, Checks: v.checks}
	if ctx.Err() != nil && v.outcome != engine.Pass {
		m.Outcome, m.Word, m.Got = engine.Inconclusive, safe.Lit("cancelled"), safe.Lit("the measurement was called off")
	}
	return m
}

func newNoChanges(plan NoChanges) func(context.Context) verdict {
	return func(ctx context.Context) verdict {
		if plan == nil {
			return unsure(safe.Lit("cannot plan"), safe.Lit("no Terraform plan can be made here"))
		}
		n, what, err := plan(ctx)
		switch {
		case err != nil:
			return unsure(safe.Lit("cannot plan"), safe.Show(err.Error()))
		case n > 0:
			return fail(safe.Lit("changes"), safe.Sprintf("%d left: %s", n, what))
		}
		return pass(safe.Lit("no changes"))
	}
}

func newTCP(p *runbook.TCPProbe) (func(context.Context) verdict, safe.Text, error) {
	if err := checkAddress(p.Address); err != nil {
		return nil, safe.Text{}, err
	}
	dial := dialer(p.Address)
	return func(ctx context.Context) verdict {
		conn, err := dial(ctx, "tcp", p.Address)
		if err != nil {
			return trouble(ctx, err)
		}
		defer func() { _ = conn.Close() }()
		return pass(safe.Sprintf("connected to %s", conn.RemoteAddr()))
	}, safe.Show(p.Address), nil
}

// checkAddress wants host:port with both parts.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" {
		return fmt.Errorf("the address %q is not host:port", safe.Show(address))
	}
	return nil
}
