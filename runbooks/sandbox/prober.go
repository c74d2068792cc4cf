package sandbox

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// proberTimeout is how long an answer may take before the query counts as failed.
const proberTimeout = time.Second

// MaxRate is the highest rate of a prober, in queries a second.
const MaxRate = 5000

// A Prober asks for the CNAME of a name over and over, as its users do but
// without a cache, and counts how often it is not there. It asks on an absolute
// schedule and does not wait for one answer before it asks again, so that a slow
// or silent server makes it neither slower nor blind.
type Prober struct {
	conn     net.Conn
	query    *dns.Msg
	interval time.Duration
	start    time.Time

	stop    chan struct{}
	stopped sync.Once
	asking  sync.WaitGroup
	reading sync.WaitGroup

	mu      sync.Mutex
	open    []question // asked and not counted yet, oldest first
	settled *sync.Cond // told when open becomes shorter
	n       Counts
	since   time.Time // of the dark span that is open
	last    time.Time // when the latest counted query was asked
}

// A question is one query under way.
type question struct {
	id     uint16
	asked  time.Time
	closed bool
	good   bool
}

// Counts is what a prober has seen. Asked is Answered plus Failed plus what is
// still under way.
type Counts struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"` // with the record
	Failed   int `json:"failed"`   // another response code, no such record, or no answer within a second
	Missed   int `json:"missed"`   // slots of the schedule in which nothing could be asked
	// Spans are the times without the name: each from the moment the first failing
	// query was asked to the moment the next good one was. The last one may be open
	// (Dark); it then ends with the latest failing query.
	Spans []Span `json:"spans"`
	Dark  bool   `json:"dark"`
}

// A Span is a length of time without the name.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Outage returns the sum of the spans.
func (c Counts) Outage() time.Duration {
	var d time.Duration
	for _, s := range c.Spans {
		d += s.To.Sub(s.From)
	}
	return d
}

// NewProber starts to ask a server, host:port, for a name, rate times a second
// over UDP. The caller stops it.
func NewProber(server, name string, rate int) (*Prober, error) {
	if rate < 1 || rate > MaxRate {
		return nil, fmt.Errorf("probe %s: a rate of %d queries a second is not from 1 to %d", name, rate, MaxRate)
	}
	conn, err := net.Dial("udp", server)
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", name, err)
	}
	p := &Prober{
		conn: conn, query: new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeCNAME),
		interval: time.Second / time.Duration(rate), start: time.Now(), stop: make(chan struct{}),
	}
	p.settled = sync.NewCond(&p.mu)
	p.asking.Go(p.ask)
	p.reading.Go(p.read)
	return p, nil
}

// Snapshot returns what was seen so far.
func (p *Prober) Snapshot() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.n
	c.Spans = append([]Span(nil), p.n.Spans...)
	if c.Dark = !p.since.IsZero(); c.Dark {
		c.Spans = append(c.Spans, Span{p.since, p.last})
	}
	return c
}

// Stop asks no more, waits for the answers under way, a second at most, and
// returns what was seen. A second call returns the same.
func (p *Prober) Stop() Counts {
	p.stopped.Do(func() {
		close(p.stop)
		p.asking.Wait()
		late := time.AfterFunc(proberTimeout, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.expire(time.Now())
		})
		p.mu.Lock()
		for len(p.open) > 0 {
			p.settled.Wait()
		}
		p.mu.Unlock()
		late.Stop()
		p.conn.Close()
		p.reading.Wait()
	})
	return p.Snapshot()
}

// ask sends a query in every slot until it is stopped.
func (p *Prober) ask() {
	t := time.NewTimer(0)
	defer t.Stop()
	for slot := 0; ; slot++ {
		at := p.start.Add(time.Duration(slot) * p.interval)
		if late := int(time.Since(at) / p.interval); late > 0 {
			// This process did not get to run in time. What is past can't be asked.
			slot += late
			at = p.start.Add(time.Duration(slot) * p.interval)
			p.mu.Lock()
			p.n.Missed += late
			p.mu.Unlock()
		}
		t.Reset(time.Until(at))
		select {
		case <-p.stop:
			return
		case <-t.C:
		}
		p.send(uint16(slot))
	}
}

func (p *Prober) send(id uint16) {
	p.query.Id = id
	b, err := p.query.Pack()
	p.mu.Lock()
	now := time.Now()
	p.expire(now)
	p.n.Asked++
	p.open = append(p.open, question{id: id, asked: now})
	p.mu.Unlock()
	if err == nil {
		_, err = p.conn.Write(b)
	}
	if err != nil {
		p.settle(id, false)
	}
}

// read takes answers until the connection is closed. That nobody listens at the
// server is reported here as well; the query then fails for want of an answer.
func (p *Prober) read() {
	b := make([]byte, dns.MaxMsgSize)
	for {
		n, err := p.conn.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		m := new(dns.Msg)
		if err != nil || m.Unpack(b[:n]) != nil || !m.Response {
			continue
		}
		good := false
		for _, rr := range m.Answer {
			good = good || m.Rcode == dns.RcodeSuccess && rr.Header().Rrtype == dns.TypeCNAME
		}
		p.settle(m.Id, good)
	}
}

// settle notes the outcome of a query, once.
func (p *Prober) settle(id uint16, good bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.open {
		if q := &p.open[i]; q.id == id && !q.closed {
			q.closed, q.good = true, good
			break
		}
	}
	p.count()
}

// expire fails the queries that were not answered in time; p.mu is held.
func (p *Prober) expire(now time.Time) {
	for i := range p.open {
		if q := &p.open[i]; !q.closed && now.Sub(q.asked) >= proberTimeout {
			q.closed = true
		}
	}
	p.count()
}

// count takes outcomes in the order the queries were asked; p.mu is held.
func (p *Prober) count() {
	for len(p.open) > 0 && p.open[0].closed {
		q := p.open[0]
		p.open = p.open[1:]
		p.last = q.asked
		switch {
		case q.good:
			p.n.Answered++
			if !p.since.IsZero() {
				p.n.Spans = append(p.n.Spans, Span{p.since, q.asked})
				p.since = time.Time{}
			}
		default:
			p.n.Failed++
			if p.since.IsZero() {
				p.since = q.asked
			}
		}
	}
	p.settled.Broadcast()
}
